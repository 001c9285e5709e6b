"""Casts of a URL: the display fetches it itself, in an intake process of its own, paced for even motion."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from receiver.app.screen import Screen
from receiver.errors import PeerError, ReceiverError
from receiver.link import AttachStage, IntakeReady, IntakeStats, LinkError, StopIntake, UrlCommand, UrlOpen, UrlState
from receiver.linkio import Media
from receiver.supervise import Child, spawn

log = logging.getLogger(__name__)

BEGIN_TIMEOUT_S = 30.0
"""For the process to load and the intake's own 15 s of opening; its sentence says more than ours would."""
STOP_GRACE_S = 1.0

OnState = Callable[[UrlState], None]


class UrlNotCast(PeerError):
    """The URL can't be played; the text says why."""


@dataclass(frozen=True)
class Reach:
    """What may be fetched from: networks in CIDR form, beside and against the intake's own rules."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class UrlCast:
    """One URL on the screen.

    ``state`` is the last that was told, and ``on_state`` hears of each from the first that is not ``opening`` on.
    ``note`` says what of it can't be played. ``stats`` stays None: packets are FFmpeg's to count.
    """

    def __init__(self, screen: Screen, child: Child, stream: int) -> None:
        self._screen = screen
        self._child = child
        self.stream = stream
        self.stats: IntakeStats | None = None
        self.state = UrlState(stream, "opening")
        self.note = ""
        self.on_state: OnState = lambda state: None
        self._began: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stopping = False
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, screen: Screen, stream: int) -> "UrlCast":
        """The process, which waits for its URL."""
        return cls(screen, await spawn("intake of a URL", "receiver.intake_url"), stream)

    async def open(self, sender_name: str, url: str, reach: Reach) -> None:
        """It plays once this returns. Raises UrlNotCast, ReceiverError; then ``stop`` is still to be called."""
        ready = self._screen.ready
        if ready is None:
            raise ReceiverError("The screen is being started again. Try again in a few seconds.")
        self._screen.attach(self.stream, sender_name, self._connect_stage, "smooth")
        self._send(UrlOpen(self.stream, url, ready.codecs, reach.allow, reach.deny))
        try:
            async with asyncio.timeout(BEGIN_TIMEOUT_S):
                await asyncio.shield(self._began)
        except TimeoutError:
            raise ReceiverError("The receiver is too busy to fetch that just now. Try again.") from None

    @property
    def progress(self) -> dict[str, object]:
        """Where it is, in seconds; ``duration_s`` is None for what is live."""
        state = self.state
        duration = None if state.duration_ms is None else state.duration_ms / 1000
        return {"position_s": state.position_ms / 1000, "duration_s": duration, "seekable": state.seekable}

    @property
    def pid(self) -> int | None:
        """Of the intake process, where it is our child."""
        return self._child.process.pid if self._child.process else None

    def play(self) -> None:
        """Go on after a pause, or begin again after the end."""
        self._hold(False)
        self._send(UrlCommand(self.stream, "play"))

    def pause(self) -> None:
        """Hold the picture; a film waits, what is live goes on unseen."""
        self._hold(True)
        self._send(UrlCommand(self.stream, "pause"))

    def seek(self, position_s: float) -> None:
        """To the keyframe at or before it. Raises UrlNotCast where there is no other time to go to."""
        if not self.state.seekable:
            raise UrlNotCast("This can't be wound: it is live, or its server gives no ranges.")
        self._send(UrlCommand(self.stream, "seek", round(position_s * 1000)))

    async def stop(self) -> None:
        """Leave the screen and end the process."""
        self._stopping = True
        self._take_off()
        self._send(StopIntake())
        await asyncio.wait({self._reader}, timeout=STOP_GRACE_S)
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._child.stop(STOP_GRACE_S)

    def _connect_stage(self, media: Media) -> None:
        self._send(AttachStage(self.stream), media.fds)

    def _send(self, message: UrlOpen | UrlCommand | AttachStage | StopIntake, fds: tuple[int, ...] = ()) -> None:
        """One that comes after the end is dropped."""
        if not self._child.link.closed:
            self._child.link.send(message, fds)

    async def _read(self) -> None:
        link = self._child.link
        try:
            while (message := await link.receive()) is not None:
                if isinstance(message, UrlState):
                    self._take(message)
                elif not isinstance(message, IntakeReady):
                    log.warning("the intake of a URL sent %s, which is not for the app", type(message).__name__)
        except LinkError as error:
            log.error("the link to the intake of a URL broke: %s", error)
        finally:
            await self._child.stop(STOP_GRACE_S)
            log.info("the intake of stream %d ended: %s", self.stream, self._child.epitaph())
            if self.state.state != "failed" and not self._stopping:
                lost = "The process that fetches the stream ended unexpectedly. Cast again."
                self._take(UrlState(self.stream, "failed", reason=lost))

    def _take(self, state: UrlState) -> None:
        self.state = state
        if state.state == "failed":
            self._take_off()
        if self._began.done():
            self.on_state(state)
        elif state.state == "failed":
            self._began.set_exception(UrlNotCast(state.reason))
            self._began.exception()  # whoever opened may be gone; then it is not worth a warning
        elif state.state != "opening":
            self.note = state.reason
            self._began.set_result(None)

    def _on_screen(self) -> bool:
        """Whether the stream there is this one still: its number may have gone on to another cast of its sender."""
        shown = self._screen.shown(self.stream)
        return shown is not None and shown.connect_intake == self._connect_stage

    def _hold(self, paused: bool) -> None:
        if self._on_screen():
            self._screen.pause(self.stream, paused)

    def _take_off(self) -> None:
        if self._on_screen():
            self._screen.detach(self.stream)
