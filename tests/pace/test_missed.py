"""Every miss has one cause: the first step that came too late."""

from typing import NamedTuple

import pytest

from receiver.pace.missed import Due, missed
from receiver.pace.pacer import Pacer

MS = 1_000_000
PERIOD = 16 * MS
VSYNC = 160 * MS
DUE = Due(VSYNC, VSYNC - 3 * MS, VSYNC - 20 * MS)


class Flip(NamedTuple):
    handed_ns: int
    taken_ns: int
    on_screen_ns: int
    told_ns: int


def flip(handed: int, taken: int, on_screen: int, told: int) -> Flip:
    """In ms about the VSync."""
    return Flip(*(VSYNC + ms * MS for ms in (handed, taken, on_screen, told)))


NEXT = flip(-5, -4, 16, 17)
BEFORE = flip(-30, -29, -16, -15)


@pytest.mark.parametrize(
    ("cause", "due", "begun", "shown", "before"),
    [
        (None, DUE, -8, flip(-5, -4, 0, 1), BEFORE),
        (None, DUE, 1, flip(2, 3, 7, 8), None),  # no grid, and less than half a period late
        ("ready_late", DUE._replace(ready_ns=VSYNC - 2 * MS), 1, NEXT, BEFORE),
        ("told_late", DUE, -1, NEXT, flip(-30, -29, -16, -2)),
        ("woken_late", DUE, -1, NEXT, BEFORE),
        ("woken_late", DUE, -1, NEXT, flip(-30, -29, -4, -2)),  # that flip itself was late
        ("woken_late", DUE, 17, flip(18, 19, 32, 33), None),
        ("drawn_late", DUE, -8, flip(1, 2, 16, 17), BEFORE),
        ("taken_late", DUE, -8, flip(-5, 2, 16, 17), BEFORE),
        ("driver_late", DUE, -8, NEXT, BEFORE),
    ],
)
def test_the_first_step_that_was_late_is_the_cause(
    cause: str | None, due: Due, begun: int, shown: Flip, before: Flip | None
) -> None:
    assert missed(due, VSYNC + begun * MS, shown, before, PERIOD) == cause


def test_a_picture_is_due_at_its_deadline() -> None:
    def grid(after: int) -> int:
        return after + -after % PERIOD

    pacer: Pacer[int] = Pacer("interactive", grid, PERIOD)
    for number in range(30):
        arrival = number * 2 * PERIOD
        pacer.push(number, number * 2 * PERIOD * 9 // 100_000, arrival, arrival + MS)
        wake = pacer.wake_at(arrival + MS)
        assert wake is not None
        choice = pacer.choose(max(wake, arrival + MS))
        assert choice is not None
        assert choice.item == number
        if number < 29:
            pacer.rendered(2 * MS)
    assert choice is not None
    assert choice.due == Due(arrival + PERIOD, arrival + PERIOD - pacer.render_ns, arrival + MS)
