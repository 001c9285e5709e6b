"""What a sender gets whose sealed frames were tampered with: the end of its session."""

import json
import secrets
import struct
from collections.abc import Awaitable, Callable

import pytest

from receiver.trust.encoding import b64encode
from tests.peers.ddp_client import DdpClient, Refused
from tests.peers.display import FakeDisplay
from tests.peers.mallory import paired


def ping(client: DdpClient) -> bytes:
    assert client.sealer is not None
    message = {"jsonrpc": "2.0", "id": 1, "method": "ddp.ping", "ddp_session_id": b64encode(client.session)}
    return client.sealer.seal(json.dumps(message).encode())


async def flip(client: DdpClient) -> None:
    frame = bytearray(ping(client))
    frame[secrets.randbelow(len(frame))] ^= 1 << secrets.randbelow(8)
    await client.wire.send(bytes(frame))


async def replay(client: DdpClient) -> None:
    frame = ping(client)
    await client.wire.send(frame)
    await client.wire.send(frame)


async def skip(client: DdpClient) -> None:
    ping(client)
    await client.wire.send(ping(client))


async def truncate(client: DdpClient) -> None:
    await client.wire.send(ping(client)[:-1])


async def stub(client: DdpClient) -> None:
    await client.wire.send(b"")


async def reflect(client: DdpClient) -> None:
    seen: list[str | bytes] = []
    receive = client.wire.receive

    async def recording() -> str | bytes:
        seen.append(await receive())
        return seen[-1]

    client.wire.receive = recording  # type: ignore[method-assign]
    await client.request("ddp.ping")  # the reader's next turn records
    await client.request("ddp.ping")
    answer = seen[-1]
    assert isinstance(answer, bytes)
    await client.wire.send(struct.pack(">Q", 3) + answer[8:])


@pytest.mark.parametrize("attack", [flip, replay, skip, truncate, stub, reflect])
async def test_a_frame_that_does_not_open_ends_the_session(
    display: FakeDisplay, attack: Callable[[DdpClient], Awaitable[None]]
) -> None:
    async with await paired(display) as client:
        await client.request("rtc.offer", {"sdp": "v=0"})
        await attack(client)
        closed = await client.close_code()
        assert closed.code == 1008
        assert "verified" in closed.reason
    assert display.stagehand.log[-1] == ("stop",)


async def test_a_text_frame_after_pairing_ends_the_session(display: FakeDisplay) -> None:
    async with await paired(display) as client:
        client.sealer = None
        await client.notify("rtc.offer", {"sdp": "v=0"})
        assert (await client.close_code()).code == 1002
    assert display.stagehand.log == []


async def test_a_ping_may_cross_the_answer_to_confirm_but_not_come_later(display: FakeDisplay) -> None:
    async with await paired(display) as client:
        sealer, client.sealer = client.sealer, None
        assert await client.request("ddp.ping") == {}
        client.sealer = sealer
        assert await client.request("ddp.ping") == {}
        client.sealer = None
        await client.notify("ddp.ping")
        assert (await client.close_code()).code == 1002


async def test_another_connections_session_is_refused(display: FakeDisplay) -> None:
    async with await paired(display) as client:
        client.session = secrets.token_bytes(16)
        with pytest.raises(Refused) as refused:
            await client.request("ddp.ping")
        assert refused.value.code == -32006
