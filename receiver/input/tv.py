"""When the TV is to be on: while it is needed, and as the day's schedule has it. Pure.

    needed (a cast, a PIN to read)          → wake, at once
    not needed for ``standby``              → sleep, once
    the day's ``off`` comes, not needed     → sleep; where it is needed then, as soon as it is not any more
    the day's ``on`` comes                  → wake

Nothing is said twice: somebody who turns the TV on or off by its own remote control has the last word until the next of
these happens.
"""

from typing import Literal

Order = Literal["wake", "sleep"]
DAY = 24 * 60


class TvSchedule:
    """``standby_ns``: 0 for never; ``on``, ``off``: minutes of the day, local time, None for never.

    ``needed`` and ``poll`` return what to tell the TV now, or None. ``minute``: of the day.
    """

    def __init__(self, standby_ns: int = 0, on: int | None = None, off: int | None = None, wakes: bool = True) -> None:
        self._standby_ns = standby_ns
        self._on, self._off = on, off
        self._wakes = wakes
        self._needed = False
        self._idle_since: int | None = None
        self._off_is_due = False
        self._minute: int | None = None

    def needed(self, needed: bool, now: int) -> Order | None:
        """Whether somebody needs the screen, told whenever that may have changed."""
        if needed == self._needed:
            return None
        self._needed = needed
        if needed:
            self._idle_since = None
            return "wake" if self._wakes else None
        self._idle_since = now
        return self._sleep() if self._off_is_due else None

    def poll(self, now: int, minute: int) -> Order | None:
        """Look at the clock, at least once a minute."""
        passed = self._passed(minute)
        self._minute = minute
        if self._on is not None and self._on in passed:
            self._off_is_due = False
            self._idle_since = None if self._needed else now
            if self._off is None or self._off not in passed or passed.index(self._on) > passed.index(self._off):
                return "wake"
        if self._off is not None and self._off in passed:
            if not self._needed:
                return self._sleep()
            self._off_is_due = True
        if self._standby_ns and self._idle_since is not None and now - self._idle_since >= self._standby_ns:
            return self._sleep()
        return None

    def _passed(self, minute: int) -> list[int]:
        """The minutes since the last look, in order: this one, and those that were slept through, up to an hour."""
        if self._minute is None:
            return []
        gone = (minute - self._minute) % DAY
        return [(self._minute + 1 + step) % DAY for step in range(gone)] if gone <= 60 else [minute]

    def _sleep(self) -> Order:
        self._off_is_due = False
        self._idle_since = None
        return "sleep"
