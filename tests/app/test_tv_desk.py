"""What the TV is told of what goes on, and what its remote control does."""

import time

from receiver.app.tv_desk import REMOTE, TvDesk
from receiver.clock import FakeClock
from receiver.input.tv import TvSchedule
from receiver.link import TvKey, TvState

MINUTE = 60_000_000_000
NOON = time.struct_time((2026, 11, 27, 12, 0, 0, 4, 331, 0))


class Television:
    tv: TvState | None = None

    def __init__(self) -> None:
        self.told: list[bool] = []

    def turn_tv(self, on: bool) -> None:
        self.told.append(on)


class Question:
    def __init__(self, asking: bool) -> None:
        self.asking = asking
        self.answers: list[bool] = []

    def answer_here(self, yes: bool, by: str) -> bool:
        assert by == REMOTE
        if self.asking:
            self.answers.append(yes)
        return self.asking


class House:
    """A desk, and what it looks at."""

    def __init__(self) -> None:
        self.needed = self.dark = False
        self.television, self.clock = Television(), FakeClock()
        schedule = TvSchedule(standby_ns=5 * MINUTE)
        self.desk = TvDesk(self.television, schedule, self.clock, lambda: self.needed, lambda: self.dark)

    def look(self, minutes: float = 0) -> list[bool]:
        self.clock.advance(round(minutes * MINUTE))
        self.desk.look(NOON)
        told, self.television.told = self.television.told, []
        return told


def test_it_is_on_while_it_is_needed_and_off_some_time_later() -> None:
    house = House()
    assert house.look() == []
    house.needed = True
    assert house.look() == [True]
    house.needed = False
    assert house.look() == []
    assert house.look(6) == [False]


def test_the_power_command_reaches_it() -> None:
    house = House()
    house.dark = True
    assert house.look() == [False]
    house.dark = False
    assert house.look() == [True]


def test_ok_and_back_answer_what_the_tv_asks() -> None:
    house = House()
    idle, asking = Question(False), Question(True)
    others: list[str] = []
    house.desk.askers, house.desk.on_other_key = (idle, asking), others.append
    for name in ("select", "back"):
        house.desk.key(TvKey(name, True))
        house.desk.key(TvKey(name, False))
    assert asking.answers == [True, False]
    assert others == []


def test_what_is_no_answer_may_be_for_a_sender_and_ends_remote_control_first() -> None:
    house = House()
    told: list[object] = []
    house.desk.askers = (Question(True),)
    house.desk.on_other_key, house.desk.on_key = told.append, told.append
    for name in ("select", "up"):
        house.desk.key(TvKey(name, True))
    assert told == [REMOTE, TvKey("up", True)], "OK answered what the TV asked"
    house.desk.key(TvKey("up", False))
    assert told[-1] == TvKey("up", False)


def test_a_held_key_is_told_again_but_answers_and_ends_nothing_anew() -> None:
    house = House()
    told: list[object] = []
    question = Question(True)
    house.desk.askers = (question,)
    house.desk.on_other_key, house.desk.on_key = told.append, told.append
    held = [TvKey("select", True), TvKey("select", True, again=True), TvKey("select", False)]
    for key in held:
        house.desk.key(key)
    assert (question.answers, told) == ([True], []), "what answers is for nobody else, however long it is held"
    question.asking = False
    for key in held:
        house.desk.key(key)
    assert told == [REMOTE, *held]


def test_any_other_key_and_ok_without_a_question_end_remote_control() -> None:
    house = House()
    others: list[str] = []
    house.desk.askers, house.desk.on_other_key = (Question(False),), others.append
    for name in ("up", "select"):
        house.desk.key(TvKey(name, True))
        house.desk.key(TvKey(name, False))
    assert others == [REMOTE, REMOTE]


def test_the_status_says_why_there_is_no_tv() -> None:
    house = House()
    assert "just starting" in str(house.desk.status()["reason"])
    house.television.tv = TvState(False, "This machine has no CEC adapter.")
    assert house.desk.status()["reason"] == "This machine has no CEC adapter."
