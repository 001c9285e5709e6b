"""One stream over WebTransport: from the open port to the last frame. The shell around roq and feedback_scheduler."""

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from receiver.clock import Clock
from receiver.errors import PeerError
from receiver.ingest import quic_certificate
from receiver.ingest.answer import Plan
from receiver.ingest.delivery import Sink
from receiver.ingest.feedback_scheduler import FeedbackScheduler
from receiver.ingest.quic_server import QuicServer, Session, serve
from receiver.ingest.reception import Reception
from receiver.ingest.roq import RoqError, RoqStreams, datagram
from receiver.ingest.rtp import is_rtcp
from receiver.ingest.webrtc import SILENCE_NS, StageSink, State
from receiver.link import IntakeStats
from receiver.media import Codec, EncodedFrame

CONNECT_S = 15.0
PAYLOAD_TYPES: dict[Codec, int] = {"VP8": 96, "H264": 97, "VP9": 98, "AV1": 99, "H265": 100, "opus": 111}
"""RTP payload types, fixed: there is no SDP here."""
COLOUR_SPACE_ID = 1
"""Of the header extension for colours, likewise."""


class Opened(NamedTuple):
    """Where the sender is awaited: ``https://<this host>:port/path``, certificate known by its ``sha256``."""

    port: int
    path: str
    sha256: bytes


class _Watched:
    """A sink that tells the loss predictor of each picture's lag on its way through."""

    def __init__(self, sink: StageSink, scheduler: FeedbackScheduler) -> None:
        self._sink = sink
        self._scheduler = scheduler

    @property
    def ready(self) -> bool:
        return self._sink.ready

    def send(self, frame: EncodedFrame) -> bool:
        if frame.kind == "video" and frame.capture_ns is not None:
            self._scheduler.predictor.frame(frame.complete_ns - frame.capture_ns, frame.complete_ns)
        return self._sink.send(frame)


class WebTransportStream:
    """Receives one sender. ``report`` is called on the loop with each change of state and its reason.

    ``open`` once; then ``run`` until the stream has ended; ``close`` at any time. All on the loop.
    """

    def __init__(self, stream: int, clock: Clock, report: Callable[[State, str], None]) -> None:
        self._stream = stream
        self._clock = clock
        self._report = report
        self._dropped: Counter[str] = Counter()
        self._streams = RoqStreams()
        self._scheduler = FeedbackScheduler()
        self._reception: Reception | None = None
        self._server: QuicServer | None = None
        self._session: Session | None = None
        self._sink: StageSink | None = None
        self._connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._heard_ns = clock.now()
        self._silent = False

    async def open(self, codecs: tuple[Codec, ...]) -> Opened:
        """Listen for the sender, who may bring any of ``codecs``. Raises OSError where no port is to be had."""
        path = f"/{secrets.token_urlsafe(16)}"
        certificate = quic_certificate.make(datetime.now(UTC))
        self._server = await serve(certificate, path, self)
        types: dict[int, Codec] = {PAYLOAD_TYPES[codec]: codec for codec in codecs}
        plan = Plan(types, {PAYLOAD_TYPES["opus"]: "opus"}, colour_space_id=COLOUR_SPACE_ID)
        self._reception = Reception(self._stream, plan, secrets.randbits(32))
        self._attach()
        return Opened(self._server.port, path, certificate.sha256)

    # ---- what the server tells

    def begun(self, session: Session) -> None:
        """The sender is there; nobody else is let in."""
        self._session = session
        self._heard_ns = self._clock.now()
        self._connected.set_result(None)

    def datagram(self, data: bytes) -> None:
        try:
            self._packet(datagram(data))
        except PeerError:
            self._dropped["malformed_packet"] += 1

    def stream_data(self, stream: int, data: bytes, ended: bool) -> None:
        try:
            packets = self._streams.data(stream, data, ended)
        except RoqError:
            self._dropped["malformed_stream"] += 1
            if self._session is not None and not ended:
                self._session.refuse(stream)
            return
        for packet in packets:
            try:
                self._packet(packet)
            except PeerError:
                self._dropped["malformed_packet"] += 1

    def stream_reset(self, stream: int) -> None:
        self._streams.forget(stream)

    def ended(self) -> None:
        if not self._gone.done():
            self._gone.set_result(None)

    def _packet(self, packet: bytes) -> None:
        reception = self._reception
        if reception is None:
            return
        now = self._heard_ns = self._clock.now()
        if is_rtcp(packet):
            reception.rtcp(packet, now)
        else:
            reception.rtp(packet, now)
        self._feed_back(now)

    # ---- the stream's life

    async def run(self) -> None:
        """Wait for the sender, receive, and return when the stream has ended."""
        reception = self._reception
        if reception is None:
            raise RuntimeError("run() needs an open port")
        self._report("connecting", "")
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._connected
        except TimeoutError:
            self._report("failed", f"the sender did not come over QUIC within {CONNECT_S:.0f} s; is UDP let through?")
            return
        self._report("connected", "")
        while not self._gone.done() and not reception.ended:
            now = self._clock.now()
            self._feed_back(now)
            self._watch_silence(now)
            due = min(time for time in (reception.deadline(now), self._scheduler.deadline()) if time is not None)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._gone), max(due - self._clock.now(), 1_000_000) / 1e9)
        self._report("closed", "the sender was lost" if self._silent else "the sender has stopped sharing")

    def _feed_back(self, now: int) -> None:
        reception, session = self._reception, self._session
        if reception is None or session is None:
            return
        wanted = reception.poll(now)
        if wanted:
            self._scheduler.path(session.path(), now)
        for packet in self._scheduler.take(wanted, now):
            session.send(packet)

    def _watch_silence(self, now: int) -> None:
        silent = now - self._heard_ns > SILENCE_NS
        if silent != self._silent:
            self._silent = silent
            self._report("disconnected" if silent else "connected", "nothing is heard of the sender" if silent else "")

    # ---- the stage's side

    def attach(self, sink: StageSink | None) -> None:
        """Send frames there from now on, beginning with a keyframe."""
        self._sink = sink
        self._attach()

    def _attach(self) -> None:
        if self._reception is not None:
            sink: Sink | None = None if self._sink is None else _Watched(self._sink, self._scheduler)
            self._reception.attach(sink)

    def request_keyframe(self) -> None:
        """The stage needs a keyframe."""
        if self._reception is not None:
            self._reception.request_keyframe()
            self._feed_back(self._clock.now())

    def alive(self) -> bool:
        """All of it is on the loop."""
        return True

    def stats(self) -> IntakeStats | None:
        """Counters since the stream began; None before there is one."""
        reception = self._reception
        if reception is None:
            return None
        counters = reception.counters
        path = self._session.path() if self._session is not None else None
        return IntakeStats(
            self._stream,
            counters.packets,
            reception.lost,
            counters.bytes,
            counters.nacks,
            counters.plis,
            counters.frames,
            0,
            dict(counters.dropped + self._dropped),
            path.smoothed_rtt_ns / 1e6 if path else None,
            "QUIC" if path else "",
        )

    async def close(self) -> None:
        """End the connection, so that the sender sees it at once, and close the port."""
        self.ended()
        if self._server is not None:
            self._server.close()
