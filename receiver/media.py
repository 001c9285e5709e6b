"""The values that pass between rooms and processes: encoded frames and their stamps.

Names follow W3C webrtc-stats and the RTP specifications. All ``*_ns`` values are CLOCK_MONOTONIC of this machine.
"""

from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec.structs import replace

if TYPE_CHECKING:
    from av import VideoFrame

Kind = Literal["video", "audio"]
Codec = Literal["VP8", "VP9", "H264", "H265", "AV1", "opus", "AAC", "MP3"]

CLOCK_RATE: dict[Kind, int] = {"video": 90_000, "audio": 48_000}
"""RTP clock rates in Hz (RFC 7741, RFC 6184, RFC 7587)."""


class Colours(msgspec.Struct, frozen=True, array_like=True):
    """What the numbers in a picture mean: code points of ISO/IEC 23091-2 (H.273), 2 where it is not said.

    ``full_range``: luma from 0 to 255 instead of 16 to 235; None where it is not said.
    """

    primaries: int
    transfer: int
    matrix: int
    full_range: bool | None


class EncodedFrame(msgspec.Struct, frozen=True, tag="frame"):
    """One complete access unit, as intake gives it to the stage.

    ``timestamp``: RTP timestamp unwrapped to 64 bits, in ``CLOCK_RATE[kind]`` units, monotonic within a stream but for
    pictures that are shown in another order than they are decoded in (B-frames).
    ``data``: the bitstream: Annex B for H.264, a frame for VP8; for sound an Opus packet, an ADTS frame of AAC
    (ISO/IEC 14496-3) or an MPEG audio frame.
    ``keyframe``: decodable without any earlier frame.
    ``discontinuity``: frames before this one were lost, so the decoder must not predict from what it has
    (only a keyframe heals it; for sound: conceal the gap).
    ``capture_ns``: when the sender captured it, mapped to our clock by sender reports; None until the first report.
    ``colours``: what the sender says of them beside the bitstream; it counts more than what the bitstream says.
    ``playout``: the least and the most ns from its arrival to the screen that the sender wants; None: as we see fit.
    """

    stream: int
    kind: Kind
    codec: Codec
    timestamp: int
    data: bytes
    keyframe: bool
    discontinuity: bool
    first_packet_ns: int
    complete_ns: int
    capture_ns: int | None = None
    colours: Colours | None = None
    playout: tuple[int, int] | None = None


class Stamps(msgspec.Struct, frozen=True, array_like=True):
    """When a video frame passed each point on its way to glass, in ns of CLOCK_MONOTONIC (DDP.md section 8).

    None means: not known, or not passed yet. ``decoding``: when the decoder was given the frame.
    """

    captured: int | None
    first_packet: int
    complete: int
    decoded: int | None = None
    queued: int | None = None
    chosen: int | None = None
    on_screen: int | None = None
    decoding: int | None = None


class Picture(msgspec.Struct, frozen=True, eq=False):
    """One decoded picture. It never leaves the stage process.

    ``frame``: planes as the decoder gave them, with their colour space and range. ``width``/``height``: its pixels.
    ``timestamp``: of the ``EncodedFrame`` it came from.
    """

    stream: int
    timestamp: int
    width: int
    height: int
    frame: "VideoFrame"
    stamps: Stamps

    def stamped(self, **at_ns: int) -> "Picture":
        """The same picture, further on its way: ``at_ns`` names fields of its stamps."""
        return replace(self, stamps=replace(self.stamps, **at_ns))
