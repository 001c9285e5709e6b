"""Bounds on what a client may send that Hypercorn 0.18 lacks.

Its WebSocket stream goes on filling the buffer of a message that it has refused as too big, inflates what one read
from the socket brought (64 KiB may become 64 MiB) before it looks at the size, and drops a broken frame's connection
without a close code; and it does not tell the application with which code a peer has closed. Its HTTP/2 ends a whole
connection, with a traceback in the log, when data comes for a stream that is closed (as the answer to our close frame
does) or a request has no readable path. Ours inflates a little at a time, drops what follows a refusal, says why, and
resets the one stream. All of this touches Hypercorn's internals: tests/app/test_hostile_wire.py shows that it works.
"""

from typing import Any

import h2.errors
import h2.events
from hypercorn import protocol as protocols
from hypercorn.protocol import h2 as protocol_h2
from hypercorn.protocol import h11 as protocol_h11
from hypercorn.protocol.events import Body, Data, Event, StreamClosed
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.ws_stream import FrameTooLargeError, WSStream
from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection, Message, Ping

from receiver.ddp.codes import CloseCode

SLICE = 2048
"""Bytes fed to the parser at once; deflate expands them to 2 MiB at most (RFC 1951)."""


class BoundedWSStream(WSStream):
    """Hypercorn's stream, with bounded input."""

    _deaf = False

    async def handle(self, event: Event) -> None:
        if self.closed or not isinstance(event, Body | Data) or not self.handshake.accepted:
            await super().handle(event)
            return
        for start in range(0, len(event.data), SLICE):
            if self.closed or self.connection.state is ConnectionState.CLOSED:
                return
            self.connection.receive_data(event.data[start : start + SLICE])
            await self._handle_events()

    async def _handle_events(self) -> None:
        for event in self.connection.events():
            match event:
                case CloseConnection():
                    await self._closed_by_peer(event)
                case Message() if not self._deaf:
                    await self._take(event)
                case Ping() if not self._deaf:
                    await self._send_wsproto_event(event.response())

    async def _take(self, event: Message[Any]) -> None:
        try:
            self.buffer.extend(event)
        except FrameTooLargeError:
            self._deaf = True
            self.buffer.clear()
            reason = f"A message is longer than {self.buffer.max_length} bytes."
            await self._send_wsproto_event(CloseConnection(code=int(CloseCode.TOO_BIG), reason=reason))
            return
        if event.message_finished:
            assert self.app_put is not None
            await self.app_put(self.buffer.to_message())
            self.buffer.clear()

    async def _closed_by_peer(self, event: CloseConnection) -> None:
        """The peer closes, answers our close, or has sent a broken frame (then wsproto's state is still open)."""
        if self.connection.state is ConnectionState.REMOTE_CLOSING:
            await self._send_wsproto_event(event.response())
            assert self.app_put is not None
            await self.app_put({"type": "websocket.disconnect", "code": int(event.code)})
        elif self.connection.state is ConnectionState.OPEN:
            await self._send_wsproto_event(CloseConnection(code=int(CloseCode.BROKEN), reason="A frame is broken."))
        await self.send(StreamClosed(stream_id=self.stream_id))


class ForgivingH2Protocol(H2Protocol):
    """Hypercorn's HTTP/2, where one bad stream does not end the others."""

    async def _handle_events(self, events: list[h2.events.Event]) -> None:
        for event in events:
            match event:
                case h2.events.DataReceived() if event.stream_id not in self.streams:
                    self.connection.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
                case h2.events.RequestReceived() if not _readable(dict(event.headers or ())):
                    self.connection.reset_stream(event.stream_id, h2.errors.ErrorCodes.PROTOCOL_ERROR)
                case _:
                    await super()._handle_events([event])
        await self._flush()


def _readable(headers: dict[Any, Any]) -> bool:
    method, path = headers.get(b":method", b""), headers.get(b":path", b"")
    if method == b"CONNECT" and headers.get(b":protocol") != b"websocket":
        return False
    return bool(method.isascii() and path.isascii() and path.startswith(b"/"))


def harden() -> None:
    """Have Hypercorn use ours; it names the classes in these modules."""
    for module in (protocol_h11, protocol_h2):
        vars(module)["WSStream"] = BoundedWSStream
    vars(protocols)["H2Protocol"] = ForgivingH2Protocol
