"""Parameters: typed, bounded, and refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ddp import messages
from receiver.ddp.codes import Refusal
from receiver.ddp.names import MAX_NAME, clean_name

KINDS = messages.Params.__subclasses__()


def test_a_candidate_as_browsers_send_it() -> None:
    trickled = messages.read({"candidate": "", "sdpMid": None, "sdpMLineIndex": None}, messages.RtcCandidate)
    assert (trickled.candidate, trickled.sdpMid, trickled.sdpMLineIndex) == ("", None, None)


@pytest.mark.parametrize(
    ("params", "kind", "words"),
    [
        ({}, messages.PairShare, "share"),
        ({"method": "face"}, messages.PairStart, r"\$.method"),
        ({"sdp": ""}, messages.RtcOffer, ">= 1"),
        ({"sdp": "v", "x": 1}, messages.RtcOffer, "`x`"),
        ({"candidate": "c", "sdpMLineIndex": -1}, messages.RtcCandidate, ">= 0"),
        ({"reason": 5}, messages.Bye, "str"),
        ({"anything": 1}, messages.Nothing, "anything"),
    ],
)
def test_a_refusal_names_the_field(params: dict[str, object], kind: type[messages.Params], words: str) -> None:
    with pytest.raises(Refusal, match=words) as refused:
        messages.read(params, kind)
    assert refused.value.code == -32602


@given(
    st.sampled_from(KINDS),
    st.dictionaries(
        st.sampled_from(["sdp", "candidate", "reason", "share", "mac", "sig", "method", "jwk", "name", "nonce", "x"]),
        st.none() | st.integers() | st.text(max_size=10) | st.lists(st.integers(), max_size=2),
    ),
)
def test_any_params_are_read_or_refused(kind: type[messages.Params], params: dict[str, object]) -> None:
    try:
        messages.read(params, kind)
    except Refusal as refused:
        if refused.code != -32602:
            raise


@pytest.mark.parametrize("name", ["Alice", "Ólafur’s MacBook", "会議室", "👩‍💻 desk", "x" * MAX_NAME, "नमस्ते", "שלום"])
def test_names_people_have(name: str) -> None:
    assert clean_name(f"  {name} ") == name


@pytest.mark.parametrize(
    "name",
    ["", "   ", "x" * 65, "a\x00", "a\tb", "a\u202eb", "a\u2066b", "a\u200bb", "a\u2028b", "\ue000", "\ud800", "\u200d",
     "z" + "\u0301" * 9, "\u0301"],
)  # fmt: skip
def test_names_that_deceive(name: str) -> None:
    with pytest.raises(Refusal, match="name"):
        clean_name(name)


@given(st.text(max_size=100))
def test_any_name_is_clean_or_refused(name: str) -> None:
    try:
        clean = clean_name(name)
    except Refusal:
        return
    assert 1 <= len(clean) <= MAX_NAME
    assert clean_name(clean) == clean
    clean.encode("utf-8")
