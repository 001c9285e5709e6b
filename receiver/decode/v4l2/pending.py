"""Access units whose picture has not come, and how many of them a device keeps on purpose. Pure.

A stream with B-frames is shown in another order than it is decoded in, so pictures wait in the device for others, and
some frames are never shown. Neither is told. So: a picture that does not come in good time is kept, and from then on
as many may be missing after each access unit. It is forgotten when a picture is given up for lost, and when pictures
have come with their own access units for a while.
"""

from typing import Generic, TypeVar

T = TypeVar("T")

MAX_KEPT = 16
"""Pictures that H.264 and H.265 may hold back to order them (the largest DPB)."""
PROMPT = 30
"""Access units in a row whose picture was there before the next one."""


class Pending(Generic[T]):
    """What is known of each unit by its number, which rises. ``in_order``: the codec has no other order than that."""

    def __init__(self, in_order: bool) -> None:
        self._reach = 0 if in_order else MAX_KEPT
        self._units: dict[int, T] = {}
        self._prompt = 0
        self.kept = 0

    def add(self, unit: int, known: T, shown: bool = True) -> None:
        """It is given to the device now. Not ``shown``: it has no picture."""
        self._prompt = 0 if self._units else self._prompt + 1
        if self._prompt > PROMPT:
            self.kept = 0
        if shown:
            self._units[unit] = known

    def take(self, unit: int) -> T | None:
        """Its picture is there. None: it is not waited for."""
        known = self._units.pop(unit, None)
        if known is not None:
            lost = [one for one in self._units if one < unit - self._reach]
            for one in lost:
                del self._units[one]
            self.kept = max(0, self.kept - len(lost))
        return known

    @property
    def missing(self) -> bool:
        """Whether a picture should come before the next unit is given."""
        return len(self._units) > self.kept

    def keep(self) -> bool:
        """It does not come. Whether a sound device may keep so many."""
        self.kept = len(self._units)
        return self.kept <= MAX_KEPT

    def clear(self) -> None:
        """None is waited for any more, nor kept: the stream begins anew."""
        self._units.clear()
        self.kept = 0


def is_shown(codec: str, data: bytes) -> bool:
    """Whether a frame is to be shown, as far as that is easily told: VP8's show_frame (RFC 6386, section 9.1)."""
    return codec != "VP8" or bool(data[0] & 0x10)
