"""A session that outlives its connection, and everything that must not."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from receiver.app.peer import Peer
from receiver.trust.encoding import b64encode
from receiver.trust.identity import Identity
from tests.peers.ddp_client import DdpClient, Refused, WebSocketWire
from tests.peers.display import FakeDisplay


async def wire(display: FakeDisplay) -> WebSocketWire:
    return await WebSocketWire.connect(display.ws)


async def casting(display: FakeDisplay, name: str = "Alice") -> DdpClient:
    client = DdpClient(await wire(display), name=name)
    await client.pair(display.pin)
    client.numbered = True
    await client.request("rtc.offer", {"sdp": "v=0"})
    return client


def caster(display: FakeDisplay) -> Peer:
    assert display.stagehand.caster is not None
    return display.stagehand.caster


def cut(client: DdpClient) -> None:
    """The network is gone: no close frame, nothing."""
    client.wire._websocket.transport.abort()  # type: ignore[attr-defined]


async def until(true: Callable[[], Any]) -> None:
    for _ in range(200):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about")


async def test_the_same_session_goes_on_and_nothing_is_lost(display: FakeDisplay) -> None:
    client = await casting(display)
    peer = caster(display)
    cut(client)
    await until(lambda: peer.state == "suspended")
    peer.on_state("reconnecting", "The cable came out.")
    peer.on_state("live", "")
    display.clock.skip(29)
    async with await client.resume(await wire(display)) as again:
        assert await again.notification("session.state") == {"state": "reconnecting", "reason": "The cable came out."}
        assert await again.notification("session.state") == {"state": "live", "reason": ""}
        assert await again.request("display.pause") == {"state": "paused"}
        assert (peer.state, caster(display)) == ("active", peer)
        assert ("stop",) not in display.stagehand.log
        assert again.keys != client.keys
    await until(lambda: len(display.sessions) == 0)


async def test_an_answer_that_was_lost_comes_over_the_next_connection(display: FakeDisplay) -> None:
    client = await casting(display)
    peer = caster(display)
    asked = asyncio.create_task(client.request("display.stop"))
    await asyncio.sleep(0)
    cut(client)
    await until(lambda: peer.state == "suspended")
    async with await client.resume(await wire(display)):
        assert await asked == {"state": "stopped"}
    assert display.stagehand.log.count(("stop",)) == 1


async def test_after_30_seconds_the_session_is_gone(display: FakeDisplay) -> None:
    client = await casting(display)
    cut(client)
    await until(lambda: caster(display).state == "suspended")
    display.clock.skip(31)
    display.sessions.tick()
    await until(lambda: len(display.sessions) == 0)
    assert display.stagehand.caster is None
    with pytest.raises(Refused) as refused:
        await client.resume(await wire(display))
    assert refused.value.code == -32007
    assert "Connect again" in refused.value.advice


@pytest.mark.parametrize("leave", ["bye", "close"])
async def test_who_leaves_is_not_waited_for(display: FakeDisplay, leave: str) -> None:
    client = await casting(display)
    if leave == "bye":
        await client.notify("ddp.bye", {"reason": "done"})
    else:
        await client.close()
    await until(lambda: len(display.sessions) == 0)


async def test_one_that_does_not_number_its_messages_is_not_waited_for(display: FakeDisplay) -> None:
    client = DdpClient(await wire(display))
    await client.pair(display.pin)
    cut(client)
    await until(lambda: len(display.sessions) == 0)


async def test_a_resume_that_is_not_completed_changes_nothing(display: FakeDisplay) -> None:
    """Whoever sends a recorded request takes nothing, and does not stand in the owner's way."""
    client = await casting(display)
    recorded = client.resumption()
    async with await client.resume(await wire(display), recorded, complete=False):
        assert await client.request("ddp.ping") == {}
        with pytest.raises(Refused) as refused:
            await client.resume(await wire(display), recorded)
        assert refused.value.code == -32005
    assert await client.request("ddp.ping") == {}
    async with await client.resume(await wire(display)) as again:
        assert await again.request("ddp.ping") == {}
        assert (await client.close_code()).code == 4002
        client.taken = again.taken
        with pytest.raises(AssertionError, match="does not have the session's secret"):
            await client.resume(await wire(display), client.resumption())
        assert await again.request("ddp.ping") == {}


async def test_a_last_answer_that_was_lost_does_not_lock_the_owner_out(display: FakeDisplay) -> None:
    """The display has completed the resume, and the sender has heard nothing of it: it still has its first token."""
    client = await casting(display)
    again = await client.resume(await wire(display))
    await again.request("ddp.ping")
    again.token = client.token
    cut(again)
    async with await again.resume(await wire(display)) as third:
        assert await third.request("ddp.ping") == {}


Spoil = Callable[[DdpClient, dict[str, Any]], None]


def other_key(client: DdpClient, asked: dict[str, Any]) -> None:
    client.identity = Identity.generate()
    asked.update(client.resumption())


def other_token(client: DdpClient, asked: dict[str, Any]) -> None:
    asked["token"] = asked["token"][:-4] + "AAAA"


def other_session(client: DdpClient, asked: dict[str, Any]) -> None:
    asked["session"] = b64encode(bytes(16))


def other_count(client: DdpClient, asked: dict[str, Any]) -> None:
    asked["last_seq"] += 1


def future_count(client: DdpClient, asked: dict[str, Any]) -> None:
    client.taken += 1
    asked.update(client.resumption())


@pytest.mark.parametrize("spoil", [other_key, other_token, other_session, other_count, future_count])
async def test_everything_that_does_not_fit_gets_one_answer(display: FakeDisplay, spoil: Spoil) -> None:
    client = await casting(display)
    asked = client.resumption()
    spoil(client, asked)
    with pytest.raises(Refused) as refused:
        await client.resume(await wire(display), asked)
    assert refused.value.code == -32007
    assert refused.value.data == {
        "advice": "The session can't be resumed. Connect again; no PIN is needed where the display knows this device."
    }
    await client.close()


async def test_somebody_elses_token_is_no_token(display: FakeDisplay) -> None:
    alice, bob = await casting(display), DdpClient(await wire(display), name="Bob")
    await bob.pair(display.pin)
    alice.token = bob.token
    with pytest.raises(Refused) as refused:
        await alice.resume(await wire(display))
    assert refused.value.code == -32007
    await alice.close()
    await bob.close()


async def test_an_outbox_that_overflowed_is_a_gap(display: FakeDisplay) -> None:
    client = await casting(display)
    peer = caster(display)
    cut(client)
    await until(lambda: peer.state == "suspended")
    for _ in range(257):
        peer.on_state("reconnecting", "")
    with pytest.raises(Refused) as refused:
        await client.resume(await wire(display))
    assert refused.value.code == -32007


async def test_a_whole_outbox_is_replayed(display: FakeDisplay) -> None:
    client = await casting(display)
    peer = caster(display)
    cut(client)
    await until(lambda: peer.state == "suspended")
    for number in range(250):
        peer.on_state("reconnecting", str(number))
    async with await client.resume(await wire(display)) as again:
        for number in range(250):
            assert (await again.notification("session.state"))["reason"] == str(number)
        assert again.doubled == 0


async def test_who_acknowledges_nothing_is_told_and_may_resume(display: FakeDisplay) -> None:
    client = await casting(display)
    peer = caster(display)

    async def silence() -> None:
        return None

    client.acknowledge = silence  # type: ignore[method-assign]
    peer.on_state("live", "")
    closed = await client.close_code()
    assert closed.code == 4003
    assert client.doubled >= 2, "sent three times"
    await until(lambda: peer.state == "suspended")
    del client.acknowledge
    async with await client.resume(await wire(display)) as again:
        assert await again.request("ddp.ping") == {}


async def test_a_message_that_comes_twice_is_done_once_and_answered_twice(display: FakeDisplay) -> None:
    client = await casting(display)
    await client.request("display.stop")
    message = {"seq": client.sent, "mid": client.sent, "id": 99, "method": "display.stop", "params": {}}
    await client._write(message)
    await client._write({"mid": 4711, "id": "once", "method": "display.stop", "params": {}})
    await client._write({"mid": 4711, "id": "once", "method": "display.stop", "params": {}})
    assert await client.request("ddp.ping") == {}
    assert display.stagehand.log.count(("stop",)) == 1
    await client.close()


async def test_messages_are_taken_in_the_order_of_their_numbers(display: FakeDisplay) -> None:
    client = await casting(display)
    first = client.sent + 1
    for seq, candidate in ((first + 1, "second"), (first, "first")):
        params = {"candidate": candidate, "sdpMid": None, "sdpMLineIndex": None}
        await client._write({"seq": seq, "mid": seq, "method": "rtc.candidate", "params": params})
    client.sent = first + 1
    assert await client.request("ddp.ping") == {}
    assert [entry[1] for entry in display.stagehand.log if entry[0] == "candidate"] == ["first", "second"]
    await client.close()


@pytest.mark.parametrize("wrong", [{"seq": 2000, "mid": 1}, {"ack": 999}])
async def test_numbers_that_can_not_be_end_the_connection(display: FakeDisplay, wrong: dict[str, int]) -> None:
    client = await casting(display)
    client.taken = wrong.pop("ack", client.taken)
    await client._write({"method": "ddp.ack", "params": {}, **wrong})
    assert (await client.close_code()).code == 1002


async def test_the_log_follows_a_messages_life(display: FakeDisplay, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = await casting(display)
    caster(display).on_state("live", "")
    await client.notification("session.state")
    cut(client)
    await until(lambda: caster(display).state == "suspended")
    caster(display).on_state("reconnecting", "")
    async with await client.resume(await wire(display)):
        await asyncio.sleep(0.1)
    text = "\n".join(record.getMessage() for record in caplog.records)
    session = b64encode(client.session)
    for words in ("< seq 1 mid 1 rtc.offer", "> seq 1 sent", "> seq 3 kept", "> seq 3 replayed"):
        assert f"{session} {words}" in text


async def test_a_token_is_renewed_before_it_is_old(display: FakeDisplay) -> None:
    client = await casting(display)
    first = client.token
    display.clock.skip(481)
    display.sessions.tick()
    assert (await client.notification("session.token"))["token"] != first
    async with await client.resume(await wire(display)) as again:
        assert await again.request("ddp.ping") == {}


async def test_revoking_reaches_a_suspended_session(display: FakeDisplay) -> None:
    client = await casting(display)
    cut(client)
    await until(lambda: caster(display).state == "suspended")
    display.desk.revoke(client.identity.public.fingerprint)
    await until(lambda: len(display.sessions) == 0)
    with pytest.raises(Refused):
        await client.resume(await wire(display))
