"""The keyframe gate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.decode.gate import PATIENCE_NS, REPEAT_NS, KeyframeGate
from receiver.media import EncodedFrame

START = 10**12


def frame(keyframe: bool, discontinuity: bool = False) -> EncodedFrame:
    return EncodedFrame(1, "video", "VP8", 0, b"", keyframe, discontinuity, 0, 0)


def test_a_new_stream_is_given_a_moment_to_begin_by_itself() -> None:
    gate = KeyframeGate(START)
    assert gate.request(START + PATIENCE_NS - 1) is None
    assert gate.request(START + PATIENCE_NS) == "attached"


def test_a_stream_that_goes_on_without_a_keyframe_is_asked_at_once() -> None:
    gate = KeyframeGate(START)
    assert not gate.admit(frame(False), START + 1)
    assert gate.request(START + 1) == "attached"
    assert not gate.admit(frame(False), START + 2)
    assert gate.request(START + 2) is None


def test_an_open_gate_asks_nothing() -> None:
    gate = KeyframeGate(START)
    assert gate.admit(frame(True), START)
    assert gate.deadline() is None
    assert gate.request(START + 10 * REPEAT_NS) is None
    assert gate.admit(frame(False), START)
    assert gate.admit(frame(True, discontinuity=True), START), "a keyframe heals a loss"


@pytest.mark.parametrize("cause", ["decode_error", "discontinuity"])
def test_a_request_is_repeated_until_a_keyframe_comes(cause: str) -> None:
    gate = KeyframeGate(START)
    gate.admit(frame(True), START)
    if cause == "discontinuity":
        assert not gate.admit(frame(False, discontinuity=True), START)
    else:
        gate.shut(cause, START)
    now = START
    for _ in range(5):
        assert gate.request(now) == cause
        assert gate.request(now) is None
        due = gate.deadline()
        assert due is not None
        now = due
    assert now == START + 5 * REPEAT_NS
    assert gate.admit(frame(True), now)
    assert gate.request(now) is None


def test_a_second_fault_does_not_hurry_the_next_request() -> None:
    gate = KeyframeGate(START)
    gate.admit(frame(True), START)
    gate.shut("decode_error", START)
    assert gate.request(START) == "decode_error"
    gate.shut("decoder_behind", START + 1)
    assert gate.request(START + 1) is None


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 10**9)), max_size=60))
def test_nothing_passes_between_a_loss_and_a_keyframe(events: list[tuple[bool, bool, int]]) -> None:
    gate, now, healthy = KeyframeGate(START), START, False
    for keyframe, discontinuity, step in events:
        now += step
        healthy = keyframe or (healthy and not discontinuity)
        assert gate.admit(frame(keyframe, discontinuity), now) == healthy
