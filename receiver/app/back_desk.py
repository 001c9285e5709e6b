"""The way back: what is done at the display itself, told to the sender whose picture is shown (DDP.md section 12).

Off unless the configuration says otherwise, negotiated as the capability ``back``, and then asked for by each session:
nobody is told a key because of what somebody else did. ``WayBack`` has the rules; this desk knows who and where.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec

from receiver.app.audit_desk import Record, unrecorded
from receiver.clock import Clock
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.messages import Params, read
from receiver.input.traits import CEC_NAMES
from receiver.link import TvKey
from receiver.link.hands import Key, LocalInput, Pointer, Touch
from receiver.session.way_back import KINDS, Kind, Told, WayBack

Method = Callable[[dict[str, Any]], Awaitable[object]]

LOOK_S = 0.25
"""How soon the TV says so where another picture is the one that events are for; no event waits for it."""

OFF = "What is done at this display is told to no sender (input.back)."
NOT_AGREED = "This session has not agreed on it: offer back=(key pointer wheel touch) among your capabilities."


class Accept(Params, frozen=True):
    """``kinds``: what the session wants to be told of; none: nothing any more."""

    kinds: tuple[Kind, ...] = KINDS


class Person(Protocol):
    """A session, as this desk sees it."""

    @property
    def sender_name(self) -> str: ...

    @property
    def session_id(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def state(self) -> str: ...

    @property
    def capabilities(self) -> frozenset[str]:
        """What both ends can do of the key ``back``."""

    def on_back(self, active: bool) -> None:
        """Whether what is done at the display goes to this session from now on."""

    def on_local(self, event: dict[str, object]) -> None:
        """The fields of an ``input.event`` that was made at the display."""


class BackDesk:
    """``lack``: why there is no way back here, or an empty string. ``main``: the session whose picture events are for.

    ``place``: a place on the screen as one in that picture, and whether it lies in it. ``watch``: whether anybody is
    to be told, called as often as anything may have changed; ``watched``: whether that is done, before which nobody is
    told that they are. ``on_going``: the name of who is told, for the TV; empty: nobody.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.lack: Callable[[], str] = lambda: OFF
        self._way = WayBack()
        self._people: dict[str, tuple[Person, frozenset[Kind]]] = {}
        self._told: Person | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.main: Callable[[], str | None] = lambda: None
        self.place: Callable[[float, float], tuple[float, float, bool]] = lambda x, y: (x, y, True)
        self.watch: Callable[[bool], None] = lambda on: None
        self.watched: Callable[[], bool] = lambda: True
        self.on_going: Callable[[str], None] = lambda name: None
        self.record: Record = unrecorded

    def methods(self, person: Person) -> dict[str, Method]:
        """``input.accept`` for one session."""

        async def accept(params: dict[str, Any]) -> object:
            kinds = frozenset(read(params, Accept).kinds)
            if kinds and (lack := self.lack()):
                raise Refusal(ErrorCode.NO_COMMON_CAPABILITY, lack)
            if not kinds <= person.capabilities:
                raise Refusal(ErrorCode.NO_COMMON_CAPABILITY, NOT_AGREED)
            self._people.pop(person.session_id, None)
            if kinds:
                self._people[person.session_id] = person, kinds
            self.settle()
            return {"kinds": [kind for kind in KINDS if kind in kinds], "active": self._way.to == person.session_id}

        return {"input.accept": accept}

    def leave(self, person: Person) -> None:
        """A session is over; nothing is left of it."""
        if self._people.pop(person.session_id, None) is not None:
            self.settle()

    # ---- what is done at the display

    def typing(self) -> None:
        """A key is pressed there. Called before ``take``."""
        self._way.typing(self._clock.now())

    def stopped(self) -> None:
        """A key was pressed there to end remote control: it was not for a sender."""
        self._tell(self._way.stopped(self._clock.now()))

    def take(self, event: LocalInput) -> None:
        """Something is done there; its place is the screen's."""
        self.settle()
        within = True
        if isinstance(event, Pointer | Touch):
            x, y, within = self.place(event.x, event.y)
            event = msgspec.structs.replace(event, x=x, y=y)
        if (told := self._way.take(event, within)) is not None:
            self._tell([told])

    def tv_key(self, key: TvKey) -> None:
        """A key of the TV's remote control, where nothing else was meant by it."""
        if (name := CEC_NAMES.get(key.name)) is not None:
            self.take(Key(name, "down" if key.down else "up"))

    def settle(self) -> None:
        """Make everything follow who is to be told now."""
        self._arm()
        person, kinds = self._people.get((self.main() if self._people else None) or "", (None, frozenset[Kind]()))
        if person is not None and person.state != "active":
            person = None
        self.watch(person is not None)
        if not self.watched():
            person = None
        self._tell(self._way.goes(None if person is None else person.session_id, kinds))
        before, self._told = self._told, person
        if person is before:
            return
        if before is not None:
            before.on_back(False)
        if person is not None:
            self.record("local input sent", person.sender_name, person.fingerprint)
            person.on_back(True)
        self.on_going(person.sender_name if person is not None else "")

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._people:
            self._timer = asyncio.get_running_loop().call_later(LOOK_S, self.settle)

    def _tell(self, told: list[Told]) -> None:
        for _, event in told:
            if self._told is not None:
                self._told.on_local(msgspec.to_builtins(event))

    def status(self) -> dict[str, object]:
        """For ``ddp-receiver status``."""
        accepted = [person.sender_name for person, _ in self._people.values()]
        return {"accepted": accepted, "to": self._told and self._told.sender_name}
