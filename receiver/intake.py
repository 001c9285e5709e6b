"""The intake process: the network of one stream, and nothing else.

``app`` starts it with one end of a link. It loads everything, says IntakeReady, and waits as a warm spare; the first
RtcOffer or QuicOpen makes it that stream's. It ends with the stream, with StopIntake, or when app is gone.
"""

import asyncio
import contextlib
import logging
import sys
from typing import Protocol

from receiver import child
from receiver.clock import MonotonicClock
from receiver.errors import PeerError, ReceiverError
from receiver.ingest.aiortc_tap import check
from receiver.ingest.stage_link import StageLink
from receiver.ingest.webrtc import StageSink, State, WebRtcStream
from receiver.ingest.webtransport import PAYLOAD_TYPES, WebTransportStream
from receiver.link import (
    AttachStage,
    IntakeReady,
    IntakeStats,
    LinkError,
    Message,
    QuicOpen,
    QuicOpened,
    RtcAnswer,
    RtcCandidate,
    RtcOffer,
    RtcRefused,
    StopIntake,
    TransportState,
)
from receiver.linkio import Link, Media

CLOSE_S = 0.8
STATS_S = 1.0

log = logging.getLogger("receiver.intake")


class Receiving(Protocol):
    """A stream that comes over the network, whatever the way."""

    async def run(self) -> None: ...
    def attach(self, sink: StageSink | None) -> None: ...
    def request_keyframe(self) -> None: ...
    def alive(self) -> bool: ...
    def stats(self) -> IntakeStats | None: ...
    async def close(self) -> None: ...


class Intake:
    """Obeys the app's link."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._clock = MonotonicClock()
        self._stream: Receiving | None = None
        self._stream_id = 0
        self._stage: StageLink | None = None
        self._running: asyncio.Task[None] | None = None
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Until the stream has ended or app wants no more."""
        self._link.send(IntakeReady())
        obeying = asyncio.create_task(self._obey())
        try:
            await asyncio.wait({obeying, self._ended}, return_when=asyncio.FIRST_COMPLETED)
            if obeying.done():
                obeying.result()  # a LinkError is a bug of ours: end with its trace
        finally:
            obeying.cancel()
            if self._running is not None:
                self._running.cancel()
            if self._stream is not None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stream.close(), CLOSE_S)
            if self._stage is not None:
                self._stage.close()
            self._link.close()

    def alive(self) -> bool:
        """Whether the stream, if there is one, is still read."""
        return self._stream is None or self._stream.alive()

    async def _obey(self) -> None:
        while (message := await self._link.receive()) is not None:
            match message:
                case RtcOffer():
                    await self._offer(message)
                case QuicOpen():
                    await self._open(message)
                case RtcCandidate(candidate=text):
                    if isinstance(self._stream, WebRtcStream) and text:
                        await self._stream.add_candidate(text)
                case AttachStage():
                    self._attach(self._link.take_media())
                case StopIntake():
                    return
                case _:
                    log.warning("%s is not for an intake", type(message).__name__)

    async def _offer(self, offer: RtcOffer) -> None:
        if self._taken(offer.stream):
            return
        stream = WebRtcStream(offer.stream, self._clock, self._report)
        try:
            answer = await stream.accept(offer.sdp, offer.codecs)
        except (PeerError, ReceiverError) as error:
            await stream.close()
            self._send(RtcRefused(offer.stream, str(error)))
            return
        self._begin(offer.stream, stream)
        self._send(RtcAnswer(offer.stream, answer))

    async def _open(self, wish: QuicOpen) -> None:
        if self._taken(wish.stream):
            return
        stream = WebTransportStream(wish.stream, self._clock, self._report)
        try:
            opened = await stream.open(wish.codecs)
        except OSError as error:
            self._send(RtcRefused(wish.stream, f"the display has no port for QUIC ({error}); share over WebRTC"))
            return
        self._begin(wish.stream, stream)
        types = {codec: PAYLOAD_TYPES[codec] for codec in (*wish.codecs, "opus")}
        self._send(QuicOpened(wish.stream, opened.port, opened.path, opened.sha256, types))

    def _taken(self, stream: int) -> bool:
        if self._stream is not None:
            self._send(RtcRefused(stream, "this stream is already connected; end it and share again"))
        return self._stream is not None

    def _begin(self, number: int, stream: Receiving) -> None:
        self._stream, self._stream_id = stream, number
        stream.attach(self._stage)
        self._running = asyncio.create_task(self._receive(stream))

    async def _receive(self, stream: Receiving) -> None:
        ticker = asyncio.create_task(self._tell_stats(stream))
        try:
            await stream.run()
        except Exception:
            log.exception("stream %d ended by an error of the receiver", self._stream_id)
            self._report("failed", "the stream ended by an error of the receiver; share again")
        finally:
            ticker.cancel()
            self._tell_once(stream)
            self._ended.set_result(None)

    async def _tell_stats(self, stream: Receiving) -> None:
        while True:
            await asyncio.sleep(STATS_S)
            self._tell_once(stream)

    def _tell_once(self, stream: Receiving) -> None:
        stats = stream.stats()
        if stats is not None:
            self._send(stats)

    def _attach(self, media: Media) -> None:
        old, self._stage = self._stage, StageLink(media, self._clock, self._keyframe_wanted)
        if self._stream is not None:
            self._stream.attach(self._stage)
        if old is not None:
            old.close()

    def _keyframe_wanted(self) -> None:
        if self._stream is not None:
            self._stream.request_keyframe()

    def _report(self, state: State, reason: str) -> None:
        self._send(TransportState(self._stream_id, state, reason))

    def _send(self, message: Message) -> None:
        """To app; where it no longer listens, ``_obey`` is about to end."""
        with contextlib.suppress(LinkError):
            self._link.send(message)


def main() -> int:
    arguments = child.parser("intake", "Receives one stream").parse_args()
    logging.basicConfig(level=logging.WARNING, format="intake: %(name)s: %(message)s")
    child.settle()
    missing = check()
    if missing:
        log.error("this aiortc can't be used: %s. Install the version that pyproject.toml names.", "; ".join(missing))
        return 1
    child.serve(arguments.link_fd, Intake)
    return 0


if __name__ == "__main__":
    sys.exit(main())
