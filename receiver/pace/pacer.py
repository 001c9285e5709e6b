"""When each picture is shown (DDP.md section 8). Pure.

    target   = when a picture of this pts that nothing holds up is decoded + usual render overhead + delay
    deadline = target, aligned to the next VSync

``delay`` is what jitter, the mode and the sound ask for, within the limits that the sender may set. Smooth mode keeps
at least two pictures in hand; interactive mode waits for as much jitter as pays (``Timeline.patience``), and for none
after a pause, which has no motion to be smooth in. Where the pictures come at a rate, their cadence is kept
(``Cadence``). Deadlines are computed when they are looked at, never stored, so a changed timeline moves the whole queue
and order can't break.

Drop rules, each with its cause:

* ``skipped``: more than two are queued, the oldest is due within 2 ms, and the next one is due by the coming VSync: the
  oldest goes. So does any picture that a newer one, due for the same VSync, overtakes.
* ``late``: its deadline has passed and a newer one is due by the coming VSync. Where it was decoded too late smooth
  mode resynchronises the timeline: by as much as the newest one came too late itself, or by at most a VSync where a
  newer one waits that may be in time. In interactive mode one late picture delays no other.
* ``overflow``: ``MAX_QUEUE`` pictures wait; the oldest goes.

A picture is dropped for being late only for a newer one that takes its VSync. Otherwise it is shown late, and counted
in ``shown_late``: to leave the older one standing would be later still.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from receiver.pace.cadence import Cadence
from receiver.pace.missed import Due
from receiver.pace.refresh import Steady
from receiver.pace.timeline import Timeline
from receiver.pace.typical import Typical

T = TypeVar("T")

MAX_QUEUE = 16
"""Pictures; 16 of 1080p are 50 MB, and at 60 a second they are the most that sound may hold back."""
SKIPPABLE_NS = 2_000_000
LAST_NS = 1_000_000
"""How long before the last moment a picture is drawn that rather should be replaced: threads wake some 0.2 ms late."""
AFTER_NS = 2_000_000
"""How long after the VSync before its own a picture is drawn at the earliest: what is drawn before is on the screen at
that one, and when that is the output knows to a fraction of a millisecond, or by a window's flips to one."""
PREFILL = 2
"""Pictures that smooth mode keeps in hand, and that interactive mode never goes above."""
FIRST_INTERVAL_NS = 1_000_000_000 // 30
STATIC_NS = 100_000_000
"""Frames further apart are a static screen's: they say nothing about motion and must not wait for one another."""
REORDER_TICKS = 90_000
"""A timestamp further back than a second is no reordered frame but another source behind the same stream."""
LATE_COSTS = 2
"""What a picture that is late for its VSync costs in interactive mode, in waiting: the time of two. For a tenth of 30 a
second all others may wait 7 ms. So jitter of some ms is waited for to its end, and what is late for a reason of its
own, as after a lost packet, makes no other wait unless it is the rule."""
AT_ONCE_NS = 50_000_000
"""Time constant by which interactive mode follows a way that has become shorter, as when a sender's queue has gone."""
INTERACTIVE_MAX_NS = 60_000_000
MAX_HOLD_NS = 250_000_000
SLEW_PER_S = 100_000_000
"""The delay changes by at most 10% of the time that passes, so motion never jumps."""
MEAN_WEIGHT = 16


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """Show ``item`` now; ``late_ns`` > 0: it missed its deadline by so much. ``due``: None for the first picture."""

    item: T
    late_ns: int
    due: Due | None = None


@dataclass(slots=True)
class _Entry(Generic[T]):
    timestamp: int
    ready_ns: int
    item: T
    still: bool = False
    """The one before it was long before: it is a static screen's, or the first of a motion."""
    begin_ns: int | None = None
    flip_ns: int = 0
    in_time: bool = True
    """When to draw it and for which VSync, and whether that is its own."""


class Pacer(Generic[T]):
    """The queue of one stream's decoded pictures. ``next_vsync``: the first VSync at or after a time, in ns."""

    def __init__(
        self, mode: Literal["interactive", "smooth"], next_vsync: Callable[[int], int], period_ns: int
    ) -> None:
        self._mode = mode
        self._next_vsync = next_vsync
        self._cadence = Cadence(next_vsync, mode == "interactive")
        self._steady = Steady()
        self.period_ns = period_ns
        self.alone = True
        """No other stream's pictures are drawn by the same flips, which one that is drawn early would make late."""
        self._queue: deque[_Entry[T]] = deque()
        self.timeline = self._new_timeline()
        self._shown: int | None = None
        self._overtaken = False
        """A picture was dropped since the last one that was shown, for being late."""
        self._interval = FIRST_INTERVAL_NS
        self._last_timestamp: int | None = None
        self._decode_ns = 0
        self._render = Typical()
        self._delay = 0
        self._slewed_at: int | None = None
        self.hold_ns = 0
        self.playout: tuple[int, int] | None = None
        self.dropped: dict[str, int] = {}
        self.shown_late = 0

    def _new_timeline(self) -> Timeline:
        return Timeline(down_ns=AT_ONCE_NS) if self._mode == "interactive" else Timeline()

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def render_ns(self) -> int:
        """How long it mostly takes from choosing a picture to handing it to the display."""
        return self._render.ns

    @property
    def film_interval_ns(self) -> float | None:
        """How far apart its pictures are, where they are a film's and come at one rate."""
        return self._steady.interval_ns if self._mode == "smooth" else None

    def push(self, item: T, timestamp: int, complete_ns: int, decoded_ns: int, capture_ns: int | None = None) -> None:
        """Queue a decoded picture. One that is not newer than the last is dropped as ``reordered``."""
        still = False
        if self._last_timestamp is not None:
            step = timestamp - self._last_timestamp
            if -REORDER_TICKS < step <= 0:
                self._drop("reordered")
                return
            if step < 0:
                self.clear("skipped")
            elif (interval := step * 1_000_000_000 // 90_000) <= STATIC_NS:
                self._interval += (interval - self._interval) // MEAN_WEIGHT
            else:
                still = self._mode == "interactive"
        self._steady.follow(self.timeline.pts(timestamp))
        self.timeline.observe(timestamp, decoded_ns, capture_ns)
        self._last_timestamp = timestamp
        self._decode_ns = self._mean(self._decode_ns, decoded_ns - complete_ns)
        self._cadence.follow(self.timeline.pts(timestamp), self._aim(timestamp) - self.timeline.pts(timestamp))
        if len(self._queue) == MAX_QUEUE:
            self._queue.popleft()
            self._drop("overflow")
        self._queue.append(_Entry(timestamp, decoded_ns, item, still))

    def rendered(self, ns: int) -> None:
        """Drawing a chosen picture took ``ns``."""
        self._render.add(ns)

    def choose(self, now: int) -> Choice[T] | None:
        """The picture to draw now for the next VSync, or None when nothing is due."""
        self._slew(now)
        queue = self._queue
        if queue and self._shown is None:  # the first one is shown at once; what gathered before it is old
            while len(queue) > 1:
                queue.popleft()
                self._drop("skipped")
            return self._show(0, None)
        flip = self._next_vsync(now + self.render_ns)
        while len(queue) > 2 and self._deadline(queue[0]) < now + SKIPPABLE_NS and self._deadline(queue[1]) <= flip:
            queue.popleft()
            self._drop("skipped")
        missed = 0
        while len(queue) > 1 and self._deadline(queue[0]) < now and self._deadline(queue[1]) <= flip:
            missed = max(missed, self._overdue(queue[0]))
            queue.popleft()
            self._drop("late")
            self._overtaken = True
        if not queue:
            return None
        while len(queue) > 1 and self._deadline(queue[1]) <= flip:
            queue.popleft()
            self._drop("skipped")
        deadline = self._deadline(queue[0])
        late, overdue = max(0, now - deadline), self._overdue(queue[0])
        due = Due(deadline, deadline - self.render_ns, queue[0].ready_ns)
        behind = overdue if overdue and len(queue) == 1 else min(max(missed, overdue), self.period_ns)
        if missed:
            self._resynchronise(behind)
        if now < self._begin(queue[0], now):
            return None
        if overdue and not missed:
            self._resynchronise(behind)
        return self._show(late, due)

    def _resynchronise(self, late_ns: int) -> None:
        if self._mode == "smooth":
            self.timeline.resynchronise(late_ns)

    def wake_at(self, now: int) -> int | None:
        """When ``choose`` should be asked next so that the oldest picture makes its VSync; None: nothing waits."""
        if not self._queue:
            return None
        if self._shown is None or self._replaced(self._next_vsync(now + self.render_ns)):
            return now
        return self._begin(self._queue[0], now)

    def _replaced(self, flip: int) -> bool:
        """Whether a newer picture takes the oldest one's place at that VSync."""
        return len(self._queue) > 1 and self._deadline(self._queue[1]) <= flip

    def _begin(self, entry: _Entry[T], now: int) -> int:
        """When to draw it: once the VSync before its own has passed, so that it is there in time; half a period early
        where something else may have to be drawn with it. A moment that has come stays, or a machine that always wakes
        late would wait for ever. But in interactive mode one that missed its own VSync, as where the screen was busy
        with the one before, is drawn for the next as late as can be, so that a newer one may take its place: else each
        would be late for having waited for the one before it, and so on."""
        missed = entry.in_time and entry.flip_ns <= now and self._mode == "interactive"
        if entry.begin_ns is None or entry.begin_ns > now or missed:
            target = self._target(entry)
            entry.flip_ns = flip = self._next_vsync(max(target, now + self.render_ns))
            entry.in_time = flip == self._next_vsync(target)
            entry.begin_ns = flip - self.render_ns - self._margin(entry.in_time, target, flip)
        return entry.begin_ns

    def _margin(self, in_time: bool, target: int, flip: int) -> int:
        """How long before it has to be drawn a picture is drawn."""
        overtaken = self._next_vsync(target + self._interval) <= flip
        if not (in_time or self._overtaken or self._mode == "smooth"):
            return LAST_NS if overtaken else SKIPPABLE_NS
        period = self._next_vsync(flip + 1) - flip  # next to nothing where there is no grid
        earliest = period - AFTER_NS if self.alone and not overtaken else 0
        return max(earliest, period // 2, SKIPPABLE_NS)

    def _overdue(self, entry: _Entry[T]) -> int:
        """By how much the picture was decoded too late; 0 where only the screen was busy."""
        return max(0, entry.ready_ns - self._deadline(entry))

    def restart(self) -> None:
        """Another source is behind the stream from now on: its timestamps say nothing beside those before."""
        self.clear("restarted")
        self.timeline = self._new_timeline()
        self._steady = Steady()
        self._cadence = Cadence(self._next_vsync, self._mode == "interactive")
        self._last_timestamp = None

    def clear(self, cause: str) -> None:
        """Drop all that waits."""
        for _ in self._queue:
            self._drop(cause)
        self._queue.clear()

    def _show(self, late: int, due: Due | None) -> Choice[T]:
        entry = self._queue.popleft()
        self._shown, self._overtaken = entry.timestamp, False
        self.shown_late += late > 0
        return Choice(entry.item, late, due)

    def _aim(self, timestamp: int) -> int:
        return self.timeline.expected(timestamp) + self.render_ns + self._delay

    def _target(self, entry: _Entry[T]) -> int:
        if entry.still and self.hold_ns <= 0 and not (self.playout and self.playout[0]):
            return entry.ready_ns + self.render_ns
        if self._cadence.offset is None:
            return self._aim(entry.timestamp)
        return self.timeline.pts(entry.timestamp) + self._cadence.offset

    def _deadline(self, entry: _Entry[T]) -> int:
        return self._next_vsync(self._target(entry))

    def _wanted_delay(self) -> int:
        prefill = PREFILL * self._interval
        if self._mode == "smooth":
            jitter = max(prefill, self.timeline.jitter(0.9))
        else:
            jitter = min(self.timeline.patience(LATE_COSTS * self._interval), prefill, INTERACTIVE_MAX_NS)
        return self._as_wished(jitter + min(max(self.hold_ns, 0), MAX_HOLD_NS))

    def _as_wished(self, delay: int) -> int:
        """Within the sender's limits, which count from a frame's arrival to the screen, as far as the queue reaches."""
        if self.playout is None:
            return delay
        least, most = (limit - self._decode_ns - self.render_ns for limit in self.playout)
        return max(0, min(max(delay, min(least, MAX_HOLD_NS)), most))

    def _slew(self, now: int) -> None:
        wanted = self._wanted_delay()
        if self._slewed_at is None or self._shown is None:
            self._delay = wanted
        else:
            step = (now - self._slewed_at) * SLEW_PER_S // 1_000_000_000
            self._delay += max(-step, min(step, wanted - self._delay))
        self._slewed_at = now

    def _mean(self, mean: int, sample: int) -> int:
        return sample if self._shown is None else mean + (sample - mean) // MEAN_WEIGHT

    def _drop(self, cause: str) -> None:
        self.dropped[cause] = self.dropped.get(cause, 0) + 1
