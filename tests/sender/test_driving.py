"""Controlling a display from the command line, before a real one that drives nothing."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.sender.driving import BadWord, Step, steps
from tests.peers.box import Box
from tests.sender.conftest import Person


@pytest.mark.parametrize(
    ("word", "step"),
    [
        ("key:Enter", Step({"kind": "key", "code": "Enter"})),
        ("text:a: b", Step({"kind": "text", "text": "a: b"})),
        ("tap:0.5,1", Step({"kind": "mouse-click", "x": 0.5, "y": 1.0})),
        ("click:0,0", Step({"kind": "pointer", "x": 0.0, "y": 0.0, "action": "click"})),
        ("wheel:-2.5", Step({"kind": "wheel", "dy": -2.5})),
        ("hold:ArrowUp,2", Step({"kind": "key", "code": "ArrowUp", "action": "down"}, hold_s=2)),
        ("wait:1", Step(wait_s=1)),
    ],
)
def test_words(word: str, step: Step) -> None:
    assert steps(word) == [step]


@pytest.mark.parametrize(
    ("word", "why"),
    [
        *(("Enter", "is no event"), ("key:Power", "there is no key 'Power'"), ("tap:1", "a place is X,Y")),
        *(("tap:2,0", "x"), ("wait:61", "from 0 to 60"), ("wheel:many", "could not convert"), ("shout:x", "no shout")),
    ],
)
def test_what_is_no_event_says_what_would_be(word: str, why: str) -> None:
    with pytest.raises(BadWord, match=why.replace("$", r"\$")):
        steps(word)


@given(st.text())
def test_any_word_is_an_event_or_not(word: str) -> None:
    with suppress(BadWord):
        steps(word)


async def test_an_owner_drives(tv: Box, person: Person) -> None:
    await tv.until(lambda status: status["input"]["able"])
    async with person("input", "key:Enter", "text:Hello", "tap:0.5,0.5", "hold:ArrowUp,0.1") as sender:
        assert await sender.ends() == 0, sender.told
    state = (await tv.status())["input"]
    assert (state["carried"], state["granted"]) == (5, [])


async def test_a_word_that_is_none_is_told_before_anything_is_done(person: Person, tv: Box) -> None:
    async with person("pair") as sender:
        assert await sender.ends() == 0
    async with person("input", "key:Nowhere") as sender:
        assert await sender.ends() == 2
    assert "there is no key 'Nowhere'" in sender.told
