"""The box's HTTP: pages, headers, refusals and limits, on a real server."""

import asyncio
import contextlib
import json
import logging
import ssl
import urllib.error
import urllib.request
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from receiver.ddp.guard import MAX_REQUESTS_PER_ADDRESS
from receiver.ddp.listen import MAX_OPEN_PER_ADDRESS, Open, listen
from receiver.errors import ReceiverError
from receiver.trust.certificate import ensure_certificate
from tests.peers.ddp_client import CAPABILITY, DdpClient, WebSocketWire, trusting
from tests.peers.display import JPEG, FakeDisplay
from tests.peers.h2_wire import H2Wire


def fetch(url: str, headers: dict[str, str] | None = None, method: str = "GET") -> tuple[int, Message, bytes]:
    request = urllib.request.Request(url, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10, context=trusting() if url[:5] == "https" else None) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


async def get(
    display: FakeDisplay, path: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[int, Message, bytes]:
    return await asyncio.to_thread(fetch, f"http://127.0.0.1:{display.port}{path}", headers, method)


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html"),
        ("/cast.js", "text/javascript"),
        ("/.well-known/ddp", "application/json"),
        ("/device.xml", "text/xml"),
        ("/healthz", "application/json"),
        ("/tv", "text/html"),
        ("/tv/snapshot.jpg", "image/jpeg"),
    ],
)
async def test_pages_have_their_type_and_every_header(display: FakeDisplay, path: str, media_type: str) -> None:
    status, headers, body = await get(display, path)
    assert status == 200
    assert body
    assert (headers["content-type"] or "").startswith(media_type)
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "display-capture=(self)" in headers["permissions-policy"]
    assert f"ws://127.0.0.1:{display.port}" in headers["content-security-policy"]
    assert headers["server"] is None


async def test_the_same_over_tls(display: FakeDisplay) -> None:
    status, _, body = await asyncio.to_thread(fetch, f"https://localhost:{display.tls_port}/.well-known/ddp")
    assert (status, json.loads(body)["display_id"]) == (200, "tv-livingroom-001a")


async def test_a_screen_that_is_restarting_is_said(display: FakeDisplay) -> None:
    display.snapshots.fails = ReceiverError("The screen is being started again. Try again in a few seconds.")
    status, _, body = await get(display, "/tv/snapshot.jpg")
    assert (status, body) == (503, b"The screen is being started again. Try again in a few seconds.\n")


async def test_one_address_has_a_bounded_number_of_requests(display: FakeDisplay) -> None:
    display.snapshots.ready.clear()
    request = f"GET /tv/snapshot.jpg HTTP/1.1\r\nHost: 127.0.0.1:{display.port}\r\n\r\n".encode()
    slow = []
    for _ in range(MAX_REQUESTS_PER_ADDRESS):
        slow.append(await asyncio.open_connection("127.0.0.1", display.port))
        slow[-1][1].write(request)
    for _ in range(100):
        status, _, body = await get(display, "/healthz")
        if status == 503:
            break
    assert b"Too many requests" in body
    display.snapshots.ready.set()
    for reader, writer in slow:
        assert b" 200 " in await asyncio.wait_for(reader.readline(), 5)
        writer.close()
    assert (await get(display, "/healthz"))[0] == 200


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/", {"Host": "evil.example"}, 421),
        ("/", {"Host": "192.0.2.1"}, 421),
        ("/", {"Origin": "https://evil.example"}, 403),
        ("/", {"Origin": "null"}, 403),
        ("/tv/snapshot.jpg", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("/nothing", {}, 404),
        ("/../identity.pem", {}, 404),
        ("/%2e%2e/state/identity.pem", {}, 404),
    ],
)
async def test_refusals(display: FakeDisplay, path: str, headers: dict[str, str], status: int) -> None:
    answered, _, body = await get(display, path, headers)
    assert answered == status
    assert body.strip()
    assert b"PRIVATE" not in body


async def test_the_address_that_a_connection_has_reached_is_ours_before_it_is_known(display: FakeDisplay) -> None:
    """After an outage senders are back before the news of our own addresses."""
    display.hosts[:] = ["box.local"]
    assert (await get(display, "/healthz"))[0] == 200
    assert (await get(display, "/healthz", {"Host": "localhost"}))[0] == 421
    assert (await get(display, "/healthz", {"Host": "127.0.0.2"}))[0] == 421
    async with await DdpClient.connect(display.ws) as client:
        assert await client.hello()


async def test_only_get_is_answered(display: FakeDisplay) -> None:
    assert (await get(display, "/healthz", method="POST"))[0] == 405


async def test_the_picture_of_the_tv_is_not_for_the_network(
    display: FakeDisplay, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await get(display, "/tv/snapshot.jpg"))[2] == JPEG
    monkeypatch.setattr("receiver.ddp.here.address_of", lambda scope: "192.0.2.9")
    for path in ("/tv", "/tv/snapshot.jpg"):
        status, _, body = await get(display, path)
        assert status == 403
        assert b"localhost" in body


async def test_a_foreign_page_gets_no_websocket(display: FakeDisplay) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await WebSocketWire.connect(display.ws, origin="https://evil.example")
    assert refused.value.response.status_code == 403


async def test_a_name_that_is_not_ours_gets_no_websocket(display: FakeDisplay) -> None:
    display.hosts[:] = ["box.local"]
    with pytest.raises(InvalidStatus) as refused:
        await WebSocketWire.connect(display.ws.replace("127.0.0.1", "localhost"))
    assert refused.value.response.status_code == 421


async def test_a_foreign_page_gets_no_websocket_over_http2(display: FakeDisplay) -> None:
    wire = await H2Wire.connect(display.tls_port, trusting(), origin="https://evil.example")
    assert wire.response[":status"] == "403"
    await wire.close()


async def test_the_subprotocol_is_required(display: FakeDisplay) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await WebSocketWire.connect(display.ws, subprotocols=["chat"])
    assert refused.value.response.status_code == 400
    assert b"ddp.v2+json" in refused.value.response.body


async def test_a_native_client_negotiates_by_header(display: FakeDisplay) -> None:
    wire = await WebSocketWire.connect(display.ws, additional_headers={"Capability": CAPABILITY})
    assert 'codecs=("VP8" "H264")' in wire._websocket.response.headers["Capability"]
    await wire.close()
    with pytest.raises(InvalidStatus) as refused:
        await WebSocketWire.connect(display.ws, additional_headers={"Capability": "ddp=1.0"})
    assert json.loads(refused.value.response.body)["code"] == -32010


async def test_slow_headers_are_cut_off(display: FakeDisplay) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", display.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
    assert await asyncio.wait_for(reader.read(), 15) in (b"", b"")
    writer.close()


async def test_long_headers_are_refused(display: FakeDisplay) -> None:
    try:
        status, _, _ = await get(display, "/", {"X-Long": "x" * 300_000})
    except (urllib.error.URLError, ConnectionError):
        return  # it was cut off before all of it was read
    assert status in (400, 431)


async def test_more_connections_than_allowed_are_closed_at_once(display: FakeDisplay) -> None:
    writers: list[asyncio.StreamWriter] = []
    try:
        for _ in range(MAX_OPEN_PER_ADDRESS):
            writers.append((await asyncio.open_connection("127.0.0.1", display.port))[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", display.port)
        writers.append(writer)
        assert await asyncio.wait_for(reader.read(), 3) == b""
    finally:
        for writer in writers:
            writer.close()
    for _ in range(100):  # Hypercorn notices the end of an unused connection when its keep-alive runs out
        await asyncio.sleep(0.1)
        try:
            assert (await get(display, "/healthz"))[0] == 200
        except (urllib.error.URLError, ConnectionError):
            continue
        return
    raise AssertionError("closed connections were not counted out")


async def test_a_renewed_certificate_is_served_at_once(display: FakeDisplay) -> None:
    def served() -> str:
        return ssl.get_server_certificate(("127.0.0.1", display.tls_port))

    before = await asyncio.to_thread(served)
    config = display.server._config
    assert config.certfile
    assert config.keyfile
    ensure_certificate(Path(config.certfile).parent, "renamed", "tv-1", [], datetime.now(UTC))
    display.server.reload_certificate()
    assert await asyncio.to_thread(served) != before


async def test_a_peer_that_goes_on_after_its_answer_leaves_no_trace_in_the_log(
    display: FakeDisplay, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        _, writer = await asyncio.open_connection("127.0.0.1", display.tls_port, ssl=trusting())
        writer.write(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 99000000\r\n\r\n")
        with contextlib.suppress(OSError):
            for _ in range(200):
                writer.write(bytes(65536))
                await asyncio.wait_for(writer.drain(), 0.3)
        writer.transport.abort()
    await asyncio.sleep(0.3)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_stop_closes_what_is_open_and_frees_the_port(display: FakeDisplay) -> None:
    wire = await WebSocketWire.connect(display.ws)
    reader, _ = await asyncio.open_connection("127.0.0.1", display.port)
    started = asyncio.get_running_loop().time()
    await display.server.stop()
    assert asyncio.get_running_loop().time() - started < 10
    await asyncio.wait_for(wire._websocket.wait_closed(), 5)
    assert wire._websocket.close_code in (1001, 1006)
    assert await asyncio.wait_for(reader.read(), 5) == b""
    with pytest.raises(OSError, match=r"."):
        await asyncio.open_connection("127.0.0.1", display.port)


def test_a_port_in_use_is_explained() -> None:
    first = listen("127.0.0.1", 0, Open())
    with pytest.raises(ReceiverError, match="another port"):
        listen("127.0.0.1", first.port, Open())
    first.close()
