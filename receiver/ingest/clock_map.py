"""From a sender's RTP timestamps to our monotonic clock, by its sender reports (RFC 3550 section 6.4.1). Pure.

Where its frames say themselves when they were captured (WebRTC's abs-capture-time), that goes before the reports: a
browser's reports date sound by when a packet was sent, which is a packet's length after its capture. Not every frame
is stamped; those between are dated by the last stamp, as long as it is fresh.

A report says which wall clock time an RTP timestamp stands for. The sender's wall clock is set to ours by the least
difference seen between a report's time and its arrival: the report that was least delayed. Picture and sound share
that one offset, so what was captured together is due together. The offset still holds the network's least one-way
delay, so times come out late by that much, on a local network about a millisecond.
"""

from typing import NamedTuple

from receiver.ingest.feedback import SenderReport
from receiver.ingest.queueing import LeastDelay

WINDOW_NS = 60_000_000_000
"""How long an offset counts: long enough to meet a quick report, short enough to follow two clocks that drift."""
MAX_REPORTS = 256
MAX_AGE_NS = 10_000_000_000
"""A capture time further than this before the arrival, or after it, is nonsense and taken as unknown."""


STAMP_FRESH_NS = 5_000_000_000
"""For so long after a stamped frame others are dated by it; senders stamp one a second at least."""


class WallClock:
    """The sender's wall clock against ours, shared by its streams."""

    def __init__(self) -> None:
        self._offset = LeastDelay(WINDOW_NS, MAX_REPORTS)

    def learn(self, sender_ns: int, now: int) -> None:
        """A report written at ``sender_ns`` arrived."""
        self._offset.add(sender_ns, now)

    def ours(self, sender_ns: int) -> int | None:
        """That moment on our clock; None before the first report."""
        return None if self._offset.ns is None else sender_ns + self._offset.ns


class _Anchor(NamedTuple):
    sender_ns: int
    timestamp: int
    at: int


class CaptureClock:
    """Capture times of one stream. ``rate`` in Hz; timestamps are unwrapped ones."""

    def __init__(self, wall: WallClock, rate: int) -> None:
        self._wall = wall
        self._rate = rate
        self._reported: _Anchor | None = None
        self._stamped: _Anchor | None = None

    def report(self, report: SenderReport, timestamp: int, now: int) -> None:
        """A sender report came; ``timestamp`` is its RTP timestamp, unwrapped."""
        if report.ntp == 0:
            return
        sender_ns = report.ntp * 1_000_000_000 >> 32
        self._wall.learn(sender_ns, now)
        self._reported = _Anchor(sender_ns, timestamp, now)

    def forget(self) -> None:
        """The stream's timestamps began anew."""
        self._reported = self._stamped = None

    def stamp(self, stamp: bytes, timestamp: int, arrived: int) -> None:
        """A frame says itself when it was captured: an NTP time, and where another machine captured it, that clock's
        estimated offset. Anything else, such as nothing, is passed over."""
        if len(stamp) not in (8, 16):
            return
        captured = int.from_bytes(stamp[:8]) * 1_000_000_000 >> 32
        if len(stamp) == 16:  # captured elsewhere; the sender estimates how that clock stands against its own
            captured += int.from_bytes(stamp[8:], signed=True) * 1_000_000_000 >> 32
        if self._wall.ours(captured) is None or self._plausible(captured, arrived) is not None:
            self._stamped = _Anchor(captured, timestamp, arrived)

    def capture_ns(self, timestamp: int, arrived: int) -> int | None:
        """When the frame was captured, on our clock; None if not known."""
        anchor = self._stamped
        if anchor is None or arrived - anchor.at > STAMP_FRESH_NS:
            anchor = self._reported
        if anchor is None:
            return None
        captured = anchor.sender_ns + (timestamp - anchor.timestamp) * 1_000_000_000 // self._rate
        return self._plausible(captured, arrived)

    def _plausible(self, captured: int, arrived: int) -> int | None:
        ours = self._wall.ours(captured)
        return ours if ours is not None and abs(arrived - ours) <= MAX_AGE_NS else None
