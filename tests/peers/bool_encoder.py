"""The boolean entropy encoder (RFC 6386, section 7.3), the other side of the decoder's."""


class BoolEncoder:
    def __init__(self) -> None:
        self._low, self._range, self._bits = 0, 255, 0
        """The code so far, as one number, and how many bits it has been shifted by."""

    def bool(self, probability: int, value: bool) -> "BoolEncoder":
        split = 1 + ((self._range - 1) * probability >> 8)
        if value:
            self._low += split
            self._range -= split
        else:
            self._range = split
        while self._range < 128:
            self._range <<= 1
            self._low <<= 1
            self._bits += 1
        return self

    def u(self, count: int, number: int) -> "BoolEncoder":
        for place in range(count - 1, -1, -1):
            self.bool(128, bool(number >> place & 1))
        return self

    def end(self) -> bytes:
        """The code, whose first 8 bits were there before any shift."""
        total = self._bits + 8
        return (self._low << -total % 8).to_bytes((total + 7) // 8, "big")
