"""The floor desk: what people, casts and the TV see of the floor. The people and the casts only remember."""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from receiver.app import floor_desk
from receiver.app import question as question_room
from receiver.app.casting import Casting
from receiver.app.floor_desk import FloorDesk, Mode
from receiver.clock import FakeClock
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.errors import ReceiverError
from receiver.session.roles import Role
from receiver.trust.limits import START_BURST

MakeRoom = Callable[..., "Room"]


class FakeCasting:
    """Casts without media."""

    def __init__(self) -> None:
        self.streams: dict[int, Any] = {}
        self.on_end: Callable[[str], None] = lambda session_id: None
        self.reasons: dict[str, str] = {}
        self.fails: Exception | None = None

    async def offer(self, sender: Any, sdp: str) -> tuple[str, int]:
        if self.fails is not None:
            raise self.fails
        stream = len(self.reasons) + len(self.streams) + 1
        self.streams[stream] = sender
        return f"answer to {sdp}", stream

    def stream_of(self, session_id: str) -> int | None:
        return next((stream for stream, sender in self.streams.items() if sender.session_id == session_id), None)

    async def stop(self, session_id: str, reason: str = "") -> None:
        if (stream := self.stream_of(session_id)) is not None:
            del self.streams[stream]
            self.reasons[session_id] = reason
            self.on_end(session_id)

    def stop_soon(self, session_id: str, reason: str) -> None:
        asyncio.get_running_loop().create_task(self.stop(session_id, reason))


class Person:
    def __init__(self, desk: FloorDesk, name: str, role: Role) -> None:
        self.sender_name, self.session_id, self.role = name, name.lower(), role
        self.fingerprint = f"key of {name}"
        self.states: list[dict[str, Any]] = []
        self.told = asyncio.Event()
        self._methods = desk.methods(self)
        self._desk = desk

    def on_floor(self, state: dict[str, Any]) -> None:
        self.states.append(state)
        self.told.set()

    def on_stats(self, stats: dict[str, object]) -> None:
        pass

    def on_state(self, state: str, reason: str, again: bool = False) -> None:
        pass

    async def call(self, method: str, **params: str) -> Any:
        return await self._methods[f"floor.{method}"](params)

    async def offer(self) -> tuple[str, int]:
        return await self._desk.offer(self, "v=0")

    @property
    def you(self) -> dict[str, Any]:
        you: dict[str, Any] = self.states[-1]["you"]
        return you


class Room:
    """A display's floor and everybody in it."""

    def __init__(self, mode: Mode, places: int = 4) -> None:
        self.casting = FakeCasting()
        self.question: tuple[str, str] | None = None
        self.quiet = asyncio.Event()
        self.clock = FakeClock()
        sign = SimpleNamespace(ask=self._ask, ask_no_more=lambda wish: self._ask(wish, None, ""))
        self.desk = FloorDesk(cast(Casting, self.casting), sign, mode, places, self.clock)

    def _ask(self, wish: str, asking: str | None, asked: str) -> None:
        assert wish == "share"
        self.question = None if asking is None else (asking, asked)
        if asking is None:
            self.quiet.set()

    def enter(self, name: str, role: Role = "viewer") -> Person:
        person = Person(self.desk, name, role)
        self.desk.join(person)
        return person

    @property
    def on_tv(self) -> list[str]:
        return [sender.sender_name for sender in self.casting.streams.values()]


@pytest.fixture
async def after() -> AsyncIterator[list[Room]]:
    """Rooms that must be as if nobody had ever been there, once all have left."""
    rooms: list[Room] = []
    yield rooms
    for room in rooms:
        for person in list(room.desk._people.values()):
            await room.desk.leave(person)
        await asyncio.sleep(0)
        assert not [*room.desk._people, *room.desk._told, *room.desk._grants, *room.desk._floor.people]
        assert room.desk._question.who is None
        assert room.desk._question._timer is None
        assert room.question is None
        assert not room.casting.streams


@pytest.fixture
def room(after: list[Room]) -> MakeRoom:
    def make(mode: Mode, places: int = 4) -> Room:
        after.append(Room(mode, places))
        return after[-1]

    return make


async def test_the_first_shares_and_the_second_is_told_who_does(room: MakeRoom) -> None:
    here = room("one")
    anna, ben = here.enter("Anna"), here.enter("Ben")
    assert await anna.offer() == ("answer to v=0", 1)
    assert anna.you["state"] == "presenting"
    with pytest.raises(Refusal, match="Anna is sharing now") as refused:
        await ben.offer()
    assert (refused.value.code, refused.value.data) == (ErrorCode.BUSY, {"sender": "Anna", "may_ask": True})
    assert ben.states[-1]["presenting"] == [{"session": "anna", "name": "Anna", "stream": 1}]
    assert ben.you == {"session": "ben", "role": "viewer", "state": "watching", "position": 0, "asked_by": []}


async def test_taking_over_by_consent(room: MakeRoom) -> None:
    here = room("one")
    anna, ben, carla = here.enter("Anna"), here.enter("Ben"), here.enter("Carla")
    await anna.offer()
    assert await ben.call("request") == {"state": "queued", "position": 1}
    assert await carla.call("request") == {"state": "queued", "position": 2}
    assert here.question == ("Carla", "Anna")
    assert anna.you["asked_by"] == ["ben", "carla"]
    await anna.call("approve", session="carla")
    await asyncio.sleep(0)
    assert here.casting.reasons == {"anna": "Carla is sharing now."}
    assert here.question is None
    assert (await carla.offer())[1] == 2
    assert (here.on_tv, ben.you["position"]) == (["Carla"], 1)


async def test_who_asked_and_who_decided_is_recorded(room: MakeRoom) -> None:
    here, told = room("one"), []
    here.desk.record = lambda event, who="", device="", **details: told.append((event, who, details))
    anna, ben, carla = here.enter("Anna"), here.enter("Ben"), here.enter("Carla", "owner")
    await anna.offer()
    await ben.call("request")
    with pytest.raises(Refusal):
        await ben.call("approve", session="ben")
    await anna.call("deny", session="ben")
    await carla.call("promote", session="ben")
    await asyncio.sleep(0)
    assert told == [
        ("takeover asked", "Ben", {}),
        ("takeover denied", "Ben", {"by": "Anna"}),
        ("takeover granted", "Ben", {"by": "Carla"}),
    ]


async def test_not_now_keeps_the_place_in_the_queue(room: MakeRoom) -> None:
    here = room("one")
    anna, ben = here.enter("Anna"), here.enter("Ben")
    await anna.offer()
    await ben.call("request")
    await anna.call("deny", session="ben")
    assert here.question is None
    assert (anna.you["asked_by"], ben.states[-1]["queue"][0]["asked"]) == ([], False)
    await here.casting.stop(anna.session_id)
    assert ben.you["state"] == "presenting"
    await ben.offer()
    assert here.on_tv == ["Ben"]


async def test_decisions_are_for_those_they_belong_to(room: MakeRoom) -> None:
    here = room("one")
    anna, ben, carla = here.enter("Anna"), here.enter("Ben"), here.enter("Carla", "owner")
    await anna.offer()
    await ben.call("request")
    for method in ("approve", "deny", "promote"):
        with pytest.raises(Refusal) as refused:
            await ben.call(method, session="ben")
        assert refused.value.code == ErrorCode.FORBIDDEN
    await carla.call("promote", session="ben")
    await asyncio.sleep(0)
    assert here.casting.reasons == {"anna": "Ben is sharing now."}
    await carla.call("deny", session="ben")
    assert ben.you["state"] == "watching"


async def test_many_share_until_there_is_no_place(room: MakeRoom) -> None:
    here = room("many", 2)
    anna, ben, carla = here.enter("Anna"), here.enter("Ben"), here.enter("Carla")
    await anna.offer()
    await ben.offer()
    with pytest.raises(Refusal, match="Anna and Ben are sharing now"):
        await carla.offer()
    await carla.call("request")
    assert here.question == ("Carla", "Anna or Ben")
    await ben.call("deny", session="carla")
    assert here.question == ("Carla", "Anna or Ben")
    await here.desk.leave(anna)
    assert carla.you["state"] == "presenting"


async def test_a_moderator_lets_people_share(room: MakeRoom) -> None:
    here = room("moderated")
    anna, mona = here.enter("Anna"), here.enter("Mona", "moderator")
    with pytest.raises(Refusal, match="A moderator decides"):
        await anna.offer()
    assert await anna.call("request") == {"state": "asking", "position": 1}
    assert here.question == ("Anna", "")
    assert mona.you["asked_by"] == ["anna"]
    await mona.call("approve", session="anna")
    await anna.offer()
    await mona.offer()
    assert here.on_tv == ["Anna", "Mona"]
    await mona.call("deny", session="anna")
    await asyncio.sleep(0)
    assert here.casting.reasons == {"anna": "A moderator ended it."}


async def test_a_place_that_nobody_takes_goes_to_the_next(room: MakeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floor_desk, "GRANT_S", 0.01)
    here = room("one")
    anna, ben, carla = here.enter("Anna"), here.enter("Ben"), here.enter("Carla")
    await anna.offer()
    await ben.call("request")
    await carla.call("request")
    await here.desk.leave(anna)
    assert ben.you["state"] == "presenting"
    carla.told.clear()
    await asyncio.wait_for(carla.told.wait(), 5)
    assert carla.you["state"] == "presenting"
    assert ben.you["state"] == "watching"
    await carla.offer()
    assert not here.desk._grants


async def test_the_question_leaves_the_tv_but_not_the_page(room: MakeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(question_room, "QUESTION_S", 0.01)
    here = room("one")
    anna, ben = here.enter("Anna"), here.enter("Ben")
    await anna.offer()
    await ben.call("request")
    await asyncio.wait_for(here.quiet.wait(), 5)
    assert anna.you["asked_by"] == ["ben"]


async def test_an_offer_that_fails_gives_the_place_back(room: MakeRoom) -> None:
    here = room("one")
    anna, ben = here.enter("Anna"), here.enter("Ben")
    here.casting.fails = ReceiverError("The screen is being started again.")
    with pytest.raises(ReceiverError):
        await anna.offer()
    here.casting.fails = None
    await ben.offer()
    assert here.on_tv == ["Ben"]


async def test_who_gives_the_place_back_shares_no_more(room: MakeRoom) -> None:
    here = room("one")
    anna, ben = here.enter("Anna"), here.enter("Ben")
    await anna.offer()
    await ben.call("request")
    assert await anna.call("release") == {"state": "watching", "position": 0}
    assert here.casting.reasons == {"anna": "You have given your place back."}
    assert ben.you["state"] == "presenting"


async def test_who_asks_too_often_waits(room: MakeRoom) -> None:
    here = room("one")
    anna, ben = here.enter("Anna"), here.enter("Ben")
    await anna.offer()
    for _ in range(START_BURST):
        await ben.call("request")
        await ben.call("request")
        await ben.call("release")
    with pytest.raises(Refusal) as refused:
        await ben.call("request")
    assert refused.value.code == ErrorCode.RATE_LIMITED
    wait_s = refused.value.data["retry_after_s"]
    assert isinstance(wait_s, int)
    here.clock.advance(wait_s * 1_000_000_000)
    assert (await ben.call("request"))["position"] == 1


async def test_who_depends_on_the_presenters_is_told_of_each_change(room: MakeRoom) -> None:
    here, seen = room("one"), []
    here.desk.on_change = lambda: seen.append(here.desk.presenters())
    anna = here.enter("Anna")
    await anna.offer()
    assert seen[-1:] == [("anna",)]
    await anna.call("release")
    assert seen[-1:] == [()]


async def test_nobody_is_told_what_has_not_changed(room: MakeRoom) -> None:
    here = room("one")
    anna = here.enter("Anna")
    told = len(anna.states)
    await anna.call("release")
    assert len(anna.states) == told
