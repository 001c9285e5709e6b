"""Capability negotiation, one step after the other, for either end (DDP.md section 1). Pure.

    discover ──offered──▶ parse ──parsed──▶ intersect ──agreed──▶ connect
        │                  │                    │
        └──────────────────┴──────refused───────┴──────────────▶ refused

``discover``: the peer's Capability is not known yet. It comes in its header on the WebSocket handshake (native
clients), or in ``ddp.hello`` (browsers). A step that fails ends the negotiation: whoever wants another must begin anew.
"""

from typing import Literal

from receiver.ddp.capabilities import Capability, intersect, parse_capability
from receiver.ddp.codes import Refusal
from receiver.errors import ProtocolError

MANDATORY = frozenset({"codecs", "display", "pair"})
"""Without one of these in common there is nothing to do together. A sender that only has addresses cast, for want of
WebRTC, sends no picture itself, so it needs no codec."""

State = Literal["discover", "parse", "intersect", "connect", "refused"]
Event = Literal["offered", "parsed", "agreed", "refused"]

TRANSITIONS: dict[tuple[State, Event], State] = {
    ("discover", "offered"): "parse",
    ("discover", "refused"): "refused",
    ("parse", "parsed"): "intersect",
    ("parse", "refused"): "refused",
    ("intersect", "agreed"): "connect",
    ("intersect", "refused"): "refused",
}


class NegotiationOutOfOrder(ProtocolError):
    """A step that the state has no use for."""


class Negotiation:
    """What ``ours`` and the peer's Capability have in common."""

    def __init__(self, ours: Capability, mandatory: frozenset[str] = MANDATORY) -> None:
        self.state: State = "discover"
        self._ours = ours
        self._mandatory = mandatory

    def settle(self, offered: str) -> Capability:
        """All steps, with the peer's Capability. Raises CapabilityError, Refusal (−32010), NegotiationOutOfOrder."""
        self._move("offered")
        try:
            theirs = parse_capability(offered)
            self._move("parsed")
            casts_only = set(map(str, theirs.lists.get("display", ()))) == {"cast"}
            common = intersect(self._ours, theirs, self._mandatory - ({"codecs"} if casts_only else set()))
        except Refusal:
            self._move("refused")
            raise
        self._move("agreed")
        return common

    def refused(self) -> None:
        """The peer wants nothing of what we offered."""
        self._move("refused")

    def _move(self, event: Event) -> None:
        try:
            self.state = TRANSITIONS[self.state, event]
        except KeyError:
            raise NegotiationOutOfOrder(
                f"The capabilities are negotiated once for each connection, and this is at {self.state} already. "
                "Connect again."
            ) from None
