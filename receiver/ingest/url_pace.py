"""When each packet of a file or broadcast goes to the stage. Pure.

A file is read ahead and sent as time goes by; what is live goes as it comes. Either way a packet gets a place on our
own clock, ``base + pts``, which is what sound and picture are aligned by: to the stage, a pause, a seek or a hole in
the network is a time in which nothing came, and its timeline never breaks.

Pictures must be sent before others that are shown earlier (B-frames), so all goes ``reorder`` after its decoding time,
the most that pts was ever ahead of dts: then the order of sending is that of the file, and nothing is sent before its
place.
"""

from dataclasses import dataclass
from typing import Literal

from receiver.media import Colours, Kind

MS = 1_000_000
LATE_NS = 150 * MS
"""A file's packet this late was kept up by the network: all that follows is as late, so the clock is set anew."""
FAR_NS = 10_000 * MS
"""A packet due later than this is behind a break in the file's own times."""
LIVE_BREAK_NS = 1_000 * MS
"""Live packets this late: the source began a new timeline, or its clock has drifted."""
RECONNECT_NS = tuple(seconds * 1_000 * MS for seconds in (0, 1, 2, 4, 8, 8, 8, 8, 8, 8))
"""Waits before live streams are asked for again: a router's restart, about a minute, is lived through."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A packet of a container. Times in ns of the source's own timeline."""

    kind: Kind
    pts_ns: int
    dts_ns: int
    data: bytes
    keyframe: bool
    colours: Colours | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """``due_ns``: when to send. ``at_ns``: its place on our clock, never after ``due_ns``."""

    due_ns: int
    at_ns: int


class Pace:
    """The clock of one URL. ``mode``: ``file`` for what can wait, ``live`` for what can't."""

    def __init__(self, mode: Literal["file", "live"]) -> None:
        self._live = mode == "live"
        self._base: int | None = None
        self._reorder = 0
        self._paused_at: int | None = None

    @property
    def paused(self) -> bool:
        return self._paused_at is not None

    def pause(self, now: int) -> None:
        if self._paused_at is None:
            self._paused_at = now

    def play(self, now: int) -> None:
        """Go on where the pause began."""
        if self._paused_at is not None and self._base is not None:
            self._base += now - self._paused_at
        self._paused_at = None

    def restart(self) -> None:
        """The next packet is due at once: after a seek or a new connection."""
        self._base = None

    def place(self, unit: Unit, now: int) -> Place:
        """Where the next packet belongs. Ask again when it is due: the clock may have been set anew."""
        self._reorder = max(self._reorder, unit.pts_ns - unit.dts_ns)
        lead = max(0, self._reorder + unit.dts_ns - unit.pts_ns)
        if self._base is None:
            self._base = now - unit.pts_ns - lead
        due = self._base + unit.pts_ns + lead
        if self._live:
            if due > now or now - due > LIVE_BREAK_NS:  # the earliest ever is the one that nothing held up
                self._base += now - due
                due = now
            return Place(now, due - lead)
        if now - due > LATE_NS or due - now > FAR_NS:
            self._base += now - due
            due = now
        return Place(due, due - lead)
