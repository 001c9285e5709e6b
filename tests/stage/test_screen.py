"""A screen that could not be had is asked for again, ever more seldom, and taken when it comes."""

import threading
from collections.abc import Callable, Iterator
from typing import Literal

import pygame
import pytest

from receiver.clock import FakeClock
from receiver.errors import BackendUnavailable
from receiver.link import Scene
from receiver.media import Picture
from receiver.present.headless import PERIOD_NS, HeadlessPresenter
from receiver.stage.channel import Channel
from receiver.stage.counters import Counters
from receiver.stage.screen import Screen

SCENE = Scene("Lounge", "", "", "", True)
HALF_A_SECOND = 500_000_000
PATIENCE_S = 20


class Output(HeadlessPresenter):
    """Tells when it was looked at."""

    def __init__(self, output: Literal["headless", "kms"] = "headless", width: int = 64) -> None:
        super().__init__(width, 48)
        self.output = output
        self.polled = threading.Semaphore(0)
        self.closed = False

    def poll(self) -> bool:
        self.polled.release()
        return True

    def close(self) -> None:
        self.closed = True


class Ears:
    def __init__(self) -> None:
        self.changes = threading.Semaphore(0)

    def live(self, channel: Channel) -> None:
        pass

    def presented(self, channel: Channel, picture: Picture) -> None:
        pass

    def snapshot(self, requests: list[int], surface: pygame.Surface) -> None:
        pass

    def closed(self) -> None:
        pass

    def changed(self) -> None:
        self.changes.release()


class Machine:
    """Whose screen is ``free`` or is not."""

    def __init__(self, again: Callable[[], bool]) -> None:
        self.clock, self.ears = FakeClock(), Ears()
        self.free: Output | BackendUnavailable | None = None
        self.opened: list[float] = []
        self.first = Output()
        self.screen = Screen(self._open, self.clock, self.ears, SCENE, again)
        self.screen.open()

    def _open(self) -> tuple[Output, str]:
        self.opened.append(self.clock.now() / 1e9)
        if isinstance(self.free, BackendUnavailable):
            raise self.free
        if self.free is not None:
            return self.free, "KMS."
        return self.first if len(self.opened) == 1 else Output(), "Headless."

    def wait(self, seconds: float) -> None:
        for _ in range(round(2 * seconds)):
            self.clock.advance(HALF_A_SECOND)
            while self.first.polled.acquire(blocking=False):
                pass
            for _ in range(2):  # a whole round
                self.screen.nudge()
                assert self.first.polled.acquire(timeout=PATIENCE_S)


@pytest.fixture
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    machine = Machine(getattr(request, "param", lambda: True))
    yield machine
    assert machine.screen.close()


def test_it_is_asked_for_ever_more_seldom(machine: Machine) -> None:
    machine.wait(40)
    assert machine.opened == [0, 1, 3, 7, 15, 25, 35]
    assert machine.screen.presenter is machine.first, "what is no better is not taken"


def test_it_is_taken_when_it_comes_and_the_app_learns_of_it(machine: Machine) -> None:
    machine.free = BackendUnavailable("the card has gone")
    machine.wait(1)
    machine.free = screen = Output("kms", 128)
    machine.clock.advance(2 * HALF_A_SECOND * 2)
    machine.screen.nudge()
    assert machine.ears.changes.acquire(timeout=PATIENCE_S)
    assert machine.screen.presenter is screen
    assert (machine.screen.reason, machine.first.closed, screen.closed) == ("KMS.", True, False)
    assert machine.opened == [0, 1, 3]


@pytest.mark.parametrize("machine", [lambda: False], indirect=True)
def test_where_none_is_wanted_none_is_asked_for(machine: Machine) -> None:
    machine.wait(5)
    assert machine.opened == [0]


def test_pictures_are_drawn_early_only_while_no_other_stream_shares_the_screen(machine: Machine) -> None:
    vsync = machine.first.next_vsync
    one, other = (Channel(n, "Anna", "interactive", Counters(n, 0), vsync, PERIOD_NS) for n in (1, 2))
    machine.screen.attach(one)
    assert one.pacer.alone
    machine.screen.attach(other)
    assert (one.pacer.alone, other.pacer.alone) == (False, False)
    machine.screen.detach(one)
    assert other.pacer.alone
