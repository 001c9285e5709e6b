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
from receiver.input import events
from receiver.input.rate import Rate
from receiver.link.hands import InputEvent, MouseClick, Pointer, Touch
from receiver.session.consent import Consents
from receiver.session.roles import Role, Scope, allows
from receiver.trust.audit import Event
from receiver.trust.limits import RateLimited, StartBudget

Method = Callable[[dict[str, Any]], Awaitable[object]]

ASK_S = QUESTION_S
"""For how long somebody is asked; a question left open would be answered when nobody thinks of it any more."""

NO_CONTROL = "Ask for control first: by input.request."
TOO_FAST = "Events come faster than this display takes them; this one was not carried out."
LOCAL_S = 10.0
"""For how long nobody is let control the display by themselves after somebody has used its own keyboard."""

NS = 1_000_000_000
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


class Driven(Protocol):
    """The input devices; ``able`` false: there are none, and ``reason`` says why."""

    @property
    def able(self) -> bool: ...

    @property
    def reason(self) -> str: ...

    def inject(self, who: str, event: InputEvent) -> None: ...

    def let_go(self, who: str) -> None: ...


class NoHands:
    """A display that nothing drives."""

    able = False
    reason = "This display has no input devices: it can't be controlled."

    def inject(self, who: str, event: InputEvent) -> None:
        pass

    def let_go(self, who: str) -> None:
        pass


class InputDesk:
    """Takes every ``input.*`` request. ``presenters``: the sessions that share now; after a change comes ``settle``.

    ``aim``: a place in the shown picture as one on the screen. ``on_driving``: the names of those who are granted.
    """

    def __init__(self, sign: Sign, clock: Clock) -> None:
        self._question = RoomQuestion(sign, "control")
        self._clock = clock
        self._budget = StartBudget()
        self._consents = Consents()
        self._people: dict[str, Person] = {}
        self._told: dict[str, dict[str, object]] = {}
        self._deadlines: dict[str, asyncio.TimerHandle] = {}
        self._rates: dict[str, Rate] = {}
        self._carried = self._refused = 0
        self._local_until = 0
        self._driving: tuple[str, ...] = ()
        self.hands: Driven = NoHands()
        self.layout = "us"
        self.aim: Callable[[float, float], tuple[float, float]] = lambda x, y: (x, y)
        self.on_driving: Callable[[tuple[str, ...]], None] = lambda names: None
        self.on_stopped: Callable[[tuple[str, ...]], None] = lambda names: None
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

    def away(self, person: Person) -> None:
        """The session's connection is lost. It keeps its grant, and holds no key meanwhile."""
        if person.session_id in self._driving:
            self.hands.let_go(person.session_id)

    def local_key(self, device: str) -> bool:
        """Somebody has pressed a key of the display's own: whoever controlled it does so no longer. Whether any did."""
        self._local_until = self._clock.now() + int(LOCAL_S * NS)
        stopped = self._consents.those("granted")
        for who in stopped:
            self.record("input stopped", self._name(who), self._people[who].fingerprint, by=device)
            self._consents.handle(who, "deny")
        if stopped:
            names = tuple(map(self._name, stopped))
            self.settle()
            self.on_stopped(names)
        return bool(stopped)

    def answer_here(self, yes: bool, by: str) -> bool:
        """Somebody in front of the TV answers what it asks; False where it asks nothing of this kind."""
        who = self._question.who
        if who is None or self._consents.state(who) != "asking":
            return False
        self._consents.handle(who, "approve" if yes else "deny")
        self.record("input granted" if yes else "input denied", self._name(who), self._people[who].fingerprint, by=by)
        self.settle()
        return True

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
            self._carry(who, params)
            return {}

        return {
            "input.request": request,
            "input.release": release,
            "input.approve": approve,
            "input.deny": deny,
            "input.event": event,
        }

    def _carry(self, who: str, params: dict[str, Any]) -> None:
        if self._consents.state(who) != "granted":
            raise Refusal(ErrorCode.FORBIDDEN, NO_CONTROL)
        self._refused += 1  # unless it comes to the end
        if not self.hands.able:
            raise Refusal(ErrorCode.NO_COMMON_CAPABILITY, self.hands.reason)
        event = events.read(params, self.layout)
        rate = self._rates.setdefault(who, Rate())
        if not rate.spend(events.cost(event), self._clock.now()) and not events.releases(event):
            raise Refusal(ErrorCode.RATE_LIMITED, TOO_FAST, retry_after_s=1)
        if isinstance(event, Pointer | MouseClick | Touch):
            event = events.placed(event, *self.aim(event.x, event.y))
        self.hands.inject(who, event)
        self._refused -= 1
        self._carried += 1

    def _request(self, person: Person) -> None:
        who = person.session_id
        if self._consents.state(who) != "none":
            return
        if not self.hands.able:
            raise Refusal(ErrorCode.NO_COMMON_CAPABILITY, self.hands.reason)
        if (left := self._local_until - self._clock.now()) > 0:
            wait = -(-left // NS)
            raise Refusal(
                ErrorCode.BUSY, f"Somebody uses the display's own keyboard. Wait {wait} s.", retry_after_s=wait
            )
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
        driving = self._consents.those("granted")
        if driving != self._driving:
            for who in set(self._driving) - set(driving):
                self.hands.let_go(who)
                self._rates.pop(who, None)
            self._driving = driving
            self.on_driving(tuple(map(self._name, driving)))
        granted = [self._who(who) for who in driving]
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
        """For ``ddp-receiver status``. ``carried`` and ``refused``: events that came to something, and that did not."""
        return {
            "asking": [*map(self._name, self._consents.those("asking"))],
            "granted": [*map(self._name, self._consents.those("granted"))],
            "carried": self._carried,
            "refused": self._refused,
        }
