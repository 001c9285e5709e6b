"""A sender, a network, a decoder and a screen on simulated clocks: hours of pictures in seconds.

All times are ns of the receiver's clock. The screen's clock and the sender's run at rates of their own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple, Protocol

import numpy as np

MS = 1_000_000
SECOND = 1_000_000_000
START = 50 * SECOND

Mode = Literal["interactive", "smooth"]


class Frame(NamedTuple):
    """``number``: of the picture, from 0, with those that the network lost; ``sent``: when, on our clock."""

    number: int
    timestamp: int
    sent: int
    arrival: int
    decoded: int


class Shown(NamedTuple):
    """``vsync``: which of the screen's; ``at``: when that was."""

    number: int
    vsync: int
    at: int
    latency: int


class Choice(Protocol):
    @property
    def item(self) -> Frame: ...


class Presents(Protocol):
    """What chooses pictures: receiver.pace.pacer.Pacer, or a simpler peer to compare it with."""

    def __len__(self) -> int: ...
    def push(self, item: Frame, timestamp: int, complete_ns: int, decoded_ns: int) -> None: ...
    def choose(self, now: int) -> Choice | None: ...
    def wake_at(self, now: int) -> int | None: ...
    def rendered(self, ns: int) -> None: ...


@dataclass(frozen=True)
class Screen:
    """``period``: in ns of our clock."""

    period: int

    def next_vsync(self, after: int) -> int:
        return after + -after % self.period


def screen(hz: float, ppm: float = 0.0) -> Screen:
    return Screen(round(SECOND / hz * (1 + ppm * 1e-6)))


@dataclass(frozen=True)
class Cast:
    """What is sent, and what the network makes of it. ``ppm``: how much slower than ours the sender's clock runs.

    ``jitter_ms``: each picture's delay, evenly from 0; order is kept. ``rough_ms``: timestamps are off by up to so
    much. ``loss``: share of pictures that never come. Every ``stall_every_s`` the network stands still for
    ``stall_ms``.
    """

    fps: float
    seconds: float
    ppm: float = 0.0
    delay_ms: float = 5.0
    jitter_ms: float = 0.0
    rough_ms: float = 0.0
    loss: float = 0.0
    stall_every_s: float = 0.0
    stall_ms: float = 0.0
    decode_ms: float = 3.0
    seed: int = 1

    def frames(self) -> Iterator[Frame]:
        chance, free, last_arrival = Random(self.seed), 0, 0
        for number in range(int(self.fps * self.seconds)):
            media_s = number / self.fps
            sent = START + round(media_s * SECOND * (1 + self.ppm * 1e-6))
            delay, rough, lost = (chance.random() for _ in range(3))
            arrival = sent + round((self.delay_ms + delay * self.jitter_ms) * MS)
            if self.stall_every_s:
                into = media_s % self.stall_every_s * 1000
                if media_s > self.stall_every_s and into < self.stall_ms:
                    arrival = max(arrival, sent + round((self.stall_ms - into) * MS))
            if lost < self.loss:
                continue
            arrival = last_arrival = max(arrival, last_arrival)
            free = max(free, arrival) + round(self.decode_ms * MS)
            timestamp = round(90_000 * media_s + 90 * self.rough_ms * (2 * rough - 1))
            yield Frame(number, timestamp, sent, arrival, free)


def play(
    cast: Cast,
    tv: Screen,
    presenter: Presents,
    *,
    render_ms: float = 1.0,
    late_ms: float = 0.0,
    look: Callable[[int], None] = lambda now: None,
) -> Iterator[Shown]:
    """What is on the glass, picture by picture. The presenter's thread wakes up to ``late_ms`` late; ``look`` is
    called at each of its turns."""
    coming = cast.frames()
    nearest = next(coming, None)
    now, chance = START, Random(cast.seed)
    while nearest is not None or len(presenter):
        while nearest is not None and nearest.decoded <= now:
            presenter.push(nearest, nearest.timestamp, nearest.arrival, nearest.decoded)
            nearest = next(coming, None)
        look(now)
        if (choice := presenter.choose(now)) is not None:
            at = tv.next_vsync(now + round(render_ms * MS))
            presenter.rendered(round(render_ms * MS))
            frame = choice.item
            yield Shown(frame.number, at // tv.period, at, at - frame.sent)
            now = at
            continue
        waits = [at for at in (None if nearest is None else nearest.decoded, presenter.wake_at(now)) if at is not None]
        if waits:
            assert min(waits) > now, "the presenter's loop would spin"
            now = min(waits) + round(chance.random() * late_ms * MS)


class Naive:
    """The peer: a presenter that shows the newest picture as soon as it is decoded."""

    def __init__(self) -> None:
        self._newest: Frame | None = None
        self._at = 0
        self.left_out = 0

    def __len__(self) -> int:
        return self._newest is not None

    def push(self, item: Frame, timestamp: int, complete_ns: int, decoded_ns: int) -> None:
        self.left_out += self._newest is not None
        self._newest, self._at = item, decoded_ns

    def choose(self, now: int) -> "_Chosen | None":
        newest, self._newest = self._newest, None
        return None if newest is None else _Chosen(newest)

    def wake_at(self, now: int) -> int | None:
        return None if self._newest is None else max(self._at, now + 1)

    def rendered(self, ns: int) -> None:
        pass


class _Chosen(NamedTuple):
    item: Frame


class Judder(NamedTuple):
    """``early`` and ``late``: pictures that are not on the VSync that an ideal cadence has for them."""

    pictures: int
    early: int
    late: int

    @property
    def share(self) -> float:
        return (self.early + self.late) / max(1, self.pictures)


TOGETHER = 60
"""Pictures that are compared with one another; over longer times two clocks slip."""
SPREAD = 0.99


def judder(shown: list[Shown], fps: float, tv: Screen, ppm: float = 0.0) -> Judder:
    """How many pictures are off the cadence that fits most of those around them.

    An exact cadence shows picture n at VSync ceil(n * r + c), so ``vsync - n * r`` of all pictures lies within one.
    """
    per_picture = SECOND / fps * (1 + ppm * 1e-6) / tv.period
    places = np.array([picture.vsync - picture.number * per_picture for picture in shown])
    early = late = 0
    for begin in range(0, len(places), TOGETHER):
        near = np.sort(places[begin : begin + TOGETHER])
        ends = np.searchsorted(near, near + SPREAD)
        best = int(np.argmax(ends - np.arange(len(near))))
        early += best
        late += len(near) - int(ends[best])
    return Judder(len(places), early, late)
