"""The life of a session (DDP.md section 5). Pure.

    pending ──authenticated──▶ active ⇄ (lost / resumed) ⇄ suspended ──expired──▶ expired

``resumed`` may come to an active session too: a sender can learn of a broken connection before we do.
"""

from typing import Literal

from receiver.errors import PeerError

SessionState = Literal["pending", "active", "suspended", "expired"]
SessionEvent = Literal["authenticated", "lost", "resumed", "expired"]

TRANSITIONS: dict[tuple[SessionState, SessionEvent], SessionState] = {
    ("pending", "authenticated"): "active",
    ("pending", "expired"): "expired",
    ("active", "lost"): "suspended",
    ("active", "resumed"): "active",
    ("active", "expired"): "expired",
    ("suspended", "resumed"): "active",
    ("suspended", "expired"): "expired",
}


class IllegalSessionEvent(PeerError):
    """An event that the session's state has no use for; names both."""


class SessionMachine:
    """Where one session stands."""

    def __init__(self) -> None:
        self.state: SessionState = "pending"

    def handle(self, event: SessionEvent) -> SessionState:
        """Move on ``event`` and return the new state. Raises IllegalSessionEvent."""
        try:
            self.state = TRANSITIONS[self.state, event]
        except KeyError:
            raise IllegalSessionEvent(f"A session that is {self.state} can't be {event}") from None
        return self.state
