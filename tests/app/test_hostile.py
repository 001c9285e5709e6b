"""What a hostile or broken sender gets: a refusal, never a crash, a hang or a session."""

import asyncio
import json
import secrets
import struct
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from receiver.trust.encoding import b64decode, b64encode
from receiver.trust.identity import Identity
from tests.peers.ddp_client import CAPABILITY, Closed, DdpClient, Refused, WebSocketWire
from tests.peers.display import FakeDisplay


async def client_of(display: FakeDisplay, name: str = "Mallory") -> DdpClient:
    return await DdpClient.connect(display.ws, name=name)


async def started(display: FakeDisplay) -> tuple[DdpClient, bytes]:
    client = await client_of(display)
    await client.hello()
    await client.request("pair.start", {"method": "pin"})
    return client, (await display.pin()).encode()


def flipped(text: str, bit: int) -> str:
    data = bytearray(b64decode(text, len(text) * 3 // 4, "test"))
    data[bit // 8] ^= 1 << bit % 8
    return b64encode(bytes(data))


@pytest.mark.parametrize("field", ["mac", "sig"])
@pytest.mark.parametrize("bit", [0, 100, 255])
async def test_one_flipped_bit_in_a_proof_does_not_pair(display: FakeDisplay, field: str, bit: int) -> None:
    client, pin = await started(display)
    async with client:
        keys, th, proof = await client.prove(pin)
        proof[field] = flipped(proof[field], bit)
        with pytest.raises(Refused) as refused:
            await client.confirm(keys, th, proof)
        assert refused.value.code == -32003
        with pytest.raises(Refused) as unpaired:
            await client.request("rtc.offer", {"sdp": "v=0"})
        assert unpaired.value.code == -32001
    assert len(display.devices) == 0


Spoil = Callable[[DdpClient], None]


def other_nonce(client: DdpClient) -> None:
    client.nonce = secrets.token_bytes(16)


def other_session(client: DdpClient) -> None:
    client.greeting["nonce"] = flipped(client.greeting["nonce"], 3)


def other_display(client: DdpClient) -> None:
    client.greeting["display_id"] += "x"


def other_key(client: DdpClient) -> None:
    client.greeting["jwk"] = Identity.generate().public.jwk


def own_other_key(client: DdpClient) -> None:
    client.identity = Identity.generate()


@pytest.mark.parametrize("spoil", [other_nonce, other_session, other_display, other_key, own_other_key])
async def test_what_was_altered_on_the_way_does_not_pair(display: FakeDisplay, spoil: Spoil) -> None:
    client, pin = await started(display)
    async with client:
        spoil(client)
        with pytest.raises(Refused) as refused:
            await client.confirm(*await client.prove(pin))
        assert refused.value.code == -32003


async def test_an_altered_share_does_not_pair(display: FakeDisplay) -> None:
    client, pin = await started(display)
    async with client:
        request = client.request

        async def altering(method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
            return await request(method, {"share": flipped(params["share"], 7)} if params else params)

        client.request = altering  # type: ignore[method-assign]
        attempt = await client.prove(pin)
        client.request = request  # type: ignore[method-assign]
        with pytest.raises(Refused):
            await client.confirm(*attempt)


@pytest.mark.parametrize("share", [bytes(32), bytes([1]) + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f"])
async def test_a_low_order_share_is_refused(display: FakeDisplay, share: bytes) -> None:
    client, pin = await started(display)
    async with client:
        with pytest.raises(Refused) as refused:
            await client.request("pair.share", {"share": b64encode(share)})
        assert refused.value.code == -32602
        await client.confirm(*await client.prove(pin))


async def test_five_wrong_pins_take_it_off_the_tv(display: FakeDisplay) -> None:
    client, _ = await started(display)
    async with client:
        for left in (4, 3, 2, 1, 0):
            display.clock.skip(9)
            attempt = await client.prove(b"no digit")
            with pytest.raises(Refused) as refused:
                await client.confirm(*attempt)
            assert refused.value.data["tries_left"] == left
        assert display.signs.pin is None
        display.clock.skip(60)
        with pytest.raises(Refused) as gone:
            await client.prove(b"no digit")
        assert gone.value.code == -32003
        assert "new PIN" in gone.value.advice


async def test_a_pin_lives_two_minutes(display: FakeDisplay) -> None:
    client, pin = await started(display)
    async with client:
        attempt = await client.prove(pin)
        display.clock.skip(121)
        with pytest.raises(Refused) as refused:
            await client.confirm(*attempt)
        assert refused.value.code == -32003
        assert display.signs.pin is None or display.signs.pin.encode() != pin
        await client.request("pair.start", {"method": "pin"})
        await client.confirm(*await client.prove((await display.pin()).encode()))


async def test_twenty_wrong_pins_lock_the_display_but_not_its_qr_code(display: FakeDisplay) -> None:
    for address in ("192.0.2.1", "192.0.2.2"):
        for _ in range(10):
            display.desk.secrets.tries.failed(address, display.clock.now())
    async with await client_of(display) as client:
        await client.hello()
        with pytest.raises(Refused) as refused:
            await client.request("pair.start", {"method": "pin"})
        assert refused.value.code == -32004
        assert 3590 <= refused.value.data["retry_after_s"] <= 3600
        assert "60 minutes" in refused.value.advice
        await client.request("pair.start", {"method": "qr"})
        await client.confirm(*await client.prove(b64decode(display.signs.secret, 16, "k")))


async def test_another_connection_does_not_clear_the_back_off(display: FakeDisplay) -> None:
    client, _ = await started(display)
    async with client:
        attempt = await client.prove(b"no digit")
        with pytest.raises(Refused):
            await client.confirm(*attempt)
    async with await client_of(display) as again:
        await again.hello()
        with pytest.raises(Refused) as refused:
            await again.request("pair.start", {"method": "pin"})
        assert refused.value.code == -32009


async def test_a_flood_of_pair_start_does_not_change_the_pin_on_the_tv(display: FakeDisplay) -> None:
    honest, pin = await started(display)
    async with honest, await client_of(display) as flood:
        await flood.hello()
        codes = set()
        for _ in range(20):
            try:
                await flood.request("pair.start", {"method": "pin"})
            except Refused as refused:
                codes.add(refused.code)
        assert codes == {-32009}
        assert display.signs.pin == pin.decode()
        await honest.confirm(*await honest.prove(pin))


async def test_the_pin_leaves_the_tv_with_the_last_who_asked(display: FakeDisplay) -> None:
    first, _ = await started(display)
    second, _ = await started(display)
    await first.close()
    await asyncio.sleep(0.1)
    assert display.signs.pin is not None
    await second.close()
    for _ in range(100):
        if display.signs.pin is None:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the PIN stayed")


# ---- sealed frames


async def paired(display: FakeDisplay) -> DdpClient:
    client = await client_of(display)
    await client.pair(display.pin)
    return client


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


# ---- frames and JSON


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
