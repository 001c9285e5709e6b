"""How long a session lives (DDP.md section 5). Pure.

A session whose connection is lost can be resumed for 30 s. One that has had no command for 5 min and casts nothing is
idle: nothing is taken from it while it is connected, but a lost connection then ends it.
"""

from typing import Literal

from receiver.session.machine import SessionMachine, SessionState

SECOND = 1_000_000_000
RESUME = 30 * SECOND
IDLE = 300 * SECOND


class Lifetime:
    """One session's state and times. Begins ``pending``; times are monotonic ns."""

    def __init__(self, now: int) -> None:
        self._machine = SessionMachine()
        self._used_at = now
        self._lost_at: int | None = None
        self.idle = False

    @property
    def state(self) -> SessionState:
        return self._machine.state

    def authenticated(self, now: int) -> None:
        """The sender has proven itself. Raises IllegalSessionEvent, as all of these do."""
        self._machine.handle("authenticated")
        self._used_at = now

    def used(self, now: int) -> None:
        """A command came, or a picture of the session's is on the screen."""
        self._used_at = now
        self.idle = False

    def lost(self, now: int) -> None:
        """The connection is gone."""
        self._machine.handle("lost")
        self._lost_at = now

    def resumed(self, now: int) -> None:
        """The sender is back, over another connection; a resume counts as use."""
        self._machine.handle("resumed")
        self._lost_at = None
        self.used(now)

    def expire(self) -> None:
        """The session is over."""
        self._machine.handle("expired")

    def tick(self, now: int) -> Literal["idle", "expired"] | None:
        """What has become of the session: told once. The caller ends one that has expired."""
        became_idle = not self.idle and now - self._used_at >= IDLE
        self.idle = self.idle or became_idle
        if self._lost_at is not None and (self.idle or now - self._lost_at >= RESUME):
            return "expired"
        return "idle" if became_idle else None
