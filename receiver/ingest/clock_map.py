"""From a sender's RTP timestamps to our monotonic clock, by its sender reports (RFC 3550 section 6.4.1). Pure.

A report says which wall clock time an RTP timestamp stands for. The sender's wall clock is set to ours by the least
difference seen between a report's time and its arrival: the report that was least delayed. Picture and sound share
that one offset, so what was captured together is due together. The offset still holds the network's least one-way
delay, so times come out late by that much, on a local network about a millisecond.
"""

from collections import deque
from typing import NamedTuple

from receiver.ingest.feedback import SenderReport

WINDOW_NS = 60_000_000_000
"""How long an offset counts: long enough to meet a quick report, short enough to follow two clocks that drift."""
MAX_REPORTS = 256
MAX_AGE_NS = 10_000_000_000
"""A capture time further than this before the arrival, or after it, is nonsense and taken as unknown."""


class WallClock:
    """The sender's wall clock against ours, shared by its streams."""

    def __init__(self) -> None:
        self._offsets: deque[tuple[int, int]] = deque(maxlen=MAX_REPORTS)  # (at, offset), offsets rising

    def learn(self, sender_ns: int, now: int) -> None:
        """A report written at ``sender_ns`` arrived."""
        offset = now - sender_ns
        while self._offsets and self._offsets[-1][1] >= offset:
            self._offsets.pop()
        self._offsets.append((now, offset))
        while self._offsets[0][0] < now - WINDOW_NS:
            self._offsets.popleft()

    def ours(self, sender_ns: int) -> int | None:
        """That moment on our clock; None before the first report."""
        return sender_ns + self._offsets[0][1] if self._offsets else None


class _Anchor(NamedTuple):
    sender_ns: int
    timestamp: int


class CaptureClock:
    """Capture times of one stream. ``rate`` in Hz; timestamps are unwrapped ones."""

    def __init__(self, wall: WallClock, rate: int) -> None:
        self._wall = wall
        self._rate = rate
        self._anchor: _Anchor | None = None

    def report(self, report: SenderReport, timestamp: int, now: int) -> None:
        """A sender report came; ``timestamp`` is its RTP timestamp, unwrapped."""
        if report.ntp == 0:
            return
        sender_ns = report.ntp * 1_000_000_000 >> 32
        self._wall.learn(sender_ns, now)
        self._anchor = _Anchor(sender_ns, timestamp)

    def forget(self) -> None:
        """The stream's timestamps began anew."""
        self._anchor = None

    def stamped_ns(self, stamp: bytes, arrived: int) -> int | None:
        """When a frame was captured that says so itself; None if not known. ``stamp``: WebRTC's absolute capture time,
        that is an NTP time, and where another machine captured it, that clock's estimated offset."""
        if len(stamp) not in (8, 16):
            return None
        captured = int.from_bytes(stamp[:8]) * 1_000_000_000 >> 32
        if len(stamp) == 16:  # captured elsewhere; the sender estimates how that clock stands against its own
            captured += int.from_bytes(stamp[8:], signed=True) * 1_000_000_000 >> 32
        return self._plausible(captured, arrived)

    def capture_ns(self, timestamp: int, arrived: int) -> int | None:
        """When the frame was captured, on our clock; None if not known."""
        if self._anchor is None:
            return None
        captured = self._anchor.sender_ns + (timestamp - self._anchor.timestamp) * 1_000_000_000 // self._rate
        return self._plausible(captured, arrived)

    def _plausible(self, captured: int, arrived: int) -> int | None:
        ours = self._wall.ours(captured)
        return ours if ours is not None and abs(arrived - ours) <= MAX_AGE_NS else None
