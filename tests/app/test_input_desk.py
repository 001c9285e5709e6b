"""Consent for the display's keyboard and pointer: over a real connection, and what the desk does by itself."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from receiver.app import input_desk
from receiver.app.facts import Facts
from receiver.app.input_desk import LOCAL_S, NO_CONTROL, TOO_FAST, InputDesk, NoHands
from receiver.app.notices import Notices
from receiver.app.screen import Screen
from receiver.clock import FakeClock
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.input.rate import BURST
from receiver.link.hands import Key, Pointer
from receiver.session.roles import Role
from receiver.trust.limits import START_BURST
from tests.peers import examples
from tests.peers.box import CONFIG, box
from tests.peers.ddp_client import refused
from tests.peers.display import FakeDisplay, FakeHands, paired

ENTER = {"kind": "key", "code": "Enter"}
NOTHING = {"you": "none", "asked_by": [], "granted": []}


async def test_a_viewer_asks_and_an_owner_answers(display: FakeDisplay) -> None:
    told: list[tuple[Any, ...]] = []
    display.desk.input.record = lambda event, who="", device="", **details: told.append((event, who, details))
    async with await paired(display, "Anna") as anna, await paired(display, "Ben") as ben:
        session = ben.greeting["ddp_session_id"]
        ben_is = {"session": session, "name": "Ben"}
        without = await refused(ben, "input.event", ENTER)
        assert (without.code, without.advice) == (-32002, NO_CONTROL)
        assert (await refused(anna, "input.approve", {"session": session})).code == -32602
        assert await ben.request("input.request") == {"state": "asking"}
        assert display.signs.question == ("control", "Ben", "")
        assert await anna.notification("input.state") == NOTHING | {"asked_by": [ben_is]}
        assert await ben.notification("input.state") == NOTHING | {"you": "asking"}
        assert (await refused(ben, "input.approve", {"session": session})).code == -32002

        assert await anna.request("input.approve", {"session": session}) == {"state": "none"}
        assert display.signs.question is None
        assert await ben.notification("input.state") == {"you": "granted", "asked_by": [], "granted": [ben_is]}
        peer = display.sessions.get(session)
        assert peer is not None
        assert peer.scopes == {"cast", "input"}
        assert await ben.request("input.event", ENTER) == {}
        bad = await refused(ben, "input.event", {"kind": "key", "code": "Power"})
        assert (bad.code, "there is no key 'Power'" in bad.advice) == (-32602, True)
        assert display.desk.input.status() == {"asking": [], "granted": ["Ben"], "carried": 1, "refused": 1}
        assert display.hands.did == [(session, Key("Enter"))]

        await anna.request("input.deny", {"session": session})
        assert await ben.notification("input.state") == NOTHING
        assert peer.scopes == {"cast"}
        assert display.hands.did[1:] == [(session, "let go")]
        assert (await refused(ben, "input.event", {})).code == -32002
    assert told == [
        ("input asked", "Ben", {}),
        ("input granted", "Ben", {"by": "Anna"}),
        ("input denied", "Ben", {"by": "Anna"}),
    ]


async def test_who_shares_on_a_real_receiver_answers(tmp_path: Path) -> None:
    async with (
        box(tmp_path, config=CONFIG + "\n[floor]\nfirst_is_owner = false\n") as tv,
        await examples.connect(tv, "Anna") as anna,
        await examples.connect(tv, "Ben") as ben,
    ):
        for client in (anna, ben):
            await client.pair(tv.pin)
        ben_is = {"session": ben.greeting["ddp_session_id"], "name": "Ben"}
        await tv.until(lambda status: status["input"]["able"])
        await ben.request("input.request")
        assert (await refused(anna, "input.approve", {"session": ben_is["session"]})).code == -32002
        await anna.request("rtc.offer", {"sdp": examples.OFFER})
        await anna.told("input.state", asked_by=[ben_is])
        await anna.request("input.approve", {"session": ben_is["session"]})
        await ben.told("input.state", you="granted")
        assert await ben.request("input.event", ENTER) == {}
        state = (await tv.status())["input"]
        assert (state["granted"], state["carried"], state["able"]) == (["Ben"], 1, True)
        since = len(anna.heard)
        await ben.notify("ddp.bye", {})
        await anna.told("input.state", since, granted=[], asked_by=[])


async def test_an_owner_asks_nobody(display: FakeDisplay) -> None:
    async with await paired(display, "Anna") as anna:
        assert (await refused(anna, "input.event", ENTER)).advice == NO_CONTROL, "or the TV would not say who it is"
        assert await anna.request("input.request") == {"state": "granted"}
        assert await anna.request("input.event", ENTER) == {}
        assert display.signs.question is None
        assert await anna.request("input.release") == {"state": "none"}


async def test_a_session_that_ends_leaves_nothing_behind(display: FakeDisplay) -> None:
    async with await paired(display, "Anna") as anna:
        async with await paired(display, "Ben") as ben, await paired(display, "Eva") as eva:
            await ben.request("input.request")
            await eva.request("input.request")
            await anna.request("input.approve", {"session": ben.greeting["ddp_session_id"]})
        while await anna.notification("input.state") != NOTHING:
            pass
        assert display.signs.question is None
        assert display.desk.input.status() == {"asking": [], "granted": [], "carried": 0, "refused": 0}
        assert not display.desk.input._deadlines
        assert len(display.desk.input._told) == 1, "of Anna, who is still here"


class Person:
    def __init__(self, desk: InputDesk, name: str, role: Role = "viewer") -> None:
        self.sender_name, self.session_id, self.role, self.fingerprint = name, name.lower(), role, f"key of {name}"
        self.states: list[dict[str, Any]] = []
        self.told = asyncio.Event()
        self._methods = desk.methods(self)
        desk.join(self)

    def on_input(self, state: dict[str, Any]) -> None:
        self.states.append(state)
        self.told.set()

    async def call(self, method: str, **params: object) -> Any:
        return await self._methods[f"input.{method}"](params)


def driven(notices: Notices, clock: FakeClock) -> InputDesk:
    desk = InputDesk(notices, clock)
    desk.hands = FakeHands()
    return desk


def did(desk: InputDesk) -> list[tuple[str, object]]:
    assert isinstance(desk.hands, FakeHands)
    return desk.hands.did


@pytest.fixture
def notices() -> Notices:
    return Notices(cast(Screen, SimpleNamespace(show=lambda scene: None)), Facts("Living room", 8443))


async def test_who_shares_is_asked_and_the_tv_says_so(notices: Notices) -> None:
    desk = driven(notices, FakeClock())
    anna, ben = Person(desk, "Anna"), Person(desk, "Ben")
    await ben.call("request")
    assert not anna.states
    desk.presenters = lambda: ("anna", "ben")
    desk.settle()
    assert anna.states[-1]["asked_by"] == [{"session": "ben", "name": "Ben"}]
    assert ben.states[-1]["asked_by"] == [], "nobody lets themselves"
    await ben.call("release")
    await ben.call("request")
    assert (notices.facts.asking, notices.facts.asked, notices.facts.wish) == ("Ben", "Anna", "control")
    notices.ask("share", "Eva", "Anna")
    assert (notices.facts.asking, notices.facts.wish) == ("Eva", "share")
    notices.ask_no_more("share")
    assert (notices.facts.asking, notices.facts.wish) == ("Ben", "control")
    await anna.call("approve", session="ben")
    assert notices.facts.asking is None
    for person in (anna, ben):
        desk.leave(person)
    assert not [*desk._people, *desk._told, *desk._deadlines, *desk._consents._states]


async def test_a_question_that_nobody_answers_is_over(notices: Notices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_desk, "ASK_S", 0.01)
    desk = driven(notices, FakeClock())
    ben = Person(desk, "Ben")
    await ben.call("request")
    ben.told.clear()
    await asyncio.wait_for(ben.told.wait(), 5)
    assert ben.states[-1] == NOTHING
    assert notices.facts.asking is None
    assert not desk._deadlines


async def test_another_role_is_a_new_beginning(notices: Notices) -> None:
    desk = driven(notices, FakeClock())
    mona = Person(desk, "Mona", "moderator")
    await mona.call("request")
    assert mona.states[-1]["you"] == "granted"
    mona.role = "viewer"
    desk.join(mona)
    assert mona.states[-1] == NOTHING
    assert not desk.scopes("mona")


async def test_who_asks_too_often_waits(notices: Notices) -> None:
    clock = FakeClock()
    desk = driven(notices, clock)
    ben = Person(desk, "Ben")
    for _ in range(START_BURST):
        await ben.call("request")
        await ben.call("request")
        await ben.call("release")
    with pytest.raises(Refusal) as caught:
        await ben.call("request")
    assert caught.value.code == ErrorCode.RATE_LIMITED
    wait_s = caught.value.data["retry_after_s"]
    assert isinstance(wait_s, int)
    clock.advance(wait_s * 1_000_000_000)
    assert await ben.call("request") == {"state": "asking"}
    await ben.call("release")


async def test_a_key_at_the_display_ends_all_control(notices: Notices) -> None:
    clock = FakeClock()
    desk = driven(notices, clock)
    told: list[tuple[Any, ...]] = []
    stopped: list[tuple[str, ...]] = []
    desk.record = lambda event, who="", device="", **details: told.append((event, who, details))
    desk.on_driving, desk.on_stopped = notices.drive, stopped.append
    mona = Person(desk, "Mona", "moderator")
    await mona.call("request")
    await mona.call("event", kind="key", code="KeyA", action="down")
    assert [*notices.facts.driving] == ["Mona"]
    desk.local_key("Keyboard of the house")
    assert mona.states[-1] == NOTHING
    assert did(desk) == [("mona", Key("KeyA", "down")), ("mona", "let go")]
    assert (notices.facts.driving, stopped) == ((), [("Mona",)])
    assert told[-1] == ("input stopped", "Mona", {"by": "Keyboard of the house"})
    with pytest.raises(Refusal) as caught:
        await mona.call("request")
    assert (caught.value.code, caught.value.data["retry_after_s"]) == (ErrorCode.BUSY, LOCAL_S)
    clock.advance(int(LOCAL_S * 1e9))
    assert await mona.call("request") == {"state": "granted"}


async def test_whoever_is_away_or_leaves_holds_nothing(notices: Notices) -> None:
    desk = driven(notices, FakeClock())
    mona = Person(desk, "Mona", "moderator")
    desk.away(mona)
    await mona.call("request")
    desk.away(mona)
    assert desk.scopes("mona") == {"input"}, "the grant outlives a lost connection"
    desk.leave(mona)
    assert did(desk) == [("mona", "let go")] * 2


async def test_events_that_come_too_fast_are_refused_but_letting_go_is_not(notices: Notices) -> None:
    desk = driven(notices, FakeClock())
    mona = Person(desk, "Mona", "moderator")
    await mona.call("request")
    for _ in range(BURST):
        await mona.call("event", kind="pointer", x=0.5, y=0.5)
    with pytest.raises(Refusal) as caught:
        await mona.call("event", **ENTER)
    assert (caught.value.code, caught.value.advice) == (ErrorCode.RATE_LIMITED, TOO_FAST)
    await mona.call("event", **ENTER, action="up")
    assert did(desk)[-1] == ("mona", Key("Enter", "up"))
    assert desk.status()["refused"] == 1


async def test_a_place_is_aimed_at_the_picture(notices: Notices) -> None:
    desk = driven(notices, FakeClock())
    desk.aim = lambda x, y: (x / 2, y / 4)
    mona = Person(desk, "Mona", "moderator")
    await mona.call("request")
    await mona.call("event", kind="pointer", x=1, y=1)
    assert did(desk) == [("mona", Pointer(0.5, 0.25))]


async def test_nobody_is_let_drive_what_is_not_there(notices: Notices) -> None:
    desk = InputDesk(notices, FakeClock())
    mona = Person(desk, "Mona", "moderator")
    with pytest.raises(Refusal) as caught:
        await mona.call("request")
    assert (caught.value.code, caught.value.advice) == (ErrorCode.NO_COMMON_CAPABILITY, NoHands.reason)
