"""Which rate the screen takes for a film."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.pace.refresh import BACK_NS, FITS, FilmRate, Steady, fitting, off

TV = (60_000, 59_940, 50_000, 30_000, 25_000, 24_000, 23_976)
S = 1_000_000_000


def interval(rate: float) -> float:
    return 1e9 / rate


@pytest.mark.parametrize(
    ("content", "present", "chosen"),
    [
        (25, 60_000, 50_000),
        (50, 60_000, 50_000),
        (24, 60_000, 24_000),
        (24_000 / 1001, 60_000, 23_976),
        (24_000 / 1001, 24_000, None),
        (30, 60_000, None),
        (30_000 / 1001, 60_000, None),
        (30, 50_000, 60_000),
        (60_000 / 1001, 50_000, 59_940),
        (25, 25_000, None),
        (48, 60_000, None),
        (15, 60_000, None),
    ],
)
def test_the_rate_of_a_film(content: float, present: int, chosen: int | None) -> None:
    assert fitting(interval(content), TV, present) == chosen


def test_the_fastest_of_those_that_fit_as_well() -> None:
    assert fitting(interval(24), (60_000, 120_000, 24_000), 60_000) == 120_000
    assert fitting(interval(24), (60_000, 23_976), 60_000) == 23_976, "nearly is better than not at all"


@given(st.floats(20, 120), st.lists(st.integers(20_000, 240_000)), st.integers(20_000, 240_000))
def test_what_is_chosen_fits_and_stays(content: float, rates: list[int], present: int) -> None:
    chosen = fitting(interval(content), rates, present)
    if chosen is None:
        assert off(present, interval(content)) <= FITS or all(off(rate, interval(content)) > FITS for rate in rates)
    else:
        assert chosen in rates
        assert off(chosen, interval(content)) <= FITS < off(present, interval(content))
        assert fitting(interval(content), rates, chosen) is None


@pytest.mark.parametrize("rate", [24_000 / 1001, 24, 25, 30, 50, 60])
def test_a_film_is_steady_also_in_whole_milliseconds(rate: float) -> None:
    steady = Steady()
    for picture in range(round(rate * 2.9)):
        steady.follow(round(picture * 1000 / rate) * 1_000_000)
        assert steady.interval_ns is None
    for picture in range(round(rate * 2.9), round(rate * 10)):
        steady.follow(round(picture * 1000 / rate) * 1_000_000)
    assert steady.interval_ns == pytest.approx(1e9 / rate, rel=4e-4)


def test_a_desktop_is_not() -> None:
    chance = random.Random(1)
    steady, at = Steady(), 0.0
    for _ in range(600):
        at += 1 / 30 + chance.gauss(0, 0.004)
        steady.follow(round(at * S))
        assert steady.interval_ns is None
    for step in range(100):
        steady.follow(round(at * S) + step * S)
        assert steady.interval_ns is None, "a still slide"


def test_a_jump_begins_anew() -> None:
    steady = Steady()
    for picture in range(100):
        steady.follow(picture * S // 25)
    assert steady.interval_ns == S // 25
    for picture in range(70):
        steady.follow(50 * S + picture * S // 25)
        assert steady.interval_ns is None


def test_there_and_back() -> None:
    choice = FilmRate()
    assert choice.wanted(0, False, None, TV, 60_000, 60_000) is None
    assert choice.wanted(S, True, None, TV, 60_000, 60_000) is None, "not before it is known"
    assert choice.wanted(4 * S, True, interval(25), TV, 60_000, 60_000) == 50_000
    assert choice.wanted(5 * S, True, interval(25), TV, 50_000, 60_000) is None
    assert choice.wanted(6 * S, True, None, TV, 50_000, 60_000) is None, "paused, or sought"
    assert choice.wanted(7 * S, False, None, TV, 50_000, 60_000) is None
    assert choice.wanted(7 * S + 1, True, None, TV, 50_000, 60_000) is None, "the next one of a list"
    assert choice.wanted(8 * S, False, None, TV, 50_000, 60_000) is None
    assert choice.wanted(8 * S + BACK_NS, False, None, TV, 50_000, 60_000) == 60_000
    assert choice.wanted(8 * S + 2 * BACK_NS, False, None, TV, 60_000, 60_000) is None
