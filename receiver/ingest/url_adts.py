"""AAC frames of a file made to stand alone: an ADTS header in front of each. Pure.

ISO/IEC 14496-3: AudioSpecificConfig is 1.6.2.1, the ADTS header 1.A.2. Frames of MPEG-TS have their header already.
"""

from receiver.errors import ProtocolError

HEADER = 7
MAX_FRAME = 8191
_EXPLICIT_RATE, _ESCAPE, _SBR, _PS = 15, 31, 5, 29


class AdtsHeader:
    """Writes the headers of one stream, from its AudioSpecificConfig. Raises ProtocolError."""

    def __init__(self, config: bytes) -> None:
        if len(config) < 2:
            raise ProtocolError(f"an AAC configuration has 2 bytes or more, this one has {len(config)}")
        bits = int.from_bytes(config[:16].ljust(16, b"\0"), "big")
        self._left, self._bits = 128, bits
        kind = self._take(5)
        rate = self._take(4)
        channels = self._take(4) if rate != _EXPLICIT_RATE else 0
        if kind in (_SBR, _PS):  # the decoder finds the upper half of the spectrum by itself
            if self._take(4) == _EXPLICIT_RATE:
                self._take(24)
            kind = self._take(5)
        if not (1 <= kind <= 4 and rate < 13 and 1 <= channels <= 7):
            raise ProtocolError(
                f"AAC of object type {kind}, rate index {rate} and {channels} channels does not fit an ADTS header"
            )
        self._fixed = 0xFFF1 << 40 | (kind - 1) << 38 | rate << 34 | channels << 30 | 0x7FF << 2

    def _take(self, count: int) -> int:
        self._left -= count
        return self._bits >> self._left & ((1 << count) - 1)

    def stand_alone(self, frame: bytes) -> bytes:
        """The frame with its header. Raises ProtocolError where it is too long for one."""
        length = HEADER + len(frame)
        if length > MAX_FRAME:
            raise ProtocolError(f"an AAC frame has at most {MAX_FRAME - HEADER} bytes, this one has {len(frame)}")
        return (self._fixed | length << 13).to_bytes(HEADER, "big") + frame
