"""Consent for the display's keyboard and pointer: who has asked for it, and who has it. Pure.

    none ──ask──▶ asking ──approve──▶ granted

``deny``, ``release`` and ``leave`` lead back to ``none``, from ``granted`` too; a question that nobody answers does so
by ``expire``. Whoever is back at ``none`` is forgotten. Who may answer is for the caller to say.
"""

from typing import Literal

from receiver.errors import PeerError

ConsentState = Literal["none", "asking", "granted"]
ConsentEvent = Literal["ask", "approve", "deny", "release", "leave", "expire"]

TRANSITIONS: dict[tuple[ConsentState, ConsentEvent], ConsentState] = {
    ("none", "ask"): "asking",
    ("asking", "ask"): "asking",
    ("granted", "ask"): "granted",
    ("asking", "approve"): "granted",
    ("asking", "deny"): "none",
    ("granted", "deny"): "none",
    ("none", "release"): "none",
    ("asking", "release"): "none",
    ("granted", "release"): "none",
    ("none", "leave"): "none",
    ("asking", "leave"): "none",
    ("granted", "leave"): "none",
    ("asking", "expire"): "none",
}

_WORDS: dict[ConsentState, str] = {
    "none": "does not ask to control this display",
    "asking": "asks to control this display",
    "granted": "controls this display",
}


class IllegalConsentEvent(PeerError):
    """An event that a person's state has no use for; names both."""


class Consents:
    """People by their session's id, the longest first; only those who ask or are granted are kept."""

    def __init__(self) -> None:
        self._states: dict[str, ConsentState] = {}

    def state(self, who: str) -> ConsentState:
        """Where they stand; ``none`` for a stranger."""
        return self._states.get(who, "none")

    def those(self, state: ConsentState) -> tuple[str, ...]:
        """Who is ``asking``, or ``granted``; in the order in which they asked."""
        return tuple(who for who, theirs in self._states.items() if theirs == state)

    def handle(self, who: str, event: ConsentEvent) -> ConsentState:
        """Move ``who`` on ``event`` and return their new state. Raises IllegalConsentEvent."""
        before = self.state(who)
        try:
            after = TRANSITIONS[before, event]
        except KeyError:
            raise IllegalConsentEvent(f"{event} is not possible for somebody who {_WORDS[before]}.") from None
        if after == "none":
            self._states.pop(who, None)
        else:
            self._states[who] = after
        return after
