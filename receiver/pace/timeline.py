"""From a sender's timestamps to this machine's clock. Pure.

Each frame says how far the two clocks are apart plus how long the network took: ``arrival - pts``. The least of
these over the last ``WINDOW_NS`` is the best guess of a frame that nothing held up, and frames are expected by it.
The guess in use follows the least one without steps: quickly down (a keyframe made the first frames late: that
latency must go), slowly up (the sender's clock drifts). Only a break is a step: another source behind the same
stream, or a network that stood still.
"""

from bisect import bisect_left, insort
from collections import deque

WINDOW_NS = 10_000_000_000
DOWN_NS = 250_000_000
"""Time constant by which the expectation falls to an earlier one, where motion is to stay even."""
UP_PER_S = 20_000_000
"""At most so many ns a second later: 2%, far above the 100 ppm of a bad clock."""
BREAK_NS = 1_000_000_000
"""A frame this much later than expected, or ``FORWARD_BREAK_NS`` earlier, begins a new timeline."""
FORWARD_BREAK_NS = 300_000_000
CAPTURE_WEIGHT = 64
"""Two seconds of pictures, as for sound's capture times: a sender report that corrects the last one makes no step."""
CAPTURE_JUMP_NS = 100_000_000
JITTER_NS = 4_000_000_000
"""So long a frame counts as an example: a stall of 0.4 s is a tenth of it."""
JITTER_MAX_NS = 250_000_000
"""One stall says nothing about jitter, so samples are capped."""
LOOKS = 8
"""Frames from one look at what patience pays to the next."""


class Timeline:
    """One video stream's timestamps (in ``clock_rate`` Hz) against CLOCK_MONOTONIC."""

    def __init__(self, clock_rate: int = 90_000, down_ns: int = DOWN_NS) -> None:
        self._rate = clock_rate
        self._down_ns = down_ns
        self._offset: int | None = None
        self._least: deque[tuple[int, int]] = (
            deque()
        )  # (arrival, offset), offsets rising: the head is the window's least
        self._jitter: deque[tuple[int, int]] = deque()  # (arrival, how late), and the latter in order of size
        self._by_size: list[int] = []
        self._observed = 0
        self._looked_at: int | None = None
        self._patience = 0
        self._last_arrival = 0
        self._capture_offset: int | None = None
        self.breaks = 0

    def observe(self, timestamp: int, arrival_ns: int, capture_ns: int | None = None) -> None:
        """A frame was complete at ``arrival_ns``; ``capture_ns`` where the sender's reports gave it."""
        if capture_ns is not None:
            self._captured(capture_ns - self.pts(timestamp))
        self._observed += 1
        offset = arrival_ns - self.pts(timestamp)
        if self._offset is None:
            self._restart(offset, arrival_ns)
            return
        if not -FORWARD_BREAK_NS < offset - self._offset < BREAK_NS:
            self.breaks += 1
            self._restart(offset, arrival_ns)
            return
        while self._least and self._least[-1][1] >= offset:
            self._least.pop()
        self._least.append((arrival_ns, offset))
        while self._least[0][0] < arrival_ns - WINDOW_NS:
            self._least.popleft()
        least = self._least[0][1]
        self._sample(arrival_ns, min(offset - least, JITTER_MAX_NS))
        elapsed = max(0, arrival_ns - self._last_arrival)
        self._last_arrival = max(self._last_arrival, arrival_ns)
        gap = least - self._offset
        if gap < 0:
            self._offset += gap * min(elapsed, self._down_ns) // self._down_ns
        else:
            self._offset += min(gap, elapsed * UP_PER_S // 1_000_000_000)

    def _sample(self, arrival_ns: int, late_ns: int) -> None:
        self._jitter.append((arrival_ns, late_ns))
        insort(self._by_size, late_ns)
        while self._jitter[0][0] < arrival_ns - JITTER_NS:
            _, old = self._jitter.popleft()
            del self._by_size[bisect_left(self._by_size, old)]

    def _captured(self, offset: int) -> None:
        if self._capture_offset is None or abs(offset - self._capture_offset) > CAPTURE_JUMP_NS:
            self._capture_offset = offset
        else:
            self._capture_offset += (offset - self._capture_offset) // CAPTURE_WEIGHT

    def expected(self, timestamp: int) -> int:
        """When a frame of this timestamp is complete if nothing holds it up, in ns. Needs one observation."""
        assert self._offset is not None, "a timeline has no times before its first frame"
        return self.pts(timestamp) + self._offset

    def captured(self, timestamp: int) -> int | None:
        """When it was captured, also for frames before the sender's first report; None until that."""
        return None if self._capture_offset is None else self.pts(timestamp) + self._capture_offset

    def jitter(self, quantile: float) -> int:
        """How late frames come against the least delayed, in ns, at ``quantile`` of 0 to 1; 0 before any."""
        if not self._by_size:
            return 0
        return self._by_size[min(len(self._by_size) - 1, int(quantile * len(self._by_size)))]

    def patience(self, worth_ns: int) -> int:
        """How long it pays to wait for late frames, in ns after the least delayed.

        A wait costs each frame as much, and one that comes later still costs ``worth_ns``: the least sum is found anew
        with every eighth frame.
        """
        if self._looked_at is None or self._observed - self._looked_at >= LOOKS:
            self._looked_at, frames = self._observed, len(self._by_size)
            costs = (late * frames + worth_ns * (frames - 1 - place) for place, late in enumerate(self._by_size))
            best = min(zip(costs, self._by_size, strict=True), default=(0, 0))
            self._patience = best[1]
        return self._patience

    def resynchronise(self, late_ns: int) -> None:
        """A deadline was missed by ``late_ns``: expect frames that much later, and learn the least delay anew."""
        if self._offset is not None:
            self._offset += late_ns
            self._least.clear()

    def _restart(self, offset: int, arrival_ns: int) -> None:
        self._offset = offset
        self._least.clear()
        self._least.append((arrival_ns, offset))
        self._jitter.clear()
        self._by_size = []
        self._looked_at = None
        self._last_arrival = arrival_ns

    def pts(self, timestamp: int) -> int:
        """The sender's time of a timestamp, in ns."""
        return timestamp * 1_000_000_000 // self._rate
