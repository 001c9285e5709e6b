"""What is done at the display, to the sender that asked for it, over a real connection."""

from typing import Any

import pytest

from receiver.app.back_desk import NOT_AGREED, OFF
from receiver.app.front import capability
from receiver.ddp.codes import ErrorCode
from receiver.link import TvKey
from receiver.link.hands import Key, Pointer, Touch, Wheel
from receiver.session.way_back import KINDS, QUIET
from tests.peers.ddp_client import CAPABILITY, DdpClient, Refused, WebSocketWire
from tests.peers.display import FakeDisplay

BACK = CAPABILITY + ", back=(key pointer wheel touch)"


async def sender(display: FakeDisplay, name: str, offered: str = BACK) -> DdpClient:
    client = DdpClient(await WebSocketWire.connect(display.ws), name=name, capability=offered)
    await client.pair(display.pin)
    return client


@pytest.fixture
def room(display: FakeDisplay) -> FakeDisplay:
    """A display that lets senders be told, with Anna's or Ben's picture where a test says so."""
    back = display.desk.back
    back.lack = lambda: ""
    display.desk.display = display.desk.display.__class__(
        display.desk.display.id,
        display.desk.display.name,
        display.desk.display.identity,
        lambda: capability(("VP8", "H264"), KINDS),
    )
    return display


def shown(display: FakeDisplay, client: DdpClient | None) -> None:
    display.desk.back.main = lambda: None if client is None else client.greeting["ddp_session_id"]
    display.desk.back.settle()


async def refusal(client: DdpClient, **params: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        await client.request("input.accept", params)
    assert caught.value.code == ErrorCode.NO_COMMON_CAPABILITY
    return caught.value


async def test_it_is_off_by_default_and_only_for_who_negotiated_it(display: FakeDisplay) -> None:
    async with await sender(display, "Anna") as anna:
        assert "back" not in anna.greeting["capability"]
        assert (await refusal(anna)).advice == OFF
        display.desk.back.lack = lambda: ""
        assert (await refusal(anna)).advice == NOT_AGREED
        assert await anna.request("input.accept", {"kinds": []}) == {"kinds": [], "active": False}


async def test_who_is_shown_and_asked_is_told_and_the_tv_says_so(room: FakeDisplay) -> None:
    back = room.desk.back
    told: list[object] = []
    watched: list[bool] = []
    back.on_going, back.watch = told.append, watched.append
    back.record = lambda event, who="", device="", **details: told.append((event, who))
    back.place = lambda x, y: (min(1.0, 2 * x), y, x <= 0.5)
    async with await sender(room, "Anna") as anna, await sender(room, "Ben") as ben:
        assert "back=(key pointer wheel touch)" in anna.greeting["capability"]
        shown(room, anna)
        back.take(Touch(0, "down", 0.25, 0.5))
        assert told == [], "being shown is not to ask"
        assert await anna.request("input.accept") == {"kinds": [*KINDS], "active": True}
        assert told == [("local input sent", "Anna"), "Anna"]
        assert watched[-1:] == [True]
        assert await anna.notification("input.back") == {"active": True}
        back.take(Touch(0, "down", 0.25, 0.5))
        event = {"kind": "touch", "finger": 0, "action": "down", "x": 0.5, "y": 0.5}
        assert await anna.notification("input.event") == event
        back.take(Touch(1, "down", 0.75, 0.5))  # beside the picture
        back.take(Pointer(0.25, 1.0))
        moved = {"kind": "pointer", "x": 0.5, "y": 1.0, "action": "move", "button": "left"}
        assert await anna.notification("input.event") == moved

        back.typing()
        await ben.request("input.accept", {"kinds": ["key"]})
        shown(room, ben)
        assert await anna.notification("input.event") == event | {"action": "up"}
        assert await anna.notification("input.back") == {"active": False}
        assert await ben.notification("input.back") == {"active": True}
        back.take(Wheel(0, 1))
        back.typing()
        back.take(Key("KeyA", "down"))  # Anna's still, as far as who types knows
        room.clock.skip(QUIET / 1e9)
        back.typing()
        back.take(Key("KeyB", "down"))
        assert await ben.notification("input.event") == {"kind": "key", "code": "KeyB", "action": "down"}
        assert back.status() == {"accepted": ["Anna", "Ben"], "to": "Ben"}
        await ben.request("input.accept", {"kinds": []})
        assert await ben.notification("input.event") == {"kind": "key", "code": "KeyB", "action": "up"}
        assert (told[-1], watched[-1:]) == ("", [False])
    assert back.status()["to"] is None


async def test_the_tvs_remote_control_is_told_as_keys(room: FakeDisplay) -> None:
    back = room.desk.back
    async with await sender(room, "Anna") as anna:
        shown(room, anna)
        await anna.request("input.accept", {"kinds": ["key"]})
        room.clock.skip(QUIET / 1e9)
        back.typing()
        for down in (True, False):
            back.tv_key(TvKey("select", down))
            told = await anna.notification("input.event")
            assert told == {"kind": "key", "code": "Ok", "action": "down" if down else "up"}


async def test_nobody_is_told_that_they_are_before_hands_listen_and_nothing_stays_held_when_they_go(
    room: FakeDisplay,
) -> None:
    back, hands = room.desk.back, {"watch": False}
    back.watched = lambda: hands["watch"]

    def hands_are(there: bool) -> None:
        hands["watch"] = there
        back.settle()

    async with await sender(room, "Anna") as anna:
        shown(room, anna)
        assert await anna.request("input.accept", {"kinds": ["key"]}) == {"kinds": ["key"], "active": False}
        assert back.status() == {"accepted": ["Anna"], "to": None}
        hands_are(True)
        assert await anna.notification("input.back") == {"active": True}
        room.clock.skip(QUIET / 1e9)
        back.typing()
        back.tv_key(TvKey("up", True))
        assert await anna.notification("input.event") == {"kind": "key", "code": "ArrowUp", "action": "down"}
        back.tv_key(TvKey("up", True, again=True))
        assert await anna.notification("input.event") == {"kind": "key", "code": "ArrowUp", "action": "down"}
        hands_are(False)
        assert await anna.notification("input.event") == {"kind": "key", "code": "ArrowUp", "action": "up"}
        assert await anna.notification("input.back") == {"active": False}
