"""The screen's rate for a film: one of which each picture takes the same whole number of VSyncs. Pure.

25 pictures a second on 60 Hz stand for 2, 2, 3, 2, 3 VSyncs, which is seen in every slow pan; on 50 Hz all stand for 2.
To change the rate makes most screens dark for a second or two. So it is done only for a stream whose pictures have been
equally far apart for some seconds, and only where the present rate doesn't fit; and it is undone when no film is left.
What people share of their desktops comes as it changes: it never has a rate to follow.
"""

from collections.abc import Collection

STEADY_NS = 3_000_000_000
"""So long is looked before a film is believed to keep its rate."""
JITTER_NS = 2_000_000
"""What a film's times may be off by: many containers count in whole milliseconds."""
LEAST_NS, MOST_NS = 1_000_000_000 // 121, 1_000_000_000 // 20
"""What is slower than 20 pictures a second is no film, and stutters at any rate."""
FITS = 0.002
"""23.976 on 24 Hz: a picture stands for a VSync more once in 42 s. It isn't worth a dark screen, but better than 60."""
EXACT = 0.0005
"""What can be told of a rate after three seconds, in milliseconds."""
BACK_NS = 2_000_000_000
"""So long after a film the next one may still come."""


class Steady:
    """Whether a stream's pictures come at one rate."""

    def __init__(self) -> None:
        self._first = self._last = 0
        self._count = 0

    def follow(self, pts_ns: int) -> None:
        """A picture of this time came."""
        step = pts_ns - self._last
        if self._count and abs(step - (self._last - self._first) / self._count) <= JITTER_NS:
            self._count += 1
        elif LEAST_NS <= step <= MOST_NS:
            self._first, self._count = self._last, 1
        else:
            self._first, self._count = pts_ns, 0
        self._last = pts_ns

    @property
    def interval_ns(self) -> float | None:
        """From one picture to the next, once that has been the same for long enough."""
        long = self._last - self._first
        return long / self._count if self._count and long >= STEADY_NS else None


def off(refresh_mhz: int, interval_ns: float) -> float:
    """How far a picture is from standing for a whole number of VSyncs: a share of that number."""
    vsyncs = refresh_mhz * interval_ns / 1e12
    whole = max(1, round(vsyncs))
    return abs(vsyncs - whole) / whole


def fitting(interval_ns: float, rates: Collection[int], present: int) -> int | None:
    """The rate (mHz) to change to, of those the screen has; None where the present one fits, or none does.

    An exact one goes before one that is 0.1% off, then the fastest: all else on the screen moves at that rate too.
    """
    able = [rate for rate in rates if off(rate, interval_ns) <= FITS]
    if off(present, interval_ns) <= FITS or not able:
        return None
    return min(able, key=lambda rate: (off(rate, interval_ns) > EXACT, -rate))


class FilmRate:
    """When to change the rate, to what, and when to change it back."""

    def __init__(self) -> None:
        self._over_ns: int | None = None

    def wanted(
        self, now: int, film: bool, interval_ns: float | None, rates: Collection[int], present: int, own: int
    ) -> int | None:
        """The rate (mHz) to change to now, or None. ``film``: one has the screen for itself; ``interval_ns`` as
        ``Steady`` tells; ``own``: the rate that the screen has without one."""
        if film:
            self._over_ns = None
            return None if interval_ns is None else fitting(interval_ns, rates, present)
        if self._over_ns is None:
            self._over_ns = now
        return own if present != own and now - self._over_ns >= BACK_NS else None
