"""The data layer over a session's sealed connection, as a sender meets it."""

import asyncio
from typing import Any

import pytest

from receiver.ddp.channel import OUTBOX_BYTES
from receiver.ddp.data import MAX_VALUE
from tests.peers.ddp_client import DdpClient, Refused
from tests.peers.display import DISPLAY_ID, FakeDisplay, paired


async def test_a_sender_sees_displays_sessions_and_their_changes(display: FakeDisplay) -> None:
    async with await paired(display) as anna:
        assert await anna.request("data.sub", {"id": "d", "name": "displays"}) == {}
        added = await anna.notification("data.added")
        assert added == {"collection": "displays", "id": DISPLAY_ID, "fields": {"display_id": DISPLAY_ID}}
        assert await anna.notification("data.ready") == {"subs": ["d"]}
        await anna.request("data.sub", {"id": "s", "name": "sessions", "params": [{"fields": ["name"]}]})
        assert (await anna.notification("data.added"))["fields"] == {"name": "Anna"}
        async with await paired(display, "Ben"):
            ben = await anna.notification("data.added")
            assert ben["fields"] == {"name": "Ben"}
        assert await anna.notification("data.removed") == {"collection": "sessions", "id": ben["id"]}
        await anna.request("data.unsub", {"id": "d"})
        assert await anna.notification("data.removed") == {"collection": "displays", "id": DISPLAY_ID}
        assert await anna.notification("data.nosub") == {"id": "d"}


async def test_a_value_reaches_all_who_listen(display: FakeDisplay) -> None:
    async with await paired(display) as anna, await paired(display, "Ben") as ben:
        for client in (anna, ben):
            await client.request("data.sub", {"id": "r", "name": "rooms/lobby"})
        assert await anna.request("data.publish", {"topic": "lobby", "value": {"slide": 3}}) == {"reached": 2}
        for client in (anna, ben):
            heard = await client.notification("data.added")
            assert heard["fields"] == {"value": {"slide": 3}, "from": "Anna", "n": 1}
        called = {"id": "m1", "name": "publish", "params": ["lobby", 4]}
        assert await ben.request("data.method", called) == {"reached": 2}
        assert (await ben.notification("data.changed"))["fields"] == {"value": 4, "from": "Ben", "n": 2}
        assert await ben.notification("data.updated") == {"methods": ["m1"]}


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("data.sub", {"id": "a", "name": "films"}, -32011),
        ("data.sub", {"id": "a"}, -32602),
        ("data.sub", {"id": "a", "name": "streams", "params": {}}, -32602),
        ("data.unsub", {"id": "a"}, -32011),
        ("data.publish", {"topic": "a b", "value": 1}, -32602),
        ("data.publish", {"topic": "a", "value": "x" * MAX_VALUE}, -32602),
        ("data.method", {"id": "a", "name": "fly"}, -32601),
        ("data.method", {"id": "a", "name": "publish", "params": [1]}, -32602),
    ],
)
async def test_what_does_not_fit_is_refused_in_words(
    display: FakeDisplay, method: str, params: dict[str, Any], code: int
) -> None:
    async with await paired(display) as anna:
        with pytest.raises(Refused) as refused:
            await anna.request(method, params)
        assert refused.value.code == code
        assert len(refused.value.advice) > 10


async def test_a_stranger_gets_nothing(display: FakeDisplay) -> None:
    async with await DdpClient.connect(display.ws) as stranger:
        await stranger.hello()
        with pytest.raises(Refused) as refused:
            await stranger.request("data.sub", {"id": "a", "name": "displays"})
        assert refused.value.code == -32001


async def test_a_reader_that_stops_gets_the_newest_state_and_keeps_its_connection(display: FakeDisplay) -> None:
    """Far more is published than the outbox holds, while the slow one reads nothing."""
    room, size = display.desk.data.server, 12_000
    async with await paired(display, "Slow") as slow:
        await slow.request("data.sub", {"id": "r", "name": "rooms/lobby"})
        await slow.notification("data.ready")
        slow.wire._websocket.transport.pause_reading()  # type: ignore[attr-defined]
        rounds = 20 * OUTBOX_BYTES // size
        for number in range(rounds):
            room.put(("rooms", "lobby"), {"value": f"{number:06}" + "x" * size})
            if number % 20 == 0:
                await asyncio.sleep(0)
        slow.wire._websocket.transport.resume_reading()  # type: ignore[attr-defined]
        newest, heard = f"{rounds - 1:06}", 0
        async with asyncio.timeout(20):
            while True:
                method, params = await slow.notifications.get()
                heard += method in ("data.added", "data.changed")
                if method in ("data.added", "data.changed") and params["fields"]["value"].startswith(newest):
                    break
        assert heard < rounds
        assert await slow.request("ddp.ping") == {}
