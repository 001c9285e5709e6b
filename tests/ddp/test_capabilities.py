"""Capabilities: RFC 9651, intersection in our order, and what is missing said in words."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ddp.capabilities import CapabilityError, intersect, parse_capability
from receiver.ddp.codes import Refusal

OURS = parse_capability('ddp=2.1, transport=(ws h2), display=(mirror), codecs=("VP8" "H264"), pair=(cpace)')
MANDATORY = frozenset({"codecs", "pair"})


def test_the_example_of_section_1() -> None:
    text = (
        "ddp=2.1, transport=(ws h2), compression=(gzip br), display=(mirror extend cast), "
        'codecs=("H264" "VP8" "VP9" "AV1"), pair=(cpace)'
    )
    theirs = parse_capability(text)
    assert theirs.ddp == Decimal("2.1")
    assert str(theirs) == text
    common = intersect(OURS, theirs, MANDATORY)
    assert str(common) == 'ddp=2.1, transport=(ws h2), display=(mirror), codecs=("VP8" "H264"), pair=(cpace)'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "ddp=2.1"),
        ("pair=(cpace)", "ddp=2.1"),
        ("ddp=two", "ddp=2.1"),
        ("ddp", "ddp=2.1"),
        ("ddp=2.1, x=(", "RFC 9651"),
        ("ddp=2.1é", "RFC 9651"),
        ("ddp=2.1," + "x" * 1024, "1024"),
    ],
)
def test_what_can_not_be_read(text: str, words: str) -> None:
    with pytest.raises(CapabilityError, match=words):
        parse_capability(text)


def test_unknown_keys_and_kinds_are_left_out() -> None:
    theirs = parse_capability('ddp=2, new=(a b), codecs=("VP8");q=1, pair=(cpace), odd=5, mixed=(1 2), flag')
    assert intersect(OURS, theirs, MANDATORY).lists == {"codecs": ("VP8",), "pair": theirs.lists["pair"]}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('ddp=2.1, codecs=("H265"), pair=(cpace)', "codecs"),
        ('ddp=2.1, codecs=("VP8")', "pair"),
        ('ddp=1.0, codecs=("VP8"), pair=(cpace)', "ddp"),
    ],
)
def test_nothing_in_common_says_what_was_offered_and_needed(text: str, key: str) -> None:
    with pytest.raises(Refusal) as refused:
        intersect(OURS, parse_capability(text), MANDATORY)
    assert refused.value.code == -32010
    assert refused.value.data["key"] == key
    assert {"offered", "needed"} <= set(refused.value.data)


@given(st.text(max_size=100))
def test_any_text_is_a_capability_or_a_capability_error(text: str) -> None:
    try:
        parse_capability(text)
    except CapabilityError:
        return


@given(st.text(alphabet='ddp=2.1, ();"?:@*abc', max_size=60))
def test_anything_near_the_grammar_is_a_capability_or_a_capability_error(text: str) -> None:
    try:
        capability = parse_capability("ddp=2.1, " + text)
    except CapabilityError:
        return
    assert parse_capability(str(capability)) == capability
