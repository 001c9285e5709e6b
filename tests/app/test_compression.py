"""gzip and br for what everybody may read, nothing for secrets; and permessage-deflate on the WebSocket."""

import asyncio
import gzip
import json
import urllib.request
from http.client import HTTPMessage
from pathlib import Path

import brotli
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.peers.ddp_client import SUBPROTOCOL, DdpClient, WebSocketWire, trusting
from tests.peers.display import JPEG, FakeDisplay

SCRIPT = "export const words = 'display';\n" * 4000


def fetch(url: str, method: str = "GET", **headers: str) -> tuple[HTTPMessage, bytes]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, headers=sent, method=method)
    with urllib.request.urlopen(request, timeout=10, context=trusting() if url[:5] == "https" else None) as answer:
        return answer.headers, answer.read()


@pytest.fixture
def script(web: Path, display: FakeDisplay) -> str:
    (web / "long.js").write_text(SCRIPT)
    return f"http://127.0.0.1:{display.port}/long.js"


@pytest.mark.parametrize(
    ("accept", "coding", "undo"),
    [
        ("gzip, deflate, br", "br", brotli.decompress),
        ("gzip, br;q=0", "gzip", gzip.decompress),
        ("identity", None, bytes),
    ],
)
@pytest.mark.parametrize("secure", [False, True])
async def test_a_page_comes_as_the_browser_wants(
    display: FakeDisplay, script: str, accept: str, coding: str | None, undo: object, secure: bool
) -> None:
    assert callable(undo)
    url = f"https://localhost:{display.tls_port}/long.js" if secure else script
    headers, body = await asyncio.to_thread(fetch, url, Accept_Encoding=accept)
    assert headers["content-encoding"] == coding
    assert headers.get_all("vary") == ["Accept-Encoding"]
    assert undo(body).decode() == SCRIPT
    assert (len(body) < 2000) == (coding is not None)
    assert headers["content-security-policy"]


async def test_heads_and_ranges_stay_as_they_are(script: str) -> None:
    headers, body = await asyncio.to_thread(fetch, script, "HEAD", Accept_Encoding="gzip, br")
    assert (headers["content-encoding"], headers["content-length"], body) == (None, str(len(SCRIPT)), b"")
    headers, body = await asyncio.to_thread(fetch, script, Accept_Encoding="gzip, br", Range="bytes=0-99")
    assert (headers["content-encoding"], body.decode()) == (None, SCRIPT[:100])


async def test_small_answers_and_pictures_are_not_compressed(display: FakeDisplay) -> None:
    base = f"http://127.0.0.1:{display.port}"
    headers, body = await asyncio.to_thread(fetch, f"{base}/.well-known/ddp", Accept_Encoding="br")
    assert (headers["content-encoding"], json.loads(body)["display_id"]) == (None, "tv-livingroom-001a")
    headers, body = await asyncio.to_thread(fetch, f"{base}/tv/snapshot.jpg", Accept_Encoding="br")
    assert (headers["content-encoding"], body) == (None, JPEG)


async def test_a_websocket_over_http_1_has_permessage_deflate(display: FakeDisplay) -> None:
    headers = {"Accept-Encoding": "gzip, br"}
    async with connect(
        display.ws, subprotocols=[Subprotocol(SUBPROTOCOL)], proxy=None, additional_headers=headers
    ) as websocket:
        (extension,) = websocket.protocol.extensions
        assert extension.name == "permessage-deflate"
        assert websocket.response is not None
        assert "content-encoding" not in websocket.response.headers
        await websocket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ddp.ping"}))
        assert json.loads(await websocket.recv())["result"] == {}
    async with DdpClient(await WebSocketWire.connect(display.wss, trusting())) as client:
        await client.pair(display.pin)
        assert await client.request("ddp.ping") == {}
