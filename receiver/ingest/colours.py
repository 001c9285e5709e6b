"""What a sender says of its colours in a header extension: primaries, transfer, matrix and range. Pure.

VP8 has no place for it in its bitstream, and Chromium's VP9 and AV1 leave it out. Chromium captures a canvas in BT.709
with full range and a tab with limited range, so without it blacks drown and whites glare.

Source: http://www.webrtc.org/experiments/rtp-hdrext/color-space; the codes are those of ISO/IEC 23091-2 (H.273). It is
on the last packet of each keyframe, and where it changes; a keyframe without it takes it back.
"""

from receiver.media import Colours

SIZES = (4, 28)
"""Bytes, without and with HDR metadata."""
MAX_NOTED = 16
"""Frames under way whose colours are known; older ones are forgotten."""


def parse(value: bytes) -> Colours | None:
    """The extension's value; None for what is no such thing."""
    if len(value) not in SIZES:
        return None
    primaries, transfer, matrix, siting = value[:4]
    return Colours(primaries, transfer, matrix, {1: False, 2: True}.get(siting >> 4 & 3))


class ColourTrack:
    """The colours of one stream's frames, by their RTP timestamps (32 bit)."""

    def __init__(self) -> None:
        self._noted: dict[int, Colours] = {}
        self._current: Colours | None = None

    def note(self, timestamp: int, value: bytes) -> None:
        """A packet of this frame carried the extension."""
        if (colours := parse(value)) is not None:
            self._noted[timestamp] = colours
            if len(self._noted) > MAX_NOTED:
                del self._noted[next(iter(self._noted))]

    def of(self, timestamp: int, keyframe: bool) -> Colours | None:
        """What this frame, the next in order, has."""
        found = self._noted.pop(timestamp, None)
        if found is not None or keyframe:
            self._current = found
        return self._current
