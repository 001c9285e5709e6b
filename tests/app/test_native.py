"""HTTP requests of paired native clients: signed both ways, proven, taken once; over TLS and without."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import brotli
import pytest

from receiver.ddp.bodies import MAX_BODY
from receiver.trust import tokens
from tests.peers.ddp_client import DdpClient, WebSocketWire, trusting
from tests.peers.display import FakeDisplay
from tests.peers.native_client import NativeClient

IDENTIFY = "/api/commands/identify"


@pytest.fixture
async def native(display: FakeDisplay) -> AsyncIterator[NativeClient]:
    """The owner's, because it is the first device."""
    async with await DdpClient.connect(display.ws, name="Alice's laptop") as client:
        await client.pair(display.pin)
        yield NativeClient(client, f"http://127.0.0.1:{display.port}")


async def test_a_paired_client_asks_over_tls_and_without(display: FakeDisplay, native: NativeClient) -> None:
    secure = NativeClient(native.client, f"https://localhost:{display.tls_port}", trusting())
    for client in (native, secure):
        reply = await client.ask("GET", "/api/status?why=not")
        assert (reply.status, reply.signed) == (200, True)
        session = reply.json["result"]["session"]
        assert (session["role"], session["state"]) == ("owner", "active")
        assert session["scopes"] == ["admin", "cast", "control", "input"]
        assert reply.json["result"]["sessions"][session["id"]]["name"] == "Alice's laptop"
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["content-encoding"] is None


async def test_a_command_is_done_and_its_errors_name_the_field(native: NativeClient) -> None:
    reply = await native.ask("POST", IDENTIFY, b'{"seconds": 5}')
    assert (reply.status, reply.signed) == (200, True)
    assert reply.json["result"]["display_name"] == "Living room"
    assert (await native.ask("POST", IDENTIFY)).status == 200
    reply = await native.ask("POST", IDENTIFY, b'{"seconds": 500}')
    assert (reply.error, reply.signed) == ((400, -32602), True)
    assert "seconds of identify" in reply.json["error"]["data"]["advice"]
    assert (await native.ask("POST", "/api/commands/dance")).error == (404, -32601)
    assert (await native.ask("POST", IDENTIFY, b"[]")).error == (400, -32602)
    assert (await native.ask("POST", IDENTIFY, b"{")).error[0] == 400
    assert (await native.ask("GET", IDENTIFY)).error == (404, -32601)
    assert (await native.ask("GET", "/api/nothing")).error == (404, -32601)


async def test_devices_are_the_owners_to_see(display: FakeDisplay, native: NativeClient) -> None:
    (device,) = (await native.ask("GET", "/api/devices")).json["result"]["devices"]
    assert (device["name"], device["connected"]) == ("Alice's laptop", True)
    async with await DdpClient.connect(display.ws, name="Bob's phone") as client:
        await client.pair(display.pin)
        reply = await NativeClient(client, native.base).ask("GET", "/api/devices")
        assert (reply.error, reply.signed) == ((403, -32002), True)
        assert (await NativeClient(client, native.base).ask("POST", "/api/commands/power")).error == (403, -32002)


async def test_a_request_is_taken_once(native: NativeClient) -> None:
    made = native.make("POST", IDENTIFY, b"{}")
    assert (await asyncio.to_thread(native.send, "POST", IDENTIFY, b"{}", made)).status == 200
    reply = await asyncio.to_thread(native.send, "POST", IDENTIFY, b"{}", made)
    assert (reply.error, reply.signed) == ((401, -32005), True)
    assert "new nonce and a new proof" in reply.json["error"]["data"]["advice"]
    assert reply.headers["WWW-Authenticate"] == 'DPoP algs="ES256"'
    again = replace(native, jti="the same")
    assert (await again.ask("GET", "/api/status")).status == 200
    assert (await again.ask("GET", "/api/status")).error == (401, -32005)


async def test_what_was_altered_on_the_way_is_refused_unsigned(native: NativeClient) -> None:
    made = native.make("POST", IDENTIFY, b'{"seconds": 5}')
    for method, target, body in (
        ("POST", IDENTIFY, b'{"seconds": 9}'),
        ("POST", "/api/commands/power", b'{"seconds": 5}'),
        ("POST", IDENTIFY + "?x", b'{"seconds": 5}'),
        ("GET", IDENTIFY, b'{"seconds": 5}'),
    ):
        reply = await asyncio.to_thread(native.send, method, target, body, made)
        assert (reply.error, reply.signed) == ((401, -32001), False)
    assert (await asyncio.to_thread(native.send, "POST", IDENTIFY, b'{"seconds": 5}', made)).status == 200


@pytest.mark.parametrize("name", ["X-Session-ID", "X-Nonce", "X-Auth", "Authorization", "DPoP"])
async def test_every_header_is_needed_and_must_be_right(native: NativeClient, name: str) -> None:
    made = native.make("GET", "/api/status", b"")
    for wrong in ("", "x", "A" * 22, "A" * 43, "é", "DPoP e30.e30.e30"):
        headers = {**made, name: wrong}
        reply = await asyncio.to_thread(_send_once, native, {**native.make("GET", "/api/status", b""), name: wrong})
        assert reply == 401, headers


def _send_once(native: NativeClient, headers: dict[str, str]) -> int:
    probe = replace(native)
    probe._is_signed = lambda *given: False  # type: ignore[method-assign]
    return probe.send("GET", "/api/status", None, headers).status


async def test_a_late_proof_tells_of_the_clock(native: NativeClient) -> None:
    reply = await replace(native, late_s=300).ask("GET", "/api/status")
    assert reply.error == (401, -32001)
    assert "seconds before the display's clock" in reply.json["error"]["data"]["advice"]


async def test_another_sessions_token_and_keys_are_worth_nothing(display: FakeDisplay, native: NativeClient) -> None:
    async with await DdpClient.connect(display.ws, name="Mallory") as other:
        await other.pair(display.pin)
        bob = NativeClient(other, native.base)
        made = bob.make("GET", "/api/status", b"")
        mine = native.make("GET", "/api/status", b"")
        for name in ("X-Session-ID", "Authorization", "DPoP"):
            assert await asyncio.to_thread(_send_once, bob, {**made, name: mine[name]}) == 401


async def test_a_token_is_renewed_before_it_ends_and_ends(display: FakeDisplay, native: NativeClient) -> None:
    first = native.client.token
    display.clock.skip(tokens.LIFE_S - 120)
    display.sessions.tick()
    await native.client.notification("session.token")
    assert native.client.token != first
    skewed = replace(native, late_s=-(tokens.LIFE_S - 120))
    assert (await skewed.ask("GET", "/api/status")).status == 200
    display.clock.skip(121)
    late = replace(native, late_s=-(tokens.LIFE_S + 1))
    assert (await late.ask("GET", "/api/status")).status == 200
    native.client.token = first
    reply = await late.ask("GET", "/api/status")
    assert reply.error == (401, -32001)
    assert "expired" in reply.json["error"]["data"]["advice"]


async def test_revoking_ends_it_at_once(display: FakeDisplay, native: NativeClient) -> None:
    display.desk.revoke(native.client.identity.public.fingerprint)
    reply = await native.ask("GET", "/api/status")
    assert (reply.error, reply.signed) == ((401, -32001), False)


async def test_a_resumed_session_has_new_keys_for_requests_too(display: FakeDisplay) -> None:
    async with await DdpClient.connect(display.ws) as client:
        client.numbered = True
        await client.pair(display.pin)
        old = NativeClient(client, f"http://127.0.0.1:{display.port}")
        assert (await old.ask("GET", "/api/status")).status == 200
        async with await client.resume(await WebSocketWire.connect(display.ws)) as resumed:
            await resumed.notification("session.token")
            assert (await replace(old, client=resumed).ask("GET", "/api/status")).signed
            assert (await old.ask("GET", "/api/status")).error == (401, -32001)


@pytest.mark.parametrize(("coding", "encode"), [("gzip", gzip.compress), ("br", brotli.compress)])
async def test_a_body_may_be_compressed_but_is_bounded(native: NativeClient, coding: str, encode: object) -> None:
    assert callable(encode)
    coded = replace(native, extra={"Content-Encoding": coding})
    assert (await coded.ask("POST", IDENTIFY, encode(b'{"seconds": 5}'))).status == 200
    reply = await coded.ask("POST", IDENTIFY, encode(b" " * 10_000_000))
    assert (reply.status, reply.signed) == (413, True)
    assert "at most" in reply.json["error"]["data"]["advice"]
    assert (await coded.ask("POST", IDENTIFY, b"{}")).status == 400
    assert (await replace(native, extra={"Content-Encoding": "zstd"}).ask("POST", IDENTIFY, b"{}")).status == 415
    assert (await native.ask("POST", IDENTIFY, json.dumps({"x": "y" * MAX_BODY}).encode())).status == 413


async def test_a_repeated_header_is_refused(display: FakeDisplay, native: NativeClient) -> None:
    made = native.make("GET", "/api/status", b"")
    reader, writer = await asyncio.open_connection("127.0.0.1", display.port)
    lines = [f"{name}: {value}" for name, value in [*made.items(), ("DPoP", made["DPoP"])]]
    request = ["GET /api/status HTTP/1.1", f"Host: 127.0.0.1:{display.port}", *lines, "", ""]
    writer.write("\r\n".join(request).encode())
    assert b" 400 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()
