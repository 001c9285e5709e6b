"""Time as a value: monotonic nanoseconds, real or fake.

CLOCK_MONOTONIC is one clock for all processes of a machine, so its values may cross a link.
"""

import time
from typing import Protocol

NS = 1_000_000_000
"""In a second."""


class Clock(Protocol):
    """A source of monotonic nanoseconds."""

    def now(self) -> int:
        """Nanoseconds of CLOCK_MONOTONIC."""


class MonotonicClock:
    """The machine's own clock."""

    def now(self) -> int:
        return time.monotonic_ns()


class FakeClock:
    """A clock that moves only when told to, for tests."""

    def __init__(self, now: int = 0) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def advance(self, ns: int) -> int:
        """Move forward by ``ns`` >= 0 and return the new time."""
        if ns < 0:
            raise ValueError(f"a monotonic clock can't go back by {ns} ns")
        self._now += ns
        return self._now
