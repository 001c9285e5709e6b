"""Who has asked to control the display, and who may."""

import itertools
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.session import consent
from receiver.session.consent import Consents, IllegalConsentEvent

EVENTS = get_args(consent.ConsentEvent)
TABLE = list(itertools.product(get_args(consent.ConsentState), EVENTS))
WAY: dict[str, tuple[consent.ConsentEvent, ...]] = {"none": (), "asking": ("ask",), "granted": ("ask", "approve")}


@pytest.mark.parametrize(("state", "event"), TABLE)
def test_the_table(state: consent.ConsentState, event: consent.ConsentEvent) -> None:
    there = Consents()
    for step in WAY[state]:
        there.handle("a", step)
    if (state, event) in consent.TRANSITIONS:
        assert there.handle("a", event) == there.state("a") == consent.TRANSITIONS[state, event]
    else:
        with pytest.raises(IllegalConsentEvent, match=f"^{event} is not possible .* this display"):
            there.handle("a", event)
        assert there.state("a") == state


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(EVENTS)), max_size=60))
def test_nobody_has_control_without_a_word_and_nothing_is_left(steps: list[tuple[str, consent.ConsentEvent]]) -> None:
    there = Consents()
    for who, event in steps:
        before = {person: there.state(person) for person in "abc"}
        try:
            there.handle(who, event)
        except IllegalConsentEvent:
            assert there.state(who) == before[who], "a refused step changes nothing"
        after = {person: there.state(person) for person in "abc"}
        assert {p: s for p, s in after.items() if p != who} == {p: s for p, s in before.items() if p != who}
        if after[who] == "granted" != before[who]:
            assert (event, before[who]) == ("approve", "asking")
        if event in ("deny", "release", "leave", "expire") and before[who] == "asking":
            assert after[who] == "none"
        for state in ("asking", "granted"):
            assert set(there.those(state)) == {person for person in "abc" if after[person] == state}
    for who in "abc":
        there.handle(who, "leave")
    assert not there._states
