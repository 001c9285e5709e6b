"""Bits of a header, most significant first, and Exp-Golomb codes (ITU-T H.264, section 9.1). Pure."""

from receiver.decode.api import DecodeError

MAX_ZEROS = 32
"""Of an Exp-Golomb code: no syntax element has more than 32 bits."""
HEADER_BYTES = 4096
"""As many as a parameter set may have (``ingest/parameter_sets``)."""


class Bits:
    """``data``: without emulation prevention. Every method raises DecodeError where the header ends too soon."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = self._total = len(data) * 8

    @property
    def position(self) -> int:
        """In bits, from the beginning."""
        return self._total - self._left

    def u(self, count: int) -> int:
        """An unsigned number of so many bits."""
        self._left -= count
        if self._left < 0:
            raise DecodeError("a header ends too soon")
        return self._value >> self._left & (1 << count) - 1

    def flag(self) -> bool:
        return bool(self.u(1))

    def ue(self, limit: int = (1 << 32) - 2) -> int:
        """An unsigned Exp-Golomb code, at most ``limit``."""
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > MAX_ZEROS:
                raise DecodeError("a header has a number of more than 32 bits")
        number = (1 << zeros) - 1 + self.u(zeros)
        if number > limit:
            raise DecodeError(f"a header says {number} where at most {limit} is allowed")
        return number

    def se(self) -> int:
        """A signed Exp-Golomb code."""
        number = self.ue()
        return (number + 1) // 2 if number % 2 else -(number // 2)

    def more(self) -> bool:
        """Whether there is more than the trailing bits (more_rbsp_data)."""
        rest = self._value & (1 << self._left) - 1
        return rest & (rest - 1) != 0


def units(data: bytes) -> list[bytes]:
    """The NAL units of a byte stream (Annex B), without start codes and trailing zeros."""
    parts = data.split(b"\0\0\1")
    return [part.rstrip(b"\0") for part in parts[1:] if part.rstrip(b"\0")]


def unescaped(unit: bytes) -> bytes:
    """Without its header byte and the bytes that keep start codes out; no more of it than a header can be long."""
    return unit[1:HEADER_BYTES].replace(b"\0\0\3", b"\0\0")
