"""The boolean entropy decoder of VP8 and VP9 (RFC 6386, section 7; VP9 bitstream specification, section 9.2). Pure."""

_SHIFTS = tuple(8 - max(value, 1).bit_length() for value in range(256))
"""By what a range is doubled until it is 128 or more."""
_FILL = 8
"""Bytes that are taken at a time."""


class BoolDecoder:
    """Beyond the end of ``data`` there are zeros, as in the reference decoders."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._next = 0
        self._range = 255
        self._window = 0
        self._below = -8
        """How many bits the window has below the 8 that are compared."""
        self._fill()

    def _fill(self) -> None:
        taken = self._data[self._next : self._next + _FILL]
        self._window = self._window << 8 * _FILL | int.from_bytes(taken.ljust(_FILL, b"\0"), "big")
        self._next += _FILL
        self._below += 8 * _FILL

    def bool(self, probability: int = 128) -> bool:
        """``probability``: that it is False, in 256ths."""
        split = 1 + ((self._range - 1) * probability >> 8)
        if found := self._window >= split << self._below:
            self._window -= split << self._below
            split = self._range - split
        shift = _SHIFTS[split]
        self._range = split << shift
        self._below -= shift
        if self._below < 0:
            self._fill()
        return found

    def u(self, count: int) -> int:
        """A number of so many bits (L(n))."""
        found = 0
        for _ in range(count):
            found = found << 1 | self.bool()
        return found

    def signed(self, count: int) -> int:
        """A number of so many bits, and its sign; 0 where a flag before it says that there is none."""
        if not self.bool():
            return 0
        number = self.u(count)
        return -number if self.bool() else number

    def first_true(self, probabilities: bytes, begin: int) -> int:
        """Take values until one is True; its place in ``probabilities``, from ``begin`` on, else their count.

        As ``bool`` over and over, without a call for each: a frame has a thousand, nearly all False.
        """
        span, window, below = self._range, self._window, self._below
        found = len(probabilities)
        for place in range(begin, found):
            split = 1 + ((span - 1) * probabilities[place] >> 8)
            if window >= split << below:
                window -= split << below
                split, found = span - split, place
            if split < 128:
                shift = _SHIFTS[split]
                split <<= shift
                below -= shift
                if below < 0:
                    self._window, self._below = window, below
                    self._fill()
                    window, below = self._window, self._below
            span = split
            if found == place:
                break
        self._range, self._window, self._below = span, window, below
        return found

    @property
    def taken(self) -> int:
        """Bits that have been shifted out."""
        return 8 * self._next - 8 - self._below

    @property
    def state(self) -> tuple[int, int, int]:
        """Range, value of 8 bits, and how many bits of the byte after these are left: as a device goes on from here."""
        return self._range, self._window >> self._below, -self.taken % 8
