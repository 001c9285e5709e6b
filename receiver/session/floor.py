"""The floor: who presents, who waits, and who may decide. Pure.

    watching ──ask──▶ asking ──approve──▶ queued ──promote──▶ presenting

``deny`` and ``release`` lead back to ``watching`` from everywhere. There are so many places to present; whoever is
queued gets the next free one, in the order in which they asked.

An open floor approves by itself, so that asking leads to the queue or straight to a free place. Who presents is asked
to give way: ``approve`` gives the asker their place, ``deny`` keeps it, and leaves the asker in the queue. On a
moderated floor nobody is queued without the word of someone who decides.

Who decides (owners and moderators) may also ``promote`` a waiting person at once, in the place of whoever has presented
longest where there is none free, and ``deny`` anybody the floor.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from receiver.errors import PeerError

FloorState = Literal["watching", "asking", "queued", "presenting"]
FloorEvent = Literal["ask", "approve", "deny", "promote", "release"]

TRANSITIONS: dict[tuple[FloorState, FloorEvent], FloorState] = {
    ("watching", "ask"): "asking",
    ("asking", "ask"): "asking",
    ("queued", "ask"): "queued",
    ("presenting", "ask"): "presenting",
    ("asking", "approve"): "queued",
    ("asking", "promote"): "presenting",
    ("queued", "promote"): "presenting",
    ("asking", "deny"): "watching",
    ("queued", "deny"): "watching",
    ("presenting", "deny"): "watching",
    ("watching", "release"): "watching",
    ("asking", "release"): "watching",
    ("queued", "release"): "watching",
    ("presenting", "release"): "watching",
}


class IllegalFloorEvent(PeerError):
    """An event that a person's state has no use for; names both."""


class NotYours(PeerError):
    """A decision that is for others to take."""


class Stranger(PeerError):
    """A decision about somebody who is not here."""


@dataclass
class _Person:
    decides: bool
    answers: bool
    state: FloorState = "watching"


class Floor:
    """People by their session's id. ``places``: how many may present at once."""

    def __init__(self, places: int, moderated: bool) -> None:
        self.places = places
        self.moderated = moderated
        self._people: dict[str, _Person] = {}
        self._waiting: list[str] = []
        self._presenting: list[str] = []
        self._kept: set[tuple[str, str]] = set()

    @property
    def people(self) -> Iterable[str]:
        return self._people.keys()

    @property
    def presenting(self) -> tuple[str, ...]:
        """Who presents, the longest first."""
        return tuple(self._presenting)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Who is asking or queued, in the order in which they asked."""
        return tuple(self._waiting)

    def state(self, who: str) -> FloorState:
        """Raises Stranger."""
        return self._person(who).state

    def answerers(self, who: str) -> tuple[str, ...]:
        """Who can still be expected to answer ``who``, who waits: on an open floor those who present and have not
        said no, on a moderated one those who decide, until they have approved. Where all who present are tools, which
        can't be asked, those who decide are asked for them."""
        deciders = tuple(name for name, person in self._people.items() if person.decides and name != who)
        if self.moderated:
            return deciders if self.state(who) == "asking" else ()
        able = [presenter for presenter in self._presenting if self._people[presenter].answers]
        if self._presenting and not able:
            return deciders if self.state(who) == "queued" else ()
        return tuple(presenter for presenter in able if (who, presenter) not in self._kept)

    def join(self, who: str, decides: bool, answers: bool = True) -> None:
        """Somebody is here. Again: their right to decide is this from now on. ``answers``: whether it can be asked."""
        person = self._people.setdefault(who, _Person(decides, answers))
        person.decides = decides

    def leave(self, who: str) -> None:
        """Nothing is left of them, and the next takes their place."""
        if who in self._people:
            self.release(who)
            del self._people[who]

    # ---- what people do

    def ask(self, who: str) -> FloorState:
        """Ask for a place. Raises Stranger."""
        person = self._person(who)
        if person.state == "watching":
            self._waiting.append(who)
            self._move(who, "ask")
            if person.decides or not self.moderated:
                self._move(who, "approve")
        self._fill()
        return person.state

    def release(self, who: str) -> None:
        """Stop presenting, or waiting. Raises Stranger."""
        self._move(who, "release")
        self._fill()

    def approve(self, who: str, by: str) -> None:
        """``by`` lets ``who`` present. Raises IllegalFloorEvent, NotYours, Stranger."""
        if self.moderated:
            self._check_decides(by)
            self._move(who, "approve")
        elif self.state(by) == "presenting":
            self._check(who, "promote")
            self._move(by, "release")
            self._move(who, "promote")
        else:
            self.promote(who, by)
        self._fill()

    def deny(self, who: str, by: str) -> None:
        """``by`` does not let ``who`` present. Raises IllegalFloorEvent, NotYours, Stranger."""
        self._check(who, "deny")
        if not self.moderated and self.state(by) == "presenting" and self.state(who) == "queued":
            self._kept.add((who, by))
            return
        self._check_decides(by)
        self._move(who, "deny")
        self._fill()

    def promote(self, who: str, by: str) -> None:
        """``by`` has ``who`` present at once. Raises IllegalFloorEvent, NotYours, Stranger."""
        self._check_decides(by)
        self._check(who, "promote")
        if len(self._presenting) >= self.places:
            self._move(self._presenting[0], "release")
        self._move(who, "promote")

    # ---- how

    def _person(self, who: str) -> _Person:
        try:
            return self._people[who]
        except KeyError:
            raise Stranger("That person is not here any more.") from None

    def _check_decides(self, by: str) -> None:
        if not self._person(by).decides:
            raise NotYours("That is for a moderator to decide.")

    def _check(self, who: str, event: FloorEvent) -> FloorState:
        state = self.state(who)
        try:
            return TRANSITIONS[state, event]
        except KeyError:
            raise IllegalFloorEvent(f"{event} is not possible for somebody who is {state}.") from None

    def _move(self, who: str, event: FloorEvent) -> None:
        before, after = self.state(who), self._check(who, event)
        self._people[who].state = after
        if after == "presenting" and before != after:
            self._presenting.append(who)
        if after in ("watching", "presenting") and who in self._waiting:
            self._waiting.remove(who)
        if after == "watching" and who in self._presenting:
            self._presenting.remove(who)
        if after != before:
            self._kept = {pair for pair in self._kept if who not in pair}

    def _fill(self) -> None:
        """Give free places to those who are queued."""
        for who in self.waiting:
            if len(self._presenting) < self.places and self.state(who) == "queued":
                self._move(who, "promote")
