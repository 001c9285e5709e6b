"""HTTP/2 that is broken on purpose costs its sender one stream, and nobody else anything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import h2.config
import h2.connection
import h2.events
import pytest

from tests.peers.ddp_client import trusting
from tests.peers.display import FakeDisplay

Headers = list[tuple[str | bytes, str | bytes]]


class Http2:
    """A client that checks nothing of what it sends."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, authority: str) -> None:
        self._reader, self._writer = reader, writer
        self.authority = authority
        self.http = h2.connection.H2Connection(
            h2.config.H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False)
        )
        self.http.initiate_connection()

    async def until(self, kind: type[h2.events.Event], stream: int) -> None:
        """Flush, and read until an event of ``kind`` on ``stream``."""
        self._writer.write(self.http.data_to_send())
        async with asyncio.timeout(5):
            while data := await self._reader.read(65536):
                for event in self.http.receive_data(data):
                    if isinstance(event, kind) and getattr(event, "stream_id", None) == stream:
                        return
                self._writer.write(self.http.data_to_send())
        raise AssertionError("the connection was closed")

    def request(self, stream: int, headers: Headers, end: bool = True) -> None:
        self.http.send_headers(stream, headers, end_stream=end)

    def get(self, path: str | bytes) -> Headers:
        return [(":method", "GET"), (":scheme", "https"), (":authority", self.authority), (":path", path)]


@asynccontextmanager
async def http2(display: FakeDisplay) -> AsyncIterator[Http2]:
    tls = trusting()
    tls.set_alpn_protocols(["h2"])
    reader, writer = await asyncio.open_connection("127.0.0.1", display.tls_port, ssl=tls, server_hostname="localhost")
    yield Http2(reader, writer, f"localhost:{display.tls_port}")
    writer.close()


@pytest.mark.parametrize(
    "bad",
    [
        [(":method", "GET"), (":path", b"/\xff\xfe")],
        [(":method", b"\xff"), (":path", "/")],
        [(":method", "CONNECT")],
        [(":method", "CONNECT"), (":protocol", "telnet"), (":path", "/")],
    ],
)
async def test_an_unreadable_request_resets_its_stream_alone(
    display: FakeDisplay, bad: Headers, caplog: pytest.LogCaptureFixture
) -> None:
    async with http2(display) as client:
        rest: Headers = [] if bad == [(":method", "CONNECT")] else [(":scheme", "https")]
        client.request(1, [*bad, *rest, (":authority", client.authority)])
        await client.until(h2.events.StreamReset, 1)
        client.request(3, client.get("/healthz"))
        await client.until(h2.events.StreamEnded, 3)
    assert not caplog.records


async def test_data_for_a_closed_stream_is_dropped(display: FakeDisplay, caplog: pytest.LogCaptureFixture) -> None:
    async with http2(display) as client:
        client.request(1, client.get("/healthz"), end=False)
        await client.until(h2.events.StreamEnded, 1)
        client.http.send_data(1, b"late", end_stream=True)
        client.request(3, client.get("/healthz"))
        await client.until(h2.events.StreamEnded, 3)
    assert not caplog.records
