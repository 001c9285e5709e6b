"""What a sender may send as an input event, and in which words it is refused."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.input.events import BadEvent, cost, placed, read, releases
from receiver.link.hands import Gamepad, Key, MouseClick, Pointer, Text, Touch, Wheel

GOOD: list[tuple[dict[str, Any], Any]] = [
    ({"kind": "key", "code": "Enter"}, Key("Enter")),
    ({"kind": "key", "code": "Ok", "action": "down"}, Key("Ok", "down")),
    ({"kind": "pointer", "x": 0, "y": 1}, Pointer(0, 1)),
    ({"kind": "pointer", "x": 0.5, "y": 0.25, "action": "click", "button": "right"}, None),
    ({"kind": "mouse-click", "x": 0.5, "y": 0.5}, MouseClick(0.5, 0.5)),
    ({"kind": "wheel", "dy": -1.5}, Wheel(0, -1.5)),
    ({"kind": "text", "text": "Hi!\n"}, Text("Hi!\n")),
    ({"kind": "touch", "finger": 9, "action": "down", "x": 0.1, "y": 0.2}, Touch(9, "down", 0.1, 0.2)),
    ({"kind": "gamepad", "buttons": [1, 0, 0.5], "axes": [-1, 1]}, Gamepad((1, 0, 0.5), (-1, 1))),
]

BAD = [
    ({}, "kind is missing; it is key, pointer"),
    ({"kind": "joystick"}, "kind is key, pointer"),
    ({"kind": "key"}, "code"),
    ({"kind": "key", "code": "Power"}, "there is no key 'Power'"),
    ({"kind": "key", "code": "\x1b[2J"}, "there is no key '?[2J'"),
    ({"kind": "key", "code": "Enter", "action": "hold"}, "action"),
    ({"kind": "key", "code": "Enter", "more": 1}, "more"),
    ({"kind": "pointer", "x": 1.01, "y": 0}, "x"),
    ({"kind": "pointer", "x": 0}, "y"),
    ({"kind": "pointer", "x": math.nan, "y": 0}, "x"),
    ({"kind": "wheel", "dy": 51}, "dy"),
    ({"kind": "text", "text": ""}, "text"),
    ({"kind": "text", "text": "a" * 257}, "text"),
    ({"kind": "text", "text": "ж"}, "'us' has no key for 'ж' (CYRILLIC SMALL LETTER ZHE)"),
    ({"kind": "text", "text": "\x1b"}, "has no key for (U+001B)"),
    ({"kind": "touch", "finger": 10, "action": "down"}, "finger"),
    ({"kind": "gamepad", "axes": [1.5]}, "axes"),
    ({"kind": "gamepad", "buttons": [0] * 18}, "buttons"),
]


@pytest.mark.parametrize(("params", "event"), GOOD)
def test_what_may_be_sent(params: dict[str, Any], event: object) -> None:
    assert event is None or read(params) == event
    assert read(params)


@pytest.mark.parametrize(("params", "words"), BAD)
def test_what_is_refused_says_why(params: dict[str, Any], words: str) -> None:
    with pytest.raises(BadEvent) as caught:
        read(params)
    assert words in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["code", "action", "x", "y", "button", "dx", "dy", "text", "finger", "buttons", "axes"])
KINDS = st.sampled_from(["key", "pointer", "mouse-click", "wheel", "text", "touch", "gamepad"])


@given(st.dictionaries(NAMES, JSON | st.floats(0, 1), max_size=6), KINDS | JSON)
def test_whatever_comes_is_an_event_or_a_refusal(params: dict[str, Any], kind: object) -> None:
    try:
        event = read({**params, "kind": kind})
    except BadEvent:
        return
    assert cost(event) >= 1
    moved = placed(event, 0.5, 0.5)
    assert type(moved) is type(event)


def test_letting_go_is_told_from_the_rest() -> None:
    assert releases(Key("Enter", "up"))
    assert releases(Touch(1, "up"))
    assert not releases(Key("Enter"))
    assert not releases(Wheel(0, 1))
    assert (cost(Text("four")), cost(Key("Enter"))) == (4, 1)
