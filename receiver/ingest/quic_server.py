"""A WebTransport server for exactly one session, on aioquic: the one file that knows it.

Whoever asks for the right path over TLS is the sender; the path is a secret of this stream. Until then strangers may
knock, but no more than ``MAX_KNOCKING`` at once, each for ``KNOCK_S`` and only from an address that answers (QUIC's
Retry); after that nobody is listened to but the sender.

Bound to the version of aioquic in pyproject.toml: the round trip time and the table of connections are internals.
"""

import asyncio
import hmac
import logging
from collections.abc import Callable
from typing import Any, Protocol

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer as AioquicServer
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DatagramReceived, H3Event, HeadersReceived, WebTransportStreamDataReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, ProtocolNegotiated, QuicEvent, StreamReset

from receiver.ingest.feedback_scheduler import Path
from receiver.ingest.quic_certificate import QuicCertificate

MAX_KNOCKING = 8
KNOCK_S = 5.0
IDLE_S = 30.0
"""As long as a lost path keeps its picture (DDP.md section 5)."""
WINDOW = 8 * 1024 * 1024
"""Bytes that the sender may have under way: a large keyframe never waits for us."""
NOT_WANTED = 0x52E4A40F
"""WebTransport's application error 0, as an HTTP/3 error code."""
ANY_ADDRESS = ("::", "0.0.0.0")

log = logging.getLogger(__name__)


class Listener(Protocol):
    """What becomes of a session."""

    def begun(self, session: "Session") -> None: ...
    def datagram(self, data: bytes) -> None: ...
    def stream_data(self, stream: int, data: bytes, ended: bool) -> None: ...
    def stream_reset(self, stream: int) -> None: ...
    def ended(self) -> None: ...


class Session:
    """The sender's session: what can be done with it."""

    def __init__(self, protocol: "_Connection", session_id: int) -> None:
        self._protocol = protocol
        self.id = session_id

    def send(self, packet: bytes) -> None:
        """Send a packet of flow 0 as a datagram; it may be lost."""
        self._protocol.send_datagram(self.id, b"\x00" + packet)

    def refuse(self, stream: int) -> None:
        """Ask the sender to send no more on a stream."""
        self._protocol.refuse(stream)

    def path(self) -> Path:
        """The connection as it is now, seen from this end."""
        return Path(round(1e9 * self._protocol.smoothed_rtt_s))


class _Connection(QuicConnectionProtocol):
    """One client's connection; perhaps the sender's."""

    def __init__(self, quic: QuicConnection, server: "QuicServer") -> None:
        super().__init__(quic)
        self._server = server
        self._h3: H3Connection | None = None
        self._session: Session | None = None

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        try:
            super().datagram_received(data, addr)
        except Exception:
            log.exception("a datagram could not be taken; the connection is closed")
            self.close()

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ProtocolNegotiated):
            self._h3 = H3Connection(self._quic, enable_webtransport=True)
        elif isinstance(event, StreamReset) and self._session is not None:
            if event.stream_id == self._session.id:
                self._server.ended(self)
            else:
                self._server.listener.stream_reset(event.stream_id)
        elif isinstance(event, ConnectionTerminated):
            self._server.ended(self)
        if self._h3 is not None:
            for h3_event in self._h3.handle_event(event):
                self._h3_event(h3_event)

    def _h3_event(self, event: H3Event) -> None:
        session = self._session
        if isinstance(event, HeadersReceived):
            if session is None:
                self._request(event)
            elif event.stream_id == session.id and event.stream_ended:
                self._server.ended(self)
        elif session is None:
            return
        elif isinstance(event, DatagramReceived) and event.stream_id == session.id:
            self._server.listener.datagram(event.data)
        elif isinstance(event, WebTransportStreamDataReceived) and event.session_id == session.id:
            self._server.listener.stream_data(event.stream_id, event.data, event.stream_ended)
        elif getattr(event, "stream_id", None) == session.id and getattr(event, "stream_ended", False):
            self._server.ended(self)

    def _request(self, event: HeadersReceived) -> None:
        headers = dict(event.headers)
        wanted = headers.get(b":method") == b"CONNECT" and headers.get(b":protocol", b"").startswith(b"webtransport")
        if wanted and self._server.admit(self, headers.get(b":path", b"")):
            session = self._session = Session(self, event.stream_id)
            self._answer(event.stream_id, b"200", end=False)
            self._server.listener.begun(session)
        else:
            self._answer(event.stream_id, b"404", end=True)

    def _answer(self, stream: int, status: bytes, end: bool) -> None:
        assert self._h3 is not None
        headers = [(b":status", status), (b"sec-webtransport-http3-draft", b"draft02")]
        self._h3.send_headers(stream, headers, end_stream=end)
        self.transmit()

    def send_datagram(self, session: int, data: bytes) -> None:
        if self._h3 is not None:
            self._h3.send_datagram(session, data)
            self.transmit()

    def refuse(self, stream: int) -> None:
        self._quic.stop_stream(stream, NOT_WANTED)
        self.transmit()

    @property
    def smoothed_rtt_s(self) -> float:
        return float(self._quic._loss._rtt_smoothed)


class QuicServer(AioquicServer):
    """Listens on one UDP port until ``close``."""

    def __init__(self, configuration: QuicConfiguration, path: str, listener: Listener) -> None:
        create: Callable[..., _Connection] = lambda quic, stream_handler: self._knock(quic)  # noqa: E731
        super().__init__(configuration=configuration, create_protocol=create, retry=True)
        self._path = path.encode()
        self._knocking: set[_Connection] = set()
        self._sender: _Connection | None = None
        self.listener = listener
        self.port = 0

    def _knock(self, quic: QuicConnection) -> _Connection:
        connection = _Connection(quic, self)
        self._knocking.add(connection)
        self._loop.call_later(KNOCK_S, self._too_long, connection)
        return connection

    def _too_long(self, connection: _Connection) -> None:
        if connection in self._knocking:
            connection.close()
            self.ended(connection)

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        assert isinstance(data, bytes)
        newcomer = len(data) > 5 and data[0] & 0x80 and data[6 : 6 + data[5]] not in self._protocols
        if newcomer and (self._sender is not None or len(self._knocking) >= MAX_KNOCKING):
            return
        super().datagram_received(data, addr)

    def admit(self, connection: _Connection, path: bytes) -> bool:
        """Whether this is the sender."""
        if self._sender is not None or not hmac.compare_digest(path, self._path):
            return False
        self._knocking.discard(connection)
        self._sender = connection
        return True

    def ended(self, connection: _Connection) -> None:
        """A connection is over, or its session is."""
        self._knocking.discard(connection)
        if connection is self._sender:
            self.listener.ended()


async def serve(certificate: QuicCertificate, path: str, listener: Listener) -> QuicServer:
    """Listen on a free UDP port of all addresses. Raises OSError."""
    configuration = QuicConfiguration(
        is_client=False,
        alpn_protocols=H3_ALPN,
        max_datagram_frame_size=65536,
        idle_timeout=IDLE_S,
        max_data=WINDOW,
        max_stream_data=WINDOW,
    )
    configuration.certificate = certificate.certificate
    configuration.private_key = certificate.key
    loop = asyncio.get_running_loop()
    error: OSError | None = None
    for address in ANY_ADDRESS:
        try:
            transport, server = await loop.create_datagram_endpoint(
                lambda: QuicServer(configuration, path, listener), (address, 0)
            )
        except OSError as reason:  # a machine without IPv6
            error = reason
            continue
        server.port = transport.get_extra_info("sockname")[1]
        return server
    assert error is not None
    raise error
