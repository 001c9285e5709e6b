"""Who may use the display's keyboard and pointer: asked for, answered, and told to everybody (DDP.md section 12).

A grant is the session's, not its device's: it is in no token, and ends with the session at the latest.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

from receiver.app.audit_desk import Record, unrecorded
from receiver.app.question import QUESTION_S, RoomQuestion, Sign
from receiver.clock import Clock
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.messages import FloorDecision, Nothing, read
from receiver.session.consent import Consents
from receiver.session.roles import Role, Scope, allows
from receiver.trust.audit import Event
from receiver.trust.limits import RateLimited, StartBudget

Method = Callable[[dict[str, Any]], Awaitable[object]]

ASK_S = QUESTION_S
"""For how long somebody is asked; a question left open would be answered when nobody thinks of it any more."""

NO_CONTROL = "Ask for control first: by input.request."
NO_DEVICE = "This display has no input device yet: it can't be controlled, and the event was not carried out."
NOT_YOURS = "That is for somebody who shares, or a moderator, to decide."


class Person(Protocol):
    """A session, as this desk sees it."""

    @property
    def sender_name(self) -> str: ...

    @property
    def session_id(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def role(self) -> Role: ...

    def on_input(self, state: dict[str, object]) -> None:
        """The fields of ``input.state``, whenever they change."""


class InputDesk:
    """Takes every ``input.*`` request. ``presenters``: the sessions that share now; after a change comes ``settle``."""

    def __init__(self, sign: Sign, clock: Clock) -> None:
        self._question = RoomQuestion(sign, "control")
        self._clock = clock
        self._budget = StartBudget()
        self._consents = Consents()
        self._people: dict[str, Person] = {}
        self._told: dict[str, dict[str, object]] = {}
        self._deadlines: dict[str, asyncio.TimerHandle] = {}
        self._refused = 0
        self.presenters: Callable[[], Iterable[str]] = tuple
        self.record: Record = unrecorded

    # ---- coming and going

    def join(self, person: Person) -> None:
        """A session has begun. Again: its role is another, and what it was let do under the last one is over."""
        self._consents.handle(person.session_id, "release")
        self._people[person.session_id] = person
        self.settle()

    def leave(self, person: Person) -> None:
        """A session is over; nothing is left of it."""
        who = person.session_id
        if self._people.pop(who, None) is not None:
            self._consents.handle(who, "leave")
            self._told.pop(who, None)
            self.settle()

    def scopes(self, who: str) -> frozenset[Scope]:
        """What a session may do beside what its role allows."""
        return frozenset({"input"} if self._consents.state(who) == "granted" else ())

    # ---- the methods

    def methods(self, person: Person) -> dict[str, Method]:
        """``input.*`` for one session."""
        who = person.session_id

        async def request(params: dict[str, Any]) -> object:
            read(params, Nothing)
            self._request(person)
            return self._settled(who)

        async def release(params: dict[str, Any]) -> object:
            read(params, Nothing)
            self._consents.handle(who, "release")
            return self._settled(who)

        async def approve(params: dict[str, Any]) -> object:
            other = self._asker(params, who)
            self._consents.handle(other, "approve")
            return self._decided("input granted", other, person)

        async def deny(params: dict[str, Any]) -> object:
            other = self._asker(params, who)
            self._consents.handle(other, "deny")
            return self._decided("input denied", other, person)

        async def event(params: dict[str, Any]) -> object:
            if not (allows(person.role, "input") or self.scopes(who)):
                raise Refusal(ErrorCode.FORBIDDEN, NO_CONTROL)
            self._refused += 1
            raise Refusal(ErrorCode.NO_COMMON_CAPABILITY, NO_DEVICE)

        return {
            "input.request": request,
            "input.release": release,
            "input.approve": approve,
            "input.deny": deny,
            "input.event": event,
        }

    def _request(self, person: Person) -> None:
        who = person.session_id
        if self._consents.state(who) != "none":
            return
        try:
            self._budget.spend(person.fingerprint, self._clock.now())
        except RateLimited as error:
            wait = error.retry_after_s
            raise Refusal(ErrorCode.RATE_LIMITED, f"{error} Wait {wait} s.", retry_after_s=wait) from error
        self._consents.handle(who, "ask")
        if allows(person.role, "input"):
            self._consents.handle(who, "approve")
            self.record("input granted", person.sender_name, person.fingerprint, role=person.role)
            return
        self.record("input asked", person.sender_name, person.fingerprint)
        self._deadlines[who] = asyncio.get_running_loop().call_later(ASK_S, self._expire, who)
        self._question.ask(who, person.sender_name, [self._name(one) for one in self.presenters() if one != who])

    def _asker(self, params: dict[str, Any], by: str) -> str:
        """The session that ``by`` decides about. Raises Refusal where that is for others to decide."""
        who = read(params, FloorDecision).session
        if not self._answers(by, who):
            raise Refusal(ErrorCode.FORBIDDEN, NOT_YOURS)
        return who

    def _answers(self, by: str, who: str) -> bool:
        return by != who and (by in self.presenters() or allows(self._people[by].role, "control"))

    def _decided(self, event: Event, who: str, by: Person) -> dict[str, object]:
        self.record(event, self._name(who), self._people[who].fingerprint, by=by.sender_name)
        return self._settled(by.session_id)

    def _settled(self, who: str) -> dict[str, object]:
        self.settle()
        return {"state": self._consents.state(who)}

    def _expire(self, who: str) -> None:
        self._consents.handle(who, "expire")
        self.settle()

    # ---- what follows from a change

    def settle(self) -> None:
        """Make timers and the TV's question follow, and tell everybody who is concerned."""
        asking = self._consents.those("asking")
        for who in set(self._deadlines) - set(asking):
            self._deadlines.pop(who).cancel()
        if self._question.who is not None and self._question.who not in asking:
            self._question.withdraw()
        granted = [self._who(who) for who in self._consents.those("granted")]
        for by, person in self._people.items():
            state: dict[str, object] = {
                "you": self._consents.state(by),
                "asked_by": [self._who(who) for who in asking if self._answers(by, who)],
                "granted": granted,
            }
            if self._told.get(by, {"you": "none", "asked_by": [], "granted": []}) != state:
                self._told[by] = state
                person.on_input(state)

    def _name(self, who: str) -> str:
        return self._people[who].sender_name

    def _who(self, who: str) -> dict[str, object]:
        return {"session": who, "name": self._name(who)}

    def status(self) -> dict[str, object]:
        """For ``ddp-receiver status``. ``refused``: events that no device could carry out."""
        asking, granted = self._consents.those("asking"), self._consents.those("granted")
        return {"asking": [*map(self._name, asking)], "granted": [*map(self._name, granted)], "refused": self._refused}
