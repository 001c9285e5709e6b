"""In which order decoded pictures are shown, where that is not the one in which they are decoded. Pure."""


class Showing:
    """``wait``: for how many pictures one may have to wait; None: not known, so that is learnt from those that come too
    late. Late ones are shown all the same: what paces them drops them."""

    def __init__(self, wait: int | None) -> None:
        self._wait = wait or 0
        self._learns = wait is None
        self._pictures: list[tuple[int, int]] = []
        """Place and number of each one that waits."""
        self._last: int | None = None

    @property
    def units(self) -> frozenset[int]:
        """Numbers of the pictures that wait."""
        return frozenset(unit for _, unit in self._pictures)

    def all(self) -> list[int]:
        """Numbers of all that wait, in order: no later one comes before them."""
        found = [unit for _, unit in sorted(self._pictures)]
        self._pictures.clear()
        self._last = None
        return found

    def add(self, place: int, unit: int, kept: frozenset[int], room: int) -> list[int]:
        """A picture is decoded. What is to be shown now, so that there are at most ``room`` with those ``kept``."""
        if self._last is not None and place < self._last and self._learns:
            self._wait += 1
        self._pictures.append((place, unit))
        self._pictures.sort()
        found: list[int] = []
        while len(self._pictures) > self._wait or (self._pictures and len(kept | self.units) > room):
            self._last, number = self._pictures.pop(0)
            found.append(number)
        return found
