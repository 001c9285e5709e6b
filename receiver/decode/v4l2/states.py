"""Where a stateful decoder stands (kernel: Memory-to-Memory Stateful Video Decoder Interface). Pure.

    header ──sized──▶ decoding ──sized──▶ changing ──last──▶ decoding
                         └──last──▶ ended ──sized──▶ decoding

It reads the stream's first header before it can say how large pictures are. Where a later header says otherwise, it
tells so, gives the last picture of the old size, and waits for buffers of the new size; some drivers the other way
round. ``unsaid`` is the end of our patience with a driver that needs buffers before it reads anything, or has no last
picture to give.
Whenever the state becomes ``decoding``, buffers for pictures are set up anew.
"""

from typing import Literal

from receiver.errors import ReceiverError

State = Literal["header", "decoding", "changing", "ended"]
Event = Literal["sized", "unsaid", "last"]

TRANSITIONS: dict[tuple[State, Event], State] = {
    ("header", "sized"): "decoding",
    ("header", "unsaid"): "decoding",
    ("decoding", "sized"): "changing",
    ("decoding", "last"): "ended",
    ("changing", "sized"): "changing",
    ("changing", "last"): "decoding",
    ("changing", "unsaid"): "decoding",
    ("ended", "sized"): "decoding",
}


class IllegalMove(ReceiverError):
    """A driver did what the interface does not let it do then; names both."""


def move(state: State, event: Event) -> State:
    """The next state. Raises IllegalMove."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalMove(f"its driver says {event!r} while {state!r}") from None
