"""What a sender gets that breaks the rules of WebSocket or JSON, or says too much: a sentence, at no cost in memory."""

import asyncio
import struct
import tracemalloc
import zlib
from typing import Any

import pytest

from receiver.trust.encoding import b64encode
from tests.peers.ddp_client import CAPABILITY, Closed, Refused, WebSocketWire
from tests.peers.display import FakeDisplay
from tests.peers.mallory import client_of, paired


async def raw(display: FakeDisplay, **options: Any) -> WebSocketWire:
    return await WebSocketWire.connect(display.ws, **options)


async def closed_after(wire: WebSocketWire) -> Closed:
    async with asyncio.timeout(10):
        while True:
            try:
                await wire.receive()
            except Closed as closed:
                return closed


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", 1002),
        (b"\x00" * 40, 1002),
        ("[" * 60_000, 1002),
        ('{"jsonrpc":"2.0","id":1,"id":2,"method":"ddp.ping"}', 1002),
        ("[]", 1002),
        ("x" * 70_000, 1009),
    ],
    ids=["text", "binary", "deep", "duplicate key", "batch", "giant"],
)
async def test_a_bad_first_message_closes_with_a_sentence(display: FakeDisplay, frame: str | bytes, code: int) -> None:
    wire = await raw(display)
    await wire.send(frame)
    closed = await closed_after(wire)
    assert closed.code == code
    assert closed.reason.strip()


async def upgraded(display: FakeDisplay) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A WebSocket whose client end is only a socket, so that it can break every rule."""
    reader, writer = await asyncio.open_connection("127.0.0.1", display.port)
    writer.write(
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{display.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Protocol: ddp.v2+json\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n".encode()
    )
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def test_an_endless_message_takes_no_memory(display: FakeDisplay) -> None:
    reader, writer = await upgraded(display)
    tracemalloc.start()
    try:
        # A binary frame without FIN, 2^40 bytes long, masked with zeros (RFC 6455 section 5.2).
        writer.write(b"\x02\xff" + struct.pack(">Q", 1 << 40) + bytes(4))
        for _ in range(300):
            writer.write(bytes(65_536))
            await writer.drain()
        assert tracemalloc.get_traced_memory()[1] < 3 * 2**20
    finally:
        tracemalloc.stop()
    answer = await asyncio.wait_for(reader.read(100), 10)
    assert answer[0] == 0x88
    assert struct.unpack(">H", answer[2:4]) == (1009,)
    writer.close()


async def test_a_deflate_bomb_takes_no_memory(display: FakeDisplay) -> None:
    reader, writer = await upgraded(display)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = deflate.compress(bytes(60_000_000)) + deflate.flush(zlib.Z_SYNC_FLUSH)
    assert len(bomb) < 65_536
    tracemalloc.start()
    try:
        # FIN, RSV1, binary; masked with zeros, 16-bit length (RFC 6455 section 5.2, RFC 7692)
        writer.write(b"\xc2\xfe" + struct.pack(">H", len(bomb)) + bytes(4) + bomb)
        answer = await asyncio.wait_for(reader.read(2), 10)
        assert answer[0] == 0x88
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()
        writer.close()


@pytest.mark.parametrize("frame", [b"\x83\x80\x00\x00\x00\x00", b"\x81\x00", b"\xf1\x80\x00\x00\x00\x00"])
async def test_a_broken_websocket_frame_closes_with_1002(display: FakeDisplay, frame: bytes) -> None:
    wire = await raw(display)
    wire._websocket.transport.write(frame)
    assert (await closed_after(wire)).code == 1002


async def test_a_silent_connection_is_closed_after_three_seconds(display: FakeDisplay) -> None:
    closed = await closed_after(await raw(display))
    assert closed.code == 4001
    assert "3 seconds" in closed.reason


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"name": "‮evil"}, "U+202E"),
        ({"name": ""}, "1 to 64"),
        ({"name": "x" * 65}, "1 to 64"),
        ({"name": "a\nb"}, "U+000A"),
        ({"nonce": "AAAA"}, "nonce"),
        ({"nonce": 5}, "$.nonce"),
        ({"jwk": {"kty": "EC"}}, "members"),
        ({"capability": "ddp=3.0"}, "Update"),
        ({"capability": "("}, "RFC 9651"),
        ({"capability": CAPABILITY.replace("VP8", "X").replace("H264", "Y")}, "codecs"),
        ({"extra": 1}, "extra"),
    ],
)
async def test_a_bad_hello_is_refused_by_field(display: FakeDisplay, change: dict[str, Any], hint: str) -> None:
    async with await client_of(display) as client:
        params = {
            "capability": CAPABILITY,
            "jwk": client.identity.public.jwk,
            "name": "Mallory",
            "nonce": b64encode(client.nonce),
        }
        with pytest.raises(Refused) as refused:
            await client.request("ddp.hello", params | change)
        assert hint in refused.value.advice
        await client.hello()


async def test_too_many_connections_of_one_device_are_told_so(display: FakeDisplay) -> None:
    wires = [await raw(display) for _ in range(8)]
    closed = await closed_after(await raw(display))
    assert closed.code == 1013
    assert "too many" in closed.reason
    for wire in wires:
        await wire.close()


async def test_a_sender_that_never_reads_is_closed(display: FakeDisplay) -> None:
    async with await paired(display) as client:
        await client.request("rtc.offer", {"sdp": "v=0"})
        client._reader.cancel()
        client.wire._websocket.transport.pause_reading()  # type: ignore[attr-defined]
        peer = display.stagehand.caster
        assert peer is not None
        for _ in range(400):
            peer.on_stats({"filler": "x" * 60_000})
            await asyncio.sleep(0)
        for _ in range(200):
            if display.stagehand.caster is None:
                break
            await asyncio.sleep(0.02)
        assert display.stagehand.caster is None, "its cast has ended"
        client.wire._websocket.transport.abort()  # type: ignore[attr-defined]
