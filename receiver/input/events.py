"""``input.event`` as a typed value: what a sender may send, and what is refused with which words. Pure.

The classes are those of ``receiver.link.hands``, since hands carry out what they say (DDP.md section 12).
"""

import unicodedata
from typing import Any

import msgspec

from receiver.errors import PeerError
from receiver.input import keymap
from receiver.link.hands import InputEvent, Key, MouseClick, Pointer, Text, Touch

KINDS = "key, pointer, mouse-click, wheel, text, touch or gamepad"


class BadEvent(PeerError):
    """An input event that does not fit; names the field and its bound."""


def read(params: dict[str, Any], layout: str = "us") -> InputEvent:
    """The event in ``params``; text must be typable on ``layout``. Raises BadEvent."""
    if "kind" not in params:
        raise BadEvent(f"kind is missing; it is {KINDS}.")
    try:
        event: InputEvent = msgspec.convert(params, InputEvent)
    except msgspec.ValidationError as error:
        words = f" kind is {KINDS}." if "$.kind" in str(error) else ""
        raise BadEvent(f"The input event does not fit: {error}.{words}") from error
    _check(event, layout)
    return event


def _check(event: InputEvent, layout: str) -> None:
    match event:
        case Key(code):
            if code not in keymap.CODES:
                shown = "".join(letter if letter.isprintable() else "?" for letter in code)
                raise BadEvent(f"code: there is no key {shown!r}; it is a KeyboardEvent.code, such as KeyA or Enter.")
        case Text(text):
            for letter in text:
                if keymap.strokes(letter, layout) is None:
                    raise BadEvent(
                        f"text: the keyboard layout {layout!r} has no key for {_name(letter)}; "
                        "the display's input.layout says which layout it types on."
                    )


def _name(letter: str) -> str:
    shown = f"{letter!r} " if letter.isprintable() else ""
    name = unicodedata.name(letter, f"U+{ord(letter):04X}")
    return f"{shown}({name})"


def cost(event: InputEvent) -> int:
    """What the event takes of its sender's rate: one, or one for each character of a text."""
    return len(event.text) if isinstance(event, Text) else 1


def releases(event: InputEvent) -> bool:
    """Whether it only lets go of something. Such an event is never refused for coming too soon."""
    return isinstance(event, Key | Pointer | Touch) and event.action == "up"


def placed(event: InputEvent, x: float, y: float) -> InputEvent:
    """The same event at another place."""
    return msgspec.structs.replace(event, x=x, y=y) if isinstance(event, Pointer | MouseClick | Touch) else event
