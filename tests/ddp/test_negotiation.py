"""The steps of capability negotiation, as a table."""

import itertools
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ddp.capabilities import CapabilityError, parse_capability
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.negotiation import TRANSITIONS, Event, Negotiation, NegotiationOutOfOrder, State

OURS = parse_capability('ddp=2.1, transport=(ws h2), display=(mirror), codecs=("VP8" "H264"), pair=(cpace)')
THEIRS = 'ddp=2.1, transport=(ws), display=(mirror), codecs=("H264" "VP9"), pair=(cpace)'


def test_what_both_have_leads_to_connect() -> None:
    negotiation = Negotiation(OURS)
    before = negotiation.state
    assert negotiation.settle(THEIRS).lists["codecs"] == ("H264",)
    assert (before, negotiation.state) == ("discover", "connect")


def test_nothing_in_common_is_refused_with_both_sides() -> None:
    negotiation = Negotiation(OURS)
    with pytest.raises(Refusal) as refused:
        negotiation.settle(THEIRS.replace('"H264" "VP9"', '"AV1"'))
    assert refused.value.code is ErrorCode.NO_COMMON_CAPABILITY
    assert refused.value.data["offered"] == ["AV1"]
    assert refused.value.data["needed"] == ["VP8", "H264"]
    assert negotiation.state == "refused"


def test_a_sender_without_webrtc_names_no_codec_and_casts_addresses() -> None:
    ours = parse_capability(str(OURS).replace("(mirror)", "(mirror extend cast)"))
    theirs = "ddp=2.1, transport=(ws), {}, pair=(cpace)"
    assert Negotiation(ours).settle(theirs.format("display=(cast)")).lists["display"] == ("cast",)
    with pytest.raises(Refusal, match="no codecs"):
        Negotiation(ours).settle(theirs.format("display=(mirror cast)"))
    with pytest.raises(Refusal, match="no display"):
        Negotiation(OURS).settle(theirs.format("display=(cast)"))


def test_it_happens_once() -> None:
    for ended in (Negotiation(OURS), Negotiation(OURS)):
        ended.settle(THEIRS)
        with pytest.raises(NegotiationOutOfOrder, match="Connect again"):
            ended.settle(THEIRS)
        with pytest.raises(NegotiationOutOfOrder):
            ended.refused()


def test_every_step_is_in_the_table_or_an_error() -> None:
    for state, event in itertools.product(get_args(State), get_args(Event)):
        negotiation = Negotiation(OURS)
        negotiation.state = state
        if (state, event) in TRANSITIONS:
            negotiation._move(event)
            assert negotiation.state == TRANSITIONS[state, event]
        else:
            with pytest.raises(NegotiationOutOfOrder):
                negotiation._move(event)


@given(st.text())
def test_any_text_ends_in_connect_or_in_a_refusal(text: str) -> None:
    negotiation = Negotiation(OURS)
    try:
        negotiation.settle(text)
    except (CapabilityError, Refusal):
        assert negotiation.state == "refused"
    else:
        assert negotiation.state == "connect"
