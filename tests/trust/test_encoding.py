"""lv and base64url."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.trust.encoding import EncodingError, b64decode, b64encode, lv, prepend_length


def test_the_drafts_lengths() -> None:
    assert prepend_length(b"") == b"\x00"
    assert prepend_length(b"1234") == b"\x041234"
    assert prepend_length(bytes(range(127)))[:2] == b"\x7f\x00"
    assert prepend_length(bytes(range(128)))[:3] == b"\x80\x01\x00"
    assert lv(b"1234", b"5", b"", b"678") == bytes.fromhex("043132333401350003363738")
    assert lv("é") == b"\x02\xc3\xa9"


@given(st.lists(st.binary(max_size=300), max_size=4), st.lists(st.binary(max_size=300), max_size=4))
def test_lv_is_injective(left: list[bytes], right: list[bytes]) -> None:
    assert (lv(*left) == lv(*right)) == (left == right)


@given(st.binary(max_size=80))
def test_base64url_round_trips(data: bytes) -> None:
    assert b64decode(b64encode(data), len(data), "field") == data


@given(st.text(max_size=30), st.integers(0, 24))
def test_any_text_is_the_canonical_encoding_or_an_encoding_error(text: str, length: int) -> None:
    try:
        decoded = b64decode(text, length, "field")
    except EncodingError:
        return
    assert b64encode(decoded) == text


@pytest.mark.parametrize("text", ["AA==", "AB", "A+", "A", "AAA", "A\n", "é0"])
def test_other_spellings_of_one_byte_are_refused(text: str) -> None:
    with pytest.raises(EncodingError):
        b64decode(text, 1, "field")
