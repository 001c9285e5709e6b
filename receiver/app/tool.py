"""A tool that casts over WHIP, as the floor, the casts and the commands see it: a session that says nothing and hears
nothing. It may as much as any guest."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Literal

from receiver.session.roles import Role
from receiver.session.stream import StreamMachine
from receiver.trust.encoding import b64encode
from receiver.trust.stream_keys import StreamKey


class Tool:
    """One key's session. ``over`` is called when its cast has ended; ``resource`` and ``etag`` are of the last answer,
    ``ufrag`` of the last offer."""

    role: Role = "viewer"
    state: Literal["active"] = "active"

    def __init__(self, key: StreamKey, over: Callable[["Tool"], None]) -> None:
        self.key = key
        self.sender_name = key.name
        self.session_id = b64encode(secrets.token_bytes(16))
        self.fingerprint = f"stream key {key.id}"
        self.media = StreamMachine()
        self.stream = 0
        self.resource = ""
        self.etag = ""
        self.ufrag = ""
        self.timer: asyncio.TimerHandle | None = None
        self.offering = asyncio.Lock()
        self._over = over

    @property
    def casts(self) -> bool:
        return self.media.state != "stopped"

    def stop_timer(self) -> None:
        """It is not to be forgotten just now."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    # ---- what it is told, and can't hear

    def notify(self, method: str, params: dict[str, object]) -> None:
        """Nothing: a command to its stream shows on the TV."""

    def on_stats(self, stats: dict[str, object]) -> None:
        """Nothing."""

    def on_floor(self, state: dict[str, object]) -> None:
        """Nothing: its next try finds the place that it has been given."""

    def on_state(self, state: str, reason: str, again: bool = False) -> None:
        """``live``, ``reconnecting`` or ``ended``, with a sentence."""
        self.media.follow(state)
        if state == "ended":
            self._over(self)
