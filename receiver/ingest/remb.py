"""The bandwidth as the receiver sees it, for senders without transport-wide feedback. Pure.

How it is told: draft-alvestrand-rmcat-remb.

Where packets have waited in a queue the estimate goes below what comes in, so that the queue drains; otherwise it
grows, but never far beyond what the sender has tried.
"""

from collections import deque

from receiver.ingest.queueing import LeastDelay

INTERVAL_NS = 1_000_000_000
"""How often it is told, at least."""
UPDATE_NS = 100_000_000
"""How often it is thought about."""
URGENT_SHARE = 0.97
"""A fall below this share of what was told last is told at once."""
MIN_BPS, MAX_BPS = 150_000, 25_000_000
QUEUE_NS = 60_000_000
"""A delay this much over the least of the last seconds is a queue."""
BACK_OFF, BACK_OFF_PAUSE_NS = 0.85, 300_000_000
"""Of the incoming rate, and how soon again: the sender needs a round trip to obey."""
GROWTH_A_SECOND = 1.25
HEADROOM = 1.5
"""Times the incoming rate that may be promised."""
MUCH_LOSS = 0.10

_RATE_WINDOW_NS = 500_000_000
_MAX_SAMPLES = 2048


class BandwidthEstimator:
    """Of one sender. ``start``: bit/s to begin with; ``due``: when to call ``update`` next. ``now`` in monotonic ns."""

    def __init__(self, start: int) -> None:
        self.due = 0
        self.bps = float(start)
        self._arrivals: deque[tuple[int, int]] = deque(maxlen=_MAX_SAMPLES)
        self._delay = LeastDelay()
        self._queue_ns = 0.0
        self._backed_off = 0
        self._grown = 0
        self._told: float | None = None
        self._told_at = 0

    def packet(self, size: int, sent_ns: int, now: int) -> None:
        """A packet of ``size`` bytes whose frame was sent at ``sent_ns``, of a clock of its own."""
        self._arrivals.append((now, size))
        while self._arrivals[0][0] < now - _RATE_WINDOW_NS:
            self._arrivals.popleft()
        self._queue_ns += (self._delay.queued(sent_ns, now) - self._queue_ns) / 16

    def restart(self) -> None:
        """The sender's clock began anew."""
        self._delay.restart()
        self._queue_ns = 0.0

    @property
    def incoming_bps(self) -> float:
        if len(self._arrivals) < 2:
            return 0.0
        span = max(self._arrivals[-1][0] - self._arrivals[0][0], _RATE_WINDOW_NS // 4)
        return sum(size for _, size in self._arrivals) * 8e9 / span

    def update(self, lost: float, now: int) -> int | None:
        """Think again; ``lost``: share of the packets lately. Returns bit/s where they should be told now."""
        incoming = self.incoming_bps
        self.due = now + UPDATE_NS
        elapsed = min(now - self._grown, INTERVAL_NS) if self._grown else 0
        self._grown = now
        congested = self._queue_ns > QUEUE_NS or lost > MUCH_LOSS
        if congested and now - self._backed_off >= BACK_OFF_PAUSE_NS:
            self._backed_off = now
            self.bps = min(self.bps, BACK_OFF * incoming) if incoming else self.bps * BACK_OFF
        elif not congested and incoming and self.bps < HEADROOM * incoming:
            self.bps *= GROWTH_A_SECOND ** (elapsed / 1e9)
        self.bps = max(MIN_BPS, min(self.bps, MAX_BPS))
        fell = self._told is not None and self.bps < URGENT_SHARE * self._told
        if self._told is None or fell or now - self._told_at >= INTERVAL_NS:
            self._told, self._told_at = self.bps, now
            return int(self.bps)
        return None
