"""The one file that touches the insides of aiortc and aioice: ICE and DTLS by them, RTP by us.

aiortc's own receiver decodes, queues without bounds, and holds each frame until the next begins. So we use its ICE
and DTLS transports alone (its ORTC objects), and once DTLS has agreed on keys we take every ICE socket away from the
event loop; a thread of ours reads them, and gives STUN and DTLS back to the loop. All sockets, not only the first
nominated one, because the peer may move to another at any time.

Bound to exactly the versions in pyproject.toml; ``check`` says in words what is gone where they don't fit.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import aioice.ice
import aiortc
import pylibsrtp
from aiortc.rtcdtlstransport import State as DtlsState

from receiver.errors import PeerError, ReceiverError
from receiver.ingest.answer_text import LocalTransport
from receiver.ingest.candidate import Candidate
from receiver.ingest.sdp import Offer
from receiver.ingest.srtp import NAMES, Unprotector

AIORTC_VERSION = "1.16.0"
MAX_WAITING = 256
"""Datagrams that wait for the event loop. Drop rule: further ones are dropped and counted; STUN and DTLS repeat."""

MAX_REMOTE_CANDIDATES = 64
"""Drop rule: further ones are ignored and counted."""

_STUN = range(4)
_DTLS = range(20, 64)
_MEDIA = range(128, 192)
"""First bytes, RFC 7983 section 7."""


class TransportFailed(PeerError):
    """No secure connection came about; a sentence for a person."""


class TapSocket(NamedTuple):
    """One ICE socket for the receive thread: a descriptor of its own, and the way back to the loop."""

    socket: socket.socket
    give_back: Callable[[bytes, tuple[Any, ...]], None]


def check() -> list[str]:
    """What this file relies on and does not find; empty if all is well."""
    missing = []
    if aiortc.__version__ != AIORTC_VERSION:
        missing.append(f"aiortc is {aiortc.__version__}, not {AIORTC_VERSION}")
    wanted: list[tuple[object, str]] = [
        (aiortc.RTCDtlsTransport, "_set_role"),
        (aioice.ice.Connection, "data_received"),
        (aioice.ice.StunProtocol, "datagram_received"),
        (aioice.ice.StunProtocol, "connection_made"),
    ]
    gatherer = aiortc.RTCIceGatherer(iceServers=[])
    transport = aiortc.RTCIceTransport(gatherer)
    dtls = aiortc.RTCDtlsTransport(transport, [aiortc.RTCCertificate.generateCertificate()])
    wanted += [(dtls, name) for name in ("_rx_srtp", "_tx_srtp", "_ssl", "_state", "_role", "encrypted")]
    wanted += [(transport, "_connection")]
    names = ("_protocols", "_nominated", "_queue", "_local_username", "remote_candidates")
    wanted += [(transport._connection, name) for name in names]
    wanted += [(asyncio.SelectorEventLoop, "_remove_reader")]
    wanted += [(pylibsrtp.Session(), name) for name in NAMES]
    missing += [
        f"{getattr(owner, '__name__', owner)!s} has no {name}" for owner, name in wanted if not hasattr(owner, name)
    ]
    return missing


def _replace(owner: object, **methods: Callable[..., None]) -> None:
    """Have calls of a method of this one object come to us."""
    vars(owner).update(methods)


class PeerTransport:
    """ICE and DTLS with one peer. ``dropped`` counts datagrams by cause."""

    def __init__(self, dropped: Counter[str]) -> None:
        self._dropped = dropped
        self._loop = asyncio.get_running_loop()
        self._certificate = aiortc.RTCCertificate.generateCertificate()
        self._gatherer = aiortc.RTCIceGatherer(iceServers=[])
        self._ice = aiortc.RTCIceTransport(self._gatherer)
        self._dtls = aiortc.RTCDtlsTransport(self._ice, [self._certificate])
        self._connection = self._ice._connection
        self._to_dtls = self._connection.data_received
        _replace(self._connection, data_received=self._filter_dtls)
        self._known: set[tuple[str, int]] = set()
        self._given = 0
        self._taken = 0
        self._sockets: dict[int, TapSocket] = {}
        self.unprotect_rtp: Callable[[bytes], bytes]
        """Decrypt, once the sockets are taken over. For the receive thread alone; raises as ``Unprotector.rtp``."""
        self.closed: asyncio.Future[None] = self._loop.create_future()

    async def open(self) -> LocalTransport:
        """Bind a socket for each of this machine's addresses. Raises ReceiverError if there is none."""
        await self._gatherer.gather()
        if not self._connection._protocols:
            raise ReceiverError("this display has no network address; connect it to a network")
        for protocol in self._connection._protocols:
            self._guard(protocol)
        parameters = self._gatherer.getLocalParameters()
        fingerprints = self._dtls.getLocalParameters().fingerprints
        return LocalTransport(
            parameters.usernameFragment or "",
            parameters.password or "",
            next(entry.value for entry in fingerprints if entry.algorithm == "sha-256"),
            tuple(
                Candidate(entry.foundation, entry.priority, entry.ip, entry.port, entry.type)
                for entry in self._gatherer.getLocalCandidates()
            ),
        )

    def _guard(self, protocol: Any) -> None:
        """Let nothing reach aiortc that could stop it: one empty datagram from anyone would end its session."""
        original = protocol.datagram_received

        def guarded(data: bytes, address: tuple[Any, ...]) -> None:
            if not data:
                self._dropped["empty_datagram"] += 1
            elif data[0] in _STUN:
                try:
                    original(data, address)
                except Exception as error:  # noqa: BLE001 - whatever a parser of others makes of hostile bytes
                    self._dropped[f"stun_{type(error).__name__}"] += 1
            elif data[0] not in _DTLS:
                self._dropped["early_media" if data[0] in _MEDIA else "foreign_datagram"] += 1
            elif not self._knows(address):
                self._dropped["dtls_from_stranger"] += 1
            else:
                original(data, address)

        _replace(protocol, datagram_received=guarded)

    def _filter_dtls(self, data: bytes, component: int) -> None:
        """What aioice takes for no STUN lands here, and goes on to a queue that has no bound of its own."""
        if data[0] not in _DTLS:
            self._dropped["malformed_stun"] += 1
        elif self._connection._queue.qsize() >= MAX_WAITING:
            self._dropped["dtls_flood"] += 1
        else:
            self._to_dtls(data, component)

    def _knows(self, address: tuple[Any, ...]) -> bool:
        """Whether the peer proved by a password-protected check, or told us, that this address is its own."""
        if address[:2] not in self._known:
            self._known = {(entry.host, entry.port) for entry in self._connection.remote_candidates}
        return address[:2] in self._known

    async def add_candidate(self, candidate: Candidate) -> None:
        """One more address of the peer."""
        if len(self._connection.remote_candidates) >= MAX_REMOTE_CANDIDATES:
            self._dropped["candidate_flood"] += 1
            return
        await self._ice.addRemoteCandidate(
            aiortc.RTCIceCandidate(
                component=1,
                foundation=candidate.foundation,
                ip=candidate.host,
                port=candidate.port,
                priority=candidate.priority,
                protocol="udp",
                type=candidate.type,
            )
        )

    async def connect(self, offer: Offer) -> None:
        """ICE and then DTLS, until there are keys. Raises TransportFailed.

        We are the DTLS server, which has browsers choose AES-256-GCM, unless the sender can be nothing else itself
        (FFmpeg's way, where it is not told another).
        """
        self._dtls._set_role("client" if offer.setup == "passive" else "server")
        for candidate in offer.candidates:
            await self.add_candidate(candidate)
        await self._ice.start(aiortc.RTCIceParameters(usernameFragment=offer.ufrag, password=offer.password))
        if self._ice.state != "completed":
            raise TransportFailed("no network path to the sender was found; both must be on the same network")
        self._ice.on("statechange", self._changed)
        self._dtls.on("statechange", self._changed)
        fingerprints = [aiortc.RTCDtlsFingerprint(name, value) for name, value in offer.fingerprints.items()]
        await self._dtls.start(aiortc.RTCDtlsParameters(fingerprints=fingerprints))
        if self._dtls.state != "connected":
            if self._dtls.encrypted:
                raise TransportFailed("the sender's certificate is not the one its sealed offer vouched for")
            raise TransportFailed("the encrypted channel (DTLS) could not be set up with the sender")

    def _changed(self) -> None:
        ended = self._dtls.state == "closed" or self._ice.state in ("failed", "closed")
        if ended and not self.closed.done():
            self.closed.set_result(None)

    @property
    def cipher(self) -> str:
        """Name of the negotiated SRTP protection profile."""
        return str(self._dtls._ssl.get_selected_srtp_profile().decode()) if self._dtls._ssl else ""

    def take_over(self) -> list[TapSocket]:
        """Take the sockets away from the loop. Call it in the same turn of the loop in which ``connect`` returns."""
        for protocol in self._connection._protocols:
            transport = protocol.transport
            sock = transport.get_extra_info("socket")
            self._loop._remove_reader(sock.fileno())  # type: ignore[attr-defined]
            own = sock.dup()
            own.setblocking(False)
            self._sockets[protocol.id] = TapSocket(own, self._giver(protocol))
        self.unprotect_rtp = Unprotector(self._dtls._rx_srtp).rtp
        return list(self._sockets.values())

    def _giver(self, protocol: Any) -> Callable[[bytes, tuple[Any, ...]], None]:
        def arrive(data: bytes, address: tuple[Any, ...]) -> None:
            self._taken += 1
            protocol.datagram_received(data, address)

        def give_back(data: bytes, address: tuple[Any, ...]) -> None:
            if self._given - self._taken >= MAX_WAITING:
                self._dropped["signalling_flood"] += 1
                return
            self._given += 1
            self._loop.call_soon_threadsafe(arrive, data, address)

        return give_back

    def unprotect_rtcp(self, data: bytes) -> bytes:
        """Decrypt. For the receive thread alone. Raises pylibsrtp.Error or ValueError."""
        return bytes(self._dtls._rx_srtp.unprotect_rtcp(data))

    def send_rtcp(self, data: bytes) -> None:
        """Encrypt and send by the nominated pair. For the receive thread alone; what can't go is dropped, counted."""
        pair = self._connection._nominated.get(1)
        tap = self._sockets.get(pair.protocol.id) if pair else None
        if pair is None or tap is None:
            self._dropped["rtcp_no_path"] += 1
            return
        try:
            tap.socket.sendto(self._dtls._tx_srtp.protect_rtcp(data), pair.remote_addr)
        except (OSError, pylibsrtp.Error, ValueError):
            self._dropped["rtcp_unsent"] += 1

    async def close(self) -> None:
        """Say goodbye and free the sockets."""
        if self._dtls._state in (DtlsState.CONNECTING, DtlsState.CONNECTED):
            await self._dtls.stop()
        await self._ice.stop()
        for tap in self._sockets.values():
            tap.socket.close()
        self._changed()
