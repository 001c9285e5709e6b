"""The app's hold on intake processes: one for each stream, and one warm spare so that a cast starts at once."""

import asyncio
import logging
from collections.abc import Callable

from receiver.errors import PeerError, ReceiverError
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
from receiver.linkio import Media
from receiver.media import Codec
from receiver.supervise import Child, spawn

log = logging.getLogger(__name__)

READY_TIMEOUT_S = 15.0
ANSWER_TIMEOUT_S = 8.0
STOP_GRACE_S = 1.0
SETTLE_S = 2.0
"""For so long after a cast has begun no spare is loaded: that takes a second of a processor, which the first picture
needs. On two cores it came after 122 instead of 169 ms in the middle, and after 320 instead of 550 at worst."""


class OfferRefused(PeerError):
    """The sender's offer can't be taken; the text says why."""


class Intake:
    """One intake process and the stream it receives."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answer: asyncio.Future[RtcAnswer | QuicOpened] = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read())
        self.stream = 0
        self.stats: IntakeStats | None = None
        self.on_state: Callable[[TransportState], None] = lambda state: None

    @classmethod
    async def start(cls) -> "Intake":
        return cls(await spawn("intake", "receiver.intake"))

    @property
    def alive(self) -> bool:
        return not self._child.link.closed

    async def _read(self) -> None:
        link = self._child.link
        try:
            while (message := await link.receive()) is not None:
                self._take(message)
        except LinkError as error:
            log.error("the link to an intake broke: %s", error)
        finally:
            await self._child.stop(STOP_GRACE_S)
            log.info("intake of stream %d ended: %s", self.stream, self._child.epitaph())
            lost = ReceiverError("The process that receives the picture ended unexpectedly. Share again.")
            for waiter in (self._ready, self._answer):
                if not waiter.done():
                    waiter.set_exception(lost)
                    waiter.exception()  # nobody may be waiting; then it is not worth a warning
            self.on_state(TransportState(self.stream, "failed", str(lost)))

    def _take(self, message: Message) -> None:
        match message:
            case IntakeReady():
                if not self._ready.done():
                    self._ready.set_result(None)
            case RtcAnswer() | QuicOpened():
                if not self._answer.done():
                    self._answer.set_result(message)
            case RtcRefused(_, reason):
                if not self._answer.done():
                    self._answer.set_exception(OfferRefused(reason))
            case TransportState():
                self.on_state(message)
            case IntakeStats():
                self.stats = message
            case _:
                log.warning("an intake sent %s, which is not for the app", type(message).__name__)

    async def offer(self, stream: int, sdp: str, codecs: tuple[Codec, ...]) -> str:
        """The answer to the sender's offer. Raises OfferRefused, or ReceiverError where the process fails."""
        answer = await self._ask(RtcOffer(stream, sdp, codecs))
        assert isinstance(answer, RtcAnswer)
        return answer.sdp

    async def open_quic(self, stream: int, codecs: tuple[Codec, ...]) -> QuicOpened:
        """Where the sender is awaited over WebTransport. Raises as ``offer``."""
        opened = await self._ask(QuicOpen(stream, codecs))
        assert isinstance(opened, QuicOpened)
        return opened

    async def _ask(self, wish: RtcOffer | QuicOpen) -> RtcAnswer | QuicOpened:
        self.stream = wish.stream
        try:
            await asyncio.wait_for(asyncio.shield(self._ready), READY_TIMEOUT_S)
            self._child.link.send(wish)
            return await asyncio.wait_for(asyncio.shield(self._answer), ANSWER_TIMEOUT_S)
        except TimeoutError:
            raise ReceiverError("The receiver is too busy to take the picture just now. Try again.") from None

    def candidate(self, candidate: str, sdp_mid: str | None, sdp_mline_index: int | None) -> None:
        """Pass on a trickled candidate; one that comes after the end is dropped."""
        if self.alive:
            self._child.link.send(RtcCandidate(candidate, sdp_mid, sdp_mline_index))

    def connect_stage(self, media: Media) -> None:
        """Send frames to these media links from now on."""
        if self.alive:
            self._child.link.send(AttachStage(self.stream), media.fds)

    async def stop(self) -> None:
        """Close the transport, so that the sender sees the end at once, and end the process."""
        if self.alive:
            self._child.link.send(StopIntake())
            await asyncio.wait({self._reader}, timeout=STOP_GRACE_S)
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)


class IntakePool:
    """Keeps one spare intake loaded."""

    def __init__(self) -> None:
        self._spare: Intake | None = None
        self._starting = asyncio.Lock()
        self._settled_at = 0.0
        self._settling: asyncio.Task[None] | None = None

    async def warm(self) -> None:
        """Start the spare, unless there is one; while a cast begins, some time later."""
        left_s = self._settled_at - asyncio.get_running_loop().time()
        if left_s <= 0:
            await self._load()
        elif self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._load(left_s))

    async def _load(self, after_s: float = 0.0) -> None:
        await asyncio.sleep(after_s)
        async with self._starting:
            await self._have_spare()

    async def take(self) -> Intake:
        """The spare, or a fresh intake where it is not there. Call ``warm`` again once the cast has begun."""
        self._settled_at = asyncio.get_running_loop().time() + SETTLE_S
        async with self._starting:
            intake, self._spare = await self._have_spare(), None
            return intake

    async def _have_spare(self) -> Intake:
        if self._spare is None or not self._spare.alive:
            self._spare = await Intake.start()
        return self._spare

    async def close(self) -> None:
        if self._settling is not None:
            self._settling.cancel()
            await asyncio.gather(self._settling, return_exceptions=True)
        if self._spare is not None:
            await self._spare.stop()
