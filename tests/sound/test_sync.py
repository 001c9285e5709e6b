"""The pure core: when, how fast, and without a click."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.sound.buffer import CAPACITY, SampleBuffer
from receiver.sound.rate import MAX_PULL, RateControl
from receiver.sound.resample import interpolate
from receiver.sound.sync import MAX_DELAY, Sync
from receiver.sound.window import Window

MS = 1_000_000
RATE = 48_000
STEP_NS = 20 * MS


@pytest.mark.parametrize("captured", [True, False])
@pytest.mark.parametrize("ppm", [200, -200])
def test_an_hour_of_drift_stays_within_five_milliseconds(ppm: int, captured: bool) -> None:
    rng = random.Random(ppm)
    sync, rate = Sync(), RateControl()
    slow = 1 + ppm * 1e-6
    picture = 150 * MS
    position: float | None = None
    worst = 0.0
    levels: list[float] = []
    i, complete = 0, 60 * MS
    for asked in range(100 * MS, 3600 * 1000 * MS, STEP_NS):
        while complete <= asked:
            sync.arrived(i * 960, complete, round(i * STEP_NS * slow) if captured else None)
            i += 1
            complete = round((i + 1) * STEP_NS * slow) + 20 * MS + rng.randrange(8 * MS)
        if captured and asked % (200 * MS) == 0:
            sync.saw(asked, picture + rng.randrange(-8 * MS, 8 * MS))
        heard = asked + 20 * MS + rng.randrange(MS)
        sync.asked(asked, heard, STEP_NS)
        wanted = sync.position(heard)
        assert wanted is not None
        position = wanted if position is None else position
        if asked > 60_000 * MS:
            delay = heard - position * 1e9 / RATE * slow
            worst = max(worst, abs(delay - (picture if captured else 50 * MS + sync.device_ns())))
            levels.append(i * 960 - position)
        position += 960 * rate.step((position - wanted) / RATE, STEP_NS / 1e9)
    assert worst < 5 * MS
    assert sum(level < 960 for level in levels) <= 5, "what does not wait for the very last one may be concealed"
    assert max(levels) < RATE // 5


def test_a_stall_once_does_not_raise_the_jitter_but_repeated_lateness_does() -> None:
    sync = Sync()
    for i in range(500):
        sync.arrived(i * 960, i * STEP_NS + (250 * MS if i == 400 else 0), None)
    assert sync.jitter_ns() == 10 * MS
    for i in range(500, 2000):
        sync.arrived(i * 960, i * STEP_NS + (80 * MS if i % 50 == 0 else 0), None)
    assert sync.jitter_ns() == 80 * MS


@given(
    st.lists(
        st.tuples(
            st.integers(-(2**44), 2**44),
            st.integers(0, 2**60),
            st.none() | st.integers(-(2**62), 2**62),
            st.none() | st.integers(-(2**62), 2**62),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_no_times_whatever_delay_sound_beyond_the_bound(steps: list[tuple[int, int, int | None, int | None]]) -> None:
    sync = Sync()
    for timestamp, complete, capture, picture in steps:
        sync.arrived(timestamp, complete, capture)
        sync.saw(complete, picture)
        assert 0 <= sync.hold_ns <= MAX_DELAY
        offset = sync.offset_ns()
        assert offset is not None
        assert offset <= complete - timestamp * 62_500 // 3 + MAX_DELAY


@given(st.floats(-1, 1), st.floats(0.001, 0.1))
def test_the_pull_is_bounded(ahead: float, elapsed: float) -> None:
    rate = RateControl()
    for _ in range(50):
        assert abs(rate.step(ahead, elapsed) - 1) <= MAX_PULL + 1e-12


@given(st.floats(1 - MAX_PULL, 1 + MAX_PULL), st.floats(20, 4_000), st.floats(0, 1))
def test_reading_at_any_speed_keeps_a_sine_smooth(ratio: float, hz: float, phase: float) -> None:
    t = np.arange(4_800)
    wave = 10_000 * np.sin(2 * np.pi * hz * t / RATE)
    samples = np.stack([wave, wave], axis=1).astype(np.int16)
    out = interpolate(samples, 1 + phase + ratio * np.arange(4_700, dtype=np.float64))[:, 0]
    # A sine's second difference is its height times the square of its step; the cubic and rounding may add a little.
    bound = 10_000 * (2 * np.pi * hz * ratio / RATE) ** 2
    assert np.abs(np.diff(out, 2)).max() < 1.25 * bound + 8


@given(st.floats(1 - MAX_PULL, 1 + MAX_PULL), st.lists(st.integers(1, 700), min_size=1, max_size=20))
def test_reading_in_blocks_is_reading_at_once(ratio: float, sizes: list[int]) -> None:
    rng = np.random.default_rng(1)
    samples = rng.integers(-9_000, 9_000, (16_000, 2)).astype(np.int16)
    one, many = SampleBuffer(), SampleBuffer()
    for buffer in (one, many):
        buffer.write(samples, 1_000)
    position, parts = 1_001.25, []
    for n in sizes:
        assert many.ready(position, n, ratio) == n
        parts.append(many.read(position, n, ratio))
        position += n * ratio
    whole = one.read(1_001.25, sum(sizes), ratio)
    assert np.allclose(np.concatenate(parts), whole, atol=0.5)


@given(st.lists(st.tuples(st.integers(-(2**44), 2**44) | st.integers(0, 200_000), st.integers(0, 5_760)), max_size=30))
def test_the_buffer_is_bounded_whatever_comes(writes: list[tuple[int, int]]) -> None:
    buffer = SampleBuffer()
    for timestamp, n in writes:
        dropped = buffer.write(np.ones((n, 2), np.int16), timestamp)
        assert set(dropped) <= {"sound_late", "sound_overflow"}
        assert 0 <= buffer.end - buffer.start <= CAPACITY


def test_what_was_heard_or_is_there_is_dropped_as_late() -> None:
    buffer = SampleBuffer()
    buffer.write(np.ones((960, 2), np.int16), 0)
    assert buffer.write(np.ones((960, 2), np.int16), 480) == {"sound_late": 480}
    assert buffer.write(np.ones((960, 2), np.int16), 0) == {"sound_late": 960}
    assert buffer.end == 1440


def test_an_empty_window_has_no_extremes() -> None:
    with pytest.raises(ValueError, match="no largest"):
        Window(4).high()
