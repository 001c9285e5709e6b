"""What is made up where sound is missing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.sound.api import RATE
from receiver.sound.conceal import FADE, HISTORY, LONGEST, SHORTEST, Continuation, pitch


def sine(hz: float, n: int = HISTORY) -> np.ndarray:
    wave = (10_000 * np.sin(2 * np.pi * hz * np.arange(n) / RATE)).astype(np.float32)
    return np.stack([wave, wave], axis=1)


@pytest.mark.parametrize("hz", [90, 150, 220, 380])
def test_a_tone_goes_on_in_its_own_pitch(hz: float) -> None:
    continuation = Continuation()
    continuation.heard(sine(hz))
    made_up = continuation.carry_on(480)
    whole = np.concatenate([sine(hz)[-480:], made_up])[:, 0]
    assert np.abs(np.diff(whole, 2)).max() < 2_000, "no click where it is joined, a sine has at most 25"
    cycles = pitch(sine(hz)) * hz / RATE
    assert abs(cycles - round(cycles)) < 0.1


def test_it_fades_to_silence_and_stays_there() -> None:
    continuation = Continuation()
    continuation.heard(sine(200))
    blocks = [np.abs(continuation.carry_on(480)).max() for _ in range(FADE // 480 + 2)]
    assert blocks == sorted(blocks, reverse=True)
    assert blocks[-1] == 0


def test_nothing_is_made_up_from_silence_or_of_what_is_over() -> None:
    continuation = Continuation()
    assert not continuation.carry_on(480).any()
    continuation.heard(sine(200))
    continuation.forget()
    assert not continuation.carry_on(480).any()


@given(st.lists(st.tuples(st.integers(0, 2_000), st.floats(-40_000, 40_000), st.booleans()), max_size=30))
def test_it_is_never_louder_than_what_was_heard(steps: list[tuple[int, float, bool]]) -> None:
    continuation, loudest = Continuation(), 0.0
    for n, height, real in steps:
        if real:
            continuation.heard(np.full((n, 2), height, np.float32))
            loudest = max(loudest, abs(height))
        else:
            made_up = continuation.carry_on(n)
            assert made_up.shape == (n, 2)
            assert np.abs(made_up).max(initial=0) <= loudest * (1 + 1e-6)


@given(st.integers(0, 2**32 - 1), st.floats(0, 1e30))
def test_any_history_has_a_pitch_within_bounds(seed: int, scale: float) -> None:
    history = (np.random.default_rng(seed).standard_normal((HISTORY, 2)) * scale).astype(np.float32)
    with np.errstate(all="ignore"):
        assert SHORTEST - 4 <= pitch(history) <= LONGEST + 4
