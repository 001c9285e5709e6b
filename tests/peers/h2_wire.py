"""A WebSocket over HTTP/2 (RFC 8441) on h2 and wsproto: an outside client that shares no code with the server."""

import asyncio
import contextlib
import ssl

import h2.config
import h2.connection
import h2.events
import h2.settings
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Message, TextMessage

from tests.peers.ddp_client import SUBPROTOCOL, Closed


class H2Wire:
    """One WebSocket stream on a connection of its own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self._websocket = Connection(ConnectionType.CLIENT)
        self._stream = 0
        self._parts: list[str | bytes | bytearray] = []
        self._inbox: asyncio.Queue[str | bytes | Closed] = asyncio.Queue()
        self._opened: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run())

    @classmethod
    async def connect(cls, port: int, tls: ssl.SSLContext, **headers: str) -> "H2Wire":
        tls.set_alpn_protocols(["h2"])
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname="localhost")
        wire = cls(reader, writer)
        wire._authority = f"localhost:{port}"
        wire._extra = headers
        wire._http.initiate_connection()
        wire._flush()
        wire.response = await asyncio.wait_for(wire._opened, 10)
        return wire

    _authority = ""
    _extra: dict[str, str]
    response: dict[str, str]

    def _flush(self) -> None:
        self._writer.write(self._http.data_to_send())

    async def _run(self) -> None:
        try:
            while data := await self._reader.read(65536):
                for event in self._http.receive_data(data):
                    self._take(event)
                self._flush()
        finally:
            self._inbox.put_nowait(Closed(1006, "the connection ended"))

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RemoteSettingsChanged():
                enabled = self._http.remote_settings.get(h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL)
                if enabled and not self._stream:
                    self._ask()
            case h2.events.ResponseReceived(headers=headers):
                self._opened.set_result({str(name): str(value) for name, value in headers or []})
            case h2.events.DataReceived(data=data, flow_controlled_length=length):
                self._http.acknowledge_received_data(length or 0, self._stream)
                self._websocket.receive_data(data)
                self._messages()

    def _ask(self) -> None:
        self._stream = self._http.get_next_available_stream_id()
        headers = {
            ":method": "CONNECT",
            ":protocol": "websocket",
            ":scheme": "https",
            ":path": "/",
            ":authority": self._authority,
            "sec-websocket-version": "13",
            "sec-websocket-protocol": SUBPROTOCOL,
        }
        self._http.send_headers(self._stream, [*headers.items(), *self._extra.items()])

    def _messages(self) -> None:
        for event in self._websocket.events():
            if isinstance(event, Message):
                self._parts.append(event.data)
                if event.message_finished:
                    whole = self._parts[0][:0]
                    for part in self._parts:
                        whole += part  # type: ignore[operator]
                    self._parts.clear()
                    self._inbox.put_nowait(whole if isinstance(whole, str) else bytes(whole))
            elif isinstance(event, CloseConnection):
                self._inbox.put_nowait(Closed(int(event.code), event.reason or ""))

    async def send(self, message: str | bytes) -> None:
        event = TextMessage(data=message) if isinstance(message, str) else BytesMessage(data=message)
        self._http.send_data(self._stream, self._websocket.send(event))
        self._flush()
        await self._writer.drain()

    async def receive(self) -> str | bytes:
        item = await self._inbox.get()
        if isinstance(item, Closed):
            raise item
        return item

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
