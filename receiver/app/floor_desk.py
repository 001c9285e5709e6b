"""The floor of one display: who is here, who may cast, and what everybody is told of it (DDP.md section 4).

Stands between the sessions and ``Casting``: an offer is taken from who presents, and who is there alone presents by
offering. Nothing here outlasts its people: with nobody left there is no timer, no question and no cast.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeVar

from receiver.app.audit_desk import Record, unrecorded
from receiver.app.cast import Sender
from receiver.app.casting import Casting
from receiver.app.floor_news import news, standing
from receiver.app.question import RoomQuestion, Sign
from receiver.app.stagehand import Person
from receiver.clock import Clock
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.messages import FloorDecision, Method, Nothing, read
from receiver.errors import PeerError, ReceiverError
from receiver.link import QuicOpened
from receiver.session.floor import Floor, NotYours
from receiver.session.roles import allows
from receiver.trust.audit import Event
from receiver.trust.limits import RateLimited, StartBudget

T = TypeVar("T")
Mode = Literal["one", "many", "moderated"]

GRANT_S = 20.0
"""For how long a place is kept for somebody whose turn it is and who sends no offer."""


class FloorDesk:
    """The sessions' stagehand."""

    def __init__(self, casting: Casting, sign: Sign, mode: Mode, places: int, clock: Clock) -> None:
        self._casting = casting
        self._question = RoomQuestion(sign, "share")
        self._clock = clock
        self._budget = StartBudget()
        self._mode = mode
        self._floor = Floor(1 if mode == "one" else places, moderated=mode == "moderated")
        self._presenting: tuple[str, ...] = ()
        self._people: dict[str, Person] = {}
        self._mute: set[str] = set()
        self._told: dict[str, dict[str, object]] = {}
        self._grants: dict[str, asyncio.TimerHandle] = {}
        self.on_change: Callable[[], None] = lambda: None
        self.record: Record = unrecorded
        casting.on_end = self._cast_over

    # ---- coming and going

    def join(self, person: Person, *, answers: bool = True) -> None:
        """A session has begun. ``answers``: whether others' questions can be put to it; not so for a tool."""
        self._people[person.session_id] = person
        if not answers:
            self._mute.add(person.session_id)
        self._floor.join(person.session_id, allows(person.role, "control"), answers)
        self._tell()

    async def leave(self, person: Person) -> None:
        """A session is over; nothing is left of it."""
        who = person.session_id
        self._people.pop(who, None)
        self._mute.discard(who)
        self._told.pop(who, None)
        self._floor.leave(who)
        self._settle()
        await self._casting.stop(who)

    # ---- casting

    async def offer(self, sender: Person, sdp: str) -> tuple[str, int]:
        """The SDP answer and the stream's number. Raises Refusal (busy), OfferRefused, ReceiverError."""
        return await self._present(sender, lambda: self._casting.offer(sender, sdp))

    async def quic(self, sender: Person) -> tuple[QuicOpened, int]:
        """Where the sender is awaited over WebTransport, and the stream's number. Raises as ``offer``."""
        return await self._present(sender, lambda: self._casting.quic(sender))

    async def cast(self, sender: Person, url: str) -> int:
        """Play what is at an address; the stream's number. Raises Refusal (busy), UrlNotCast, ReceiverError."""
        return await self._present(sender, lambda: self._casting.cast(sender, url))

    async def seek(self, sender: Person, position_s: float) -> None:
        """Go to a time in what the sender plays from an address. Raises PeerError."""
        await self._casting.seek(sender, position_s)

    async def _present(self, sender: Person, begin: Callable[[], Awaitable[T]]) -> T:
        """Begin a cast, if the floor is free for it."""
        who = sender.session_id
        if self._floor.state(who) != "presenting":
            self._check_free(sender)
            self._floor.ask(who)
        try:
            begun = await begin()
        except (PeerError, ReceiverError):
            if self._casting.stream_of(who) is None:  # else it was another path for the stream, which is still on
                self._cast_over(who)
            raise
        self._settle()
        return begun

    def presenters(self) -> tuple[str, ...]:
        """The sessions that present and can be asked, the longest first. ``on_change`` is called when they may be
        others."""
        return tuple(who for who in self._floor.presenting if who not in self._mute)

    def owners(self) -> dict[int, Sender]:
        """The streams that are on, oldest first, and whose they are."""
        return self._casting.streams

    def stream_of(self, session_id: str) -> int | None:
        return self._casting.stream_of(session_id)

    def candidate(self, sender: Person, candidate: str, sdp_mid: str | None, sdp_mline_index: int | None) -> None:
        self._casting.candidate(sender, candidate, sdp_mid, sdp_mline_index)

    def _check_free(self, sender: Person) -> None:
        """Raises Refusal where the sender has to ask first."""
        floor = self._floor
        names = " and ".join(self._name(presenter) for presenter in floor.presenting)
        if len(floor.presenting) >= floor.places or any(floor.state(who) == "queued" for who in floor.waiting):
            verb = "are" if len(floor.presenting) > 1 else "is"
            advice = f"{names or 'Somebody'} {verb} sharing now. Ask to take over, or wait."
            raise Refusal(ErrorCode.BUSY, advice, sender=names, may_ask=True)
        if floor.moderated and not allows(sender.role, "control"):
            advice = "A moderator decides who shares on this display. Ask to share."
            raise Refusal(ErrorCode.BUSY, advice, sender=names, may_ask=True)

    def _cast_over(self, who: str) -> None:
        if who in self._people:
            self._floor.release(who)
            self._settle()

    # ---- the floor's own methods

    def methods(self, person: Person) -> dict[str, Method]:
        """``floor.*`` for one session."""
        who = person.session_id

        async def request(params: dict[str, Any]) -> object:
            read(params, Nothing)
            return self.request(person)

        async def release(params: dict[str, Any]) -> object:
            read(params, Nothing)
            await self._casting.stop(who, "You have given your place back.")
            return self._do(lambda: self._floor.release(who), who)

        def decide(decision: Callable[[str, str], None], event: Event) -> Method:
            async def decided(params: dict[str, Any]) -> object:
                other = read(params, FloorDecision).session
                answer = self._do(lambda: decision(other, who), who)
                self.record(event, self._name(other), by=person.sender_name)
                return answer

            return decided

        return {
            "floor.request": request,
            "floor.release": release,
            "floor.approve": decide(self._floor.approve, "takeover granted"),
            "floor.deny": decide(self._floor.deny, "takeover denied"),
            "floor.promote": decide(self._floor.promote, "takeover granted"),
        }

    def request(self, person: Person) -> dict[str, object]:
        """``floor.request``. Raises Refusal."""
        who, floor = person.session_id, self._floor
        if floor.state(who) == "watching":
            try:
                self._budget.spend(person.fingerprint, self._clock.now())
            except RateLimited as error:
                wait = error.retry_after_s
                raise Refusal(ErrorCode.RATE_LIMITED, f"{error} Wait {wait} s.", retry_after_s=wait) from error
        answer = self._do(lambda: floor.ask(who), who)
        if self._waits(who):
            self.record("takeover asked", person.sender_name, person.fingerprint)
        if self._waits(who) and (answerers := floor.answerers(who)):
            self._question.ask(who, person.sender_name, [] if floor.moderated else [*map(self._name, answerers)])
        return answer

    def answer_here(self, yes: bool, by: str) -> bool:
        """Somebody in front of the TV answers what it asks; False where it asks nothing of this kind."""
        who = self._question.who
        if who is None or not (answerers := self._floor.answerers(who)):
            return False
        (self._floor.approve if yes else self._floor.deny)(who, answerers[0])
        self.record("takeover granted" if yes else "takeover denied", self._name(who), by=by)
        self._settle()
        return True

    def _do(self, step: Callable[[], object], who: str) -> dict[str, object]:
        try:
            step()
        except NotYours as error:
            raise Refusal(ErrorCode.FORBIDDEN, str(error)) from error
        self._settle()
        return standing(self._floor, who)

    # ---- what follows from a change

    def _settle(self) -> None:
        """Make casts, timers and the TV's question follow the floor, and tell everybody."""
        before, self._presenting = self._presenting, self._floor.presenting
        presenting = self._presenting
        came = [self._name(who) for who in presenting if who not in before]
        reason = f"{came[-1]} is sharing now." if came else "A moderator ended it."
        for sender in list(self._casting.streams.values()):
            if sender.session_id not in presenting and sender.session_id in self._people:
                self._casting.stop_soon(sender.session_id, reason)
        awaited = {who for who in presenting if self._casting.stream_of(who) is None}
        for who in set(self._grants) - awaited:
            self._grants.pop(who).cancel()
        for who in awaited - set(self._grants):
            self._grants[who] = asyncio.get_running_loop().call_later(GRANT_S, self._grant_over, who)
        asker = self._question.who
        if asker is not None and not (self._waits(asker) and self._floor.answerers(asker)):
            self._question.withdraw()
        self._tell()

    def _grant_over(self, who: str) -> None:
        del self._grants[who]
        self._cast_over(who)

    def _waits(self, who: str) -> bool:
        return who in self._floor.waiting

    def _tell(self) -> None:
        for who, state in news(self._floor, self._mode, self._people, self._casting.stream_of).items():
            if self._told.get(who) != state:
                self._told[who] = state
                self._people[who].on_floor(state)
        self.on_change()

    def _name(self, who: str) -> str:
        return self._people[who].sender_name

    def status(self) -> dict[str, object]:
        """For ``ddp-receiver status``."""
        return {
            "mode": self._mode,
            "presenting": [self._name(who) for who in self._floor.presenting],
            "queue": [self._name(who) for who in self._floor.waiting],
        }
