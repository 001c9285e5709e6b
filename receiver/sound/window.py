"""Extremes over the last seconds, in fixed memory. Pure."""

from collections import deque

BUCKET_NS = 500_000_000


class Window:
    """Smallest and largest of the values of the last ``buckets`` half seconds that had any.

    ``left_out``: so many half seconds of a full window may have outliers that do not count for the largest.
    """

    def __init__(self, buckets: int, left_out: int = 0) -> None:
        self._left_out = left_out
        self._buckets: deque[list[int]] = deque(maxlen=buckets)
        self._until: int | None = None
        self._low: int | None = None
        self._high: int | None = None

    def add(self, now: int, value: int) -> None:
        """Take ``value``, seen at ``now`` ns."""
        if self._until is None or now >= self._until:
            self._until = now + BUCKET_NS
            self._buckets.append([value, value])
        elif (bucket := self._buckets[-1])[0] <= value <= bucket[1]:
            return  # nothing new, as nearly always
        else:
            bucket[0] = min(bucket[0], value)
            bucket[1] = max(bucket[1], value)
        self._low = self._high = None

    def low(self) -> int:
        """The smallest value. Raises ValueError when there is none."""
        if self._low is None:
            self._low = min(bucket[0] for bucket in self._buckets)
        return self._low

    def high(self) -> int:
        """The largest value, without outliers. Raises ValueError when there is none."""
        if self._high is None:
            highs = sorted(bucket[1] for bucket in self._buckets)
            if not highs:
                raise ValueError("an empty window has no largest value")
            self._high = highs[-1 - len(highs) * self._left_out // (self._buckets.maxlen or 1)]
        return self._high
