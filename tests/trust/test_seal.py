"""Sealed frames: round trip, order, direction, session, and every bit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.trust.seal import OVERHEAD, Opener, Sealer, SealError

KEY, SESSION = bytes(range(32)), bytes(16)


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_frames_open_in_order(messages: list[bytes]) -> None:
    sealer, opener = Sealer(KEY, SESSION), Opener(KEY, SESSION)
    for message in messages:
        frame = sealer.seal(message)
        assert len(frame) == len(message) + OVERHEAD
        assert opener.open(frame) == message


def test_a_known_frame() -> None:
    frame = Sealer(KEY, SESSION).seal(b"{}")
    assert frame.hex() == "0000000000000000" + frame[8:].hex()
    assert Opener(KEY, SESSION).open(frame) == b"{}"


@given(st.integers(0, (OVERHEAD + 5) * 8 - 1))
def test_any_flipped_bit_is_refused(bit: int) -> None:
    frame = bytearray(Sealer(KEY, SESSION).seal(b"hello"))
    frame[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealError):
        Opener(KEY, SESSION).open(bytes(frame))


@given(st.binary(max_size=100))
def test_any_bytes_are_a_seal_error(frame: bytes) -> None:
    with pytest.raises(SealError):
        Opener(KEY, SESSION).open(frame)


def test_replayed_and_skipped_frames_are_refused() -> None:
    sealer, opener = Sealer(KEY, SESSION), Opener(KEY, SESSION)
    first = sealer.seal(b"1")
    opener.open(first)
    with pytest.raises(SealError, match="frame 0 came where frame 1"):
        opener.open(first)
    opener = Opener(KEY, SESSION)
    with pytest.raises(SealError, match="frame 1 came where frame 0"):
        opener.open(sealer.seal(b"2"))


def test_after_a_failure_nothing_opens() -> None:
    sealer, opener = Sealer(KEY, SESSION), Opener(KEY, SESSION)
    with pytest.raises(SealError):
        opener.open(b"")
    with pytest.raises(SealError, match="earlier"):
        opener.open(sealer.seal(b"1"))


@pytest.mark.parametrize(("key", "session"), [(bytes(32), SESSION), (KEY, b"\x01" * 16)])
def test_another_direction_or_session_is_refused(key: bytes, session: bytes) -> None:
    with pytest.raises(SealError):
        Opener(key, session).open(Sealer(KEY, SESSION).seal(b"1"))
