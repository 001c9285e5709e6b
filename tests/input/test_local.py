"""The display's own keyboards. Real ones are in tests/vm/input."""

import struct
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from receiver.input.local import LocalInputs, pressed


def event(kind: int, code: int, value: int) -> bytes:
    return struct.pack("llHHi", 1, 2, kind, code, value)


def test_a_key_counts_and_a_button_does_not() -> None:
    assert pressed(event(4, 4, 30) + event(1, 30, 1) + event(0, 0, 0))
    assert pressed(event(1, 0x161, 1)), "of a remote"
    assert not pressed(event(1, 0x110, 1)), "a mouse's"
    assert not pressed(event(1, 30, 2) + event(1, 30, 0))


@given(st.binary(max_size=100))
def test_anything_may_be_read(data: bytes) -> None:
    assert pressed(data) in (True, False)


def test_what_is_no_keyboard_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "event0").write_bytes(b"")
    keys = LocalInputs(lambda name: None, folder=tmp_path)
    keys.look()
    assert keys.count == 0
