"""Who asks to share, or to control the display, on the TV: one question of a kind at a time, and not for ever."""

import asyncio
from typing import Protocol

from receiver.link import Wish

QUESTION_S = 30.0
"""For how long the TV shows it; the pages of those who are asked show it until it is answered."""


class Sign(Protocol):
    """Where the room sees it."""

    def ask(self, wish: Wish, asking: str, asked: str) -> None: ...

    def ask_no_more(self, wish: Wish) -> None: ...


class RoomQuestion:
    """The newest question replaces the one before. ``who``: the session that asks, while the TV shows it."""

    def __init__(self, sign: Sign, wish: Wish) -> None:
        self._sign = sign
        self._wish = wish
        self._timer: asyncio.TimerHandle | None = None
        self.who: str | None = None

    def ask(self, who: str, name: str, asked: list[str]) -> None:
        """Show that ``name`` asks those whose names are ``asked``; none: a moderator."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(QUESTION_S, self.withdraw)
        self.who = who
        self._sign.ask(self._wish, name, " or ".join(asked))

    def withdraw(self) -> None:
        """Take it off the TV."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = self.who = None
            self._sign.ask_no_more(self._wish)
