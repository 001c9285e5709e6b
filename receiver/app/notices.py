"""What the TV says beside pictures, and when it changes."""

import asyncio
from dataclasses import replace
from typing import Any

from receiver.app.facts import Facts, scene
from receiver.app.screen import Screen
from receiver.link import Wish

TOAST_S = 6.0


class Notices:
    """Keeps the facts and shows the scene that follows from them. The front desk's ``Signs``."""

    def __init__(self, screen: Screen, facts: Facts) -> None:
        self._screen = screen
        self._facts = facts
        self._toast_timer: asyncio.TimerHandle | None = None
        self._away: dict[str, str] = {}
        self._questions: dict[Wish, tuple[str, str]] = {}
        self._name_timer: asyncio.TimerHandle | None = None

    @property
    def facts(self) -> Facts:
        return self._facts

    def _know(self, **changed: Any) -> None:
        self._facts = replace(self._facts, **changed)
        self._screen.show(scene(self._facts))

    def show_pin(self, pin: str, sender_name: str) -> None:
        self._know(pin=pin, pin_for=sender_name)

    def hide_pin(self) -> None:
        self._know(pin=None, pin_for=None)

    def show_secret(self, secret: str) -> None:
        self._know(pairing_secret=secret)

    def show_addresses(self, addresses: list[str]) -> None:
        """The addresses by which others reach this machine, best first."""
        self._know(addresses=tuple(addresses))

    def toast(self, text: str) -> None:
        """Show a short note for a few seconds; a newer one replaces it."""
        if self._toast_timer is not None:
            self._toast_timer.cancel()
        self._know(toast=text)
        self._toast_timer = asyncio.get_running_loop().call_later(TOAST_S, lambda: self._know(toast=None))

    def away(self, what: str, name: str | None) -> None:
        """The sender of a picture has lost ``what``: say so until it has that back (``name`` None) or is gone."""
        self._away.pop(what, None)
        if name is not None:
            self._away[what] = name
        self._know(away=tuple(dict.fromkeys(self._away.values())))

    def drive(self, names: tuple[str, ...]) -> None:
        """Say for as long as it is so that these control the display."""
        if names != self._facts.driving:
            self._know(driving=names)

    def going_back(self, name: str) -> None:
        """Say for as long as it is so that what is done here goes to this sender; empty: to nobody."""
        if name != self._facts.back:
            self._know(back=name)

    def ask(self, wish: Wish, asking: str, asked: str) -> None:
        """Show what ``asking`` wishes, and who may let them; empty: a moderator may. The newest question is shown."""
        self._questions.pop(wish, None)
        self._questions[wish] = asking, asked
        self._show_question()

    def ask_no_more(self, wish: Wish) -> None:
        """Take the question about that wish off."""
        self._questions.pop(wish, None)
        self._show_question()

    def _show_question(self) -> None:
        wish, (asking, asked) = next(reversed(self._questions.items()), ("share", (None, "")))
        self._know(asking=asking, asked=asked, wish=wish)

    def identify(self, text: str, seconds: float) -> None:
        """Let the display's name fill the screen for so long, with ``text`` below it."""
        if self._name_timer is not None:
            self._name_timer.cancel()
        self._know(identify=text)
        self._name_timer = asyncio.get_running_loop().call_later(seconds, lambda: self._know(identify=None))
