"""Targets: what somebody who controls the display sends, up to what its devices report."""

import json

from receiver.errors import PeerError
from receiver.input import events
from receiver.input.hand import Hand
from receiver.input.held import LEASE
from tests.fuzz.target import Target, pack, text, unpack

EVENTS = (
    {"kind": "key", "code": "Enter", "action": "down"},
    {"kind": "pointer", "x": 0.5, "y": 0.25, "action": "click", "button": "right"},
    {"kind": "mouse-click", "x": 0, "y": 1},
    {"kind": "wheel", "dx": -1.5, "dy": 50},
    {"kind": "text", "text": "Grüße!\n"},
    {"kind": "touch", "finger": 3, "action": "down", "x": 0.1, "y": 0.2},
    {"kind": "gamepad", "buttons": [1, 0, 0.5], "axes": [-1, 1]},
)


def control(data: bytes) -> None:
    """One event after another, from one session; whatever they were, nothing is down in the end."""
    hand, refused, now = Hand("de"), None, 0
    for record in unpack(data):
        now += LEASE // 10
        try:
            params = json.loads(text(record))
            if isinstance(params, dict):
                hand.take("somebody", events.read(params, "de"), now)
        except (PeerError, ValueError, RecursionError) as error:
            refused = error
        hand.tick(now)
    hand.let_go("somebody")
    assert hand.deadline() is None
    if refused is not None:
        raise refused


_RECORDS = [json.dumps(event).encode() for event in EVENTS]
TARGETS = (
    Target(
        "input-event",
        control,
        (PeerError, ValueError, RecursionError),
        (*map(pack, _RECORDS), pack(*_RECORDS)),
        (b'"up"', b'"down"', b'"code"', b"NaN", b"1e999", b'"ControlLeft"', b'"AltLeft"', b'"Delete"'),
    ),
)
