"""Frame rates that do not divide the screen's, on simulated clocks."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.pace.cadence import Cadence
from receiver.pace.pacer import Pacer
from tests.peers.cinema import MS, Cast, Mode, Screen, Shown, judder, play, screen

FILM, NTSC = 24_000 / 1001, 30_000 / 1001
SETTLED_S = 6
SLIPS_PER_S = (1000 + 400) * 1e-6 * 6 * 50
"""Of 59.94 on 50, which has the six places of 60 on 50 and drifts along them, and two clocks at 200 ppm either way."""


def shown(cast: Cast, tv: Screen, mode: Mode = "smooth") -> list[Shown]:
    """What is on the glass once the start is over."""
    pictures = list(play(cast, tv, Pacer(mode, tv.next_vsync, tv.period), late_ms=1))
    return [picture for picture in pictures if picture.number > cast.fps * SETTLED_S]


def stands(pictures: list[Shown]) -> list[int]:
    """For how many VSyncs each picture stands."""
    return [after.vsync - picture.vsync for picture, after in itertools.pairwise(pictures)]


@pytest.mark.parametrize(
    ("fps", "hz", "pattern"),
    [
        (24, 60, {2, 3}),
        (25, 60, {2, 3}),
        (30, 60, {2}),
        (50, 60, {1, 2}),
        (60, 60, {1}),
        (25, 50, {2}),
        (30, 50, {1, 2}),
        (60, 50, {1}),
    ],
)
def test_the_cadence_is_the_ideal_one_under_milliseconds_of_jitter(fps: float, hz: float, pattern: set[int]) -> None:
    tv = screen(hz)
    pictures = shown(Cast(fps, 60, jitter_ms=6), tv)
    counts = stands(pictures)
    assert set(counts) == pattern
    if fps == 24:
        assert all(a + b == 5 for a, b in itertools.pairwise(counts)), "3:2 without a break"
    assert judder(pictures, fps, tv)[1:] == (0, 0)


@settings(max_examples=25)
@given(
    fps=st.sampled_from([FILM, 24, 25, NTSC, 30, 50, 2 * NTSC, 60]),
    hz=st.sampled_from([50, 60]),
    sender_ppm=st.floats(-200, 200),
    screen_ppm=st.floats(-200, 200),
    jitter_ms=st.floats(0, 8),
    rough_ms=st.floats(0, 0.5),
    seed=st.integers(0, 1000),
)
def test_no_rate_drift_or_jitter_breaks_the_cadence_but_where_the_clocks_slip(
    fps: float, hz: float, sender_ppm: float, screen_ppm: float, jitter_ms: float, rough_ms: float, seed: int
) -> None:
    tv = screen(hz, screen_ppm)
    cast = Cast(fps, 40, ppm=sender_ppm, jitter_ms=jitter_ms, rough_ms=rough_ms, seed=seed)
    pictures = shown(cast, tv)
    assert judder(pictures, fps, tv, sender_ppm).share < 0.05, "it takes a second to follow a slip, of 34"
    slips = (40 - SETTLED_S) * (SLIPS_PER_S if (fps, hz) == (2 * NTSC, 50) else 0)  # each may leave a VSync out
    assert len(pictures) > 0.998 * min(hz, fps) * (40 - SETTLED_S) - 4 - slips


def test_two_clocks_slip_by_one_step_at_a_time() -> None:
    """At 400 ppm 30 on 60 has a VSync too many every 42 s, and not one judder more."""
    tv = screen(60, 200)
    counts = stands(shown(Cast(30, 600, ppm=-200, jitter_ms=4), tv))
    odd = [count for count in counts if count != 2]
    assert set(odd) <= {1, 3}
    assert len(odd) <= 600 * 400e-6 / 0.016_667 + 2


def test_film_slips_half_a_vsync_at_a_time() -> None:
    tv = screen(60)
    counts = stands(shown(Cast(FILM, 120, jitter_ms=4), tv))
    same = sum(a == b for a, b in itertools.pairwise(counts))
    assert same <= (120 - SETTLED_S) * 0.001 / (0.016_667 / 2) + 2


def test_rough_timestamps_do_not_shake_a_rate_that_divides_the_screens() -> None:
    for fps in (30, 60):
        tv = screen(60)
        assert judder(shown(Cast(fps, 60, jitter_ms=6, rough_ms=3), tv), fps, tv)[1:] == (0, 0)


def test_without_a_vsync_there_is_nothing_to_hold() -> None:
    cadence = Cadence(lambda after: after)
    cadence.follow(0, 5 * MS)
    assert cadence.offset is None


@given(st.lists(st.tuples(st.integers(0, 2**62), st.integers(-(2**62), 2**62)), min_size=1, max_size=60))
def test_the_held_offset_keeps_to_the_wanted_one_whatever_comes(frames: list[tuple[int, int]]) -> None:
    tv = screen(60)
    cadence = Cadence(tv.next_vsync)
    for pts, wanted in frames:
        cadence.follow(pts, wanted)
        assert cadence.offset is not None
        assert 0 <= cadence.offset - wanted <= 1.5 * tv.period
