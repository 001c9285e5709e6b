"""How long packets have waited on their way. Pure.

A bottleneck shows first as a queue: packets come later and later against their timestamps. What the way takes without
one is the least of the last seconds.
"""

from collections import deque

from receiver.ingest.rtp import Unwrapper

LEAST_NS = 10_000_000_000
"""How long a least delay counts."""


class SendingClock:
    """When packets left by the sender's clock, in ns, as near as their frames' RTP timestamps tell (90 kHz)."""

    def __init__(self) -> None:
        self._unwrapper = Unwrapper(32)

    def place(self, timestamp: int) -> int:
        return self._unwrapper.unwrap(timestamp) * 100_000 // 9


class LeastDelay:
    """Of one sender, whose clock has nothing to do with ours. All in ns. ``window_ns``: how long a least delay counts;
    ``most``: how many are kept."""

    def __init__(self, window_ns: int = LEAST_NS, most: int = 256) -> None:
        self._window_ns = window_ns
        self._least: deque[tuple[int, int]] = deque(maxlen=most)  # (at, delay), delays rising

    @property
    def ns(self) -> int | None:
        """The least of late; None before the first."""
        return self._least[0][1] if self._least else None

    def add(self, sent_ns: int, now: int) -> None:
        """What was sent at ``sent_ns`` is here."""
        delay = now - sent_ns
        while self._least and self._least[-1][1] >= delay:
            self._least.pop()
        self._least.append((now, delay))
        while self._least[0][0] < now - self._window_ns:
            self._least.popleft()

    def queued(self, sent_ns: int, now: int) -> int:
        """Add it, and tell how much longer it has taken than the quickest of late."""
        self.add(sent_ns, now)
        return now - sent_ns - self._least[0][1]

    def restart(self) -> None:
        """The sender's clock began anew."""
        self._least.clear()
