"""The intake process of a URL: fetches, unpacks and paces one film or broadcast, and nothing else.

``app`` starts it with one end of a link; the first UrlOpen makes it that stream's. It ends with StopIntake, when the
stream has failed, or when app is gone.
"""

import asyncio
import contextlib
import logging
import sys

import av.logging

from receiver import child
from receiver.clock import MonotonicClock
from receiver.errors import PeerError, ReceiverError
from receiver.ingest.stage_link import StageLink
from receiver.ingest.url import parse
from receiver.ingest.url_connect import own_addresses
from receiver.ingest.url_player import UrlPlayer
from receiver.ingest.url_policy import Policy
from receiver.ingest.url_source import Source
from receiver.link import AttachStage, IntakeReady, LinkError, Message, StopIntake, UrlCommand, UrlOpen, UrlState
from receiver.linkio import Link, Media

log = logging.getLogger("receiver.intake_url")


class UrlIntake:
    """Obeys the app's link."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._clock = MonotonicClock()
        self._stage: StageLink | None = None
        self._player: UrlPlayer | None = None
        self._playing: asyncio.Task[None] | None = None
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Until the stream has failed or app wants no more."""
        self._link.send(IntakeReady())
        obeying = asyncio.create_task(self._obey())
        try:
            await asyncio.wait({obeying, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            obeying.cancel()
            if self._playing is not None:
                self._playing.cancel()
                await asyncio.gather(self._playing, return_exceptions=True)
            if self._stage is not None:
                self._stage.close()
            self._link.close()

    def alive(self) -> bool:
        """A thread that waits for a slow server is none that hangs: the player's own deadlines are for that."""
        return True

    async def _obey(self) -> None:
        while (message := await self._link.receive()) is not None:
            match message:
                case UrlOpen():
                    self._open(message)
                case UrlCommand():
                    self._command(message)
                case AttachStage():
                    self._attach(self._link.take_media())
                case StopIntake():
                    return
                case _:
                    log.warning("%s is not for the intake of a URL", type(message).__name__)

    def _open(self, order: UrlOpen) -> None:
        try:
            target = parse(order.url)
            policy = Policy.of(order.allow, order.deny, own_addresses())
        except (PeerError, ReceiverError) as error:
            self._send(UrlState(order.stream, "failed", reason=str(error)))
            self._ended.set_result(None)
            return
        log.info("stream %d is %s", order.stream, target.shown)
        self._player = UrlPlayer(order.stream, lambda: Source(target, policy, order.codecs), self._clock, self._send)
        self._player.attach(self._stage)
        self._playing = asyncio.create_task(self._player.run())
        self._playing.add_done_callback(self._finished)

    def _finished(self, playing: "asyncio.Task[None]") -> None:
        if not playing.cancelled() and (error := playing.exception()) is not None:
            log.error("playing broke: %s", error, exc_info=error)
        if not self._ended.done():
            self._ended.set_result(None)

    def _command(self, command: UrlCommand) -> None:
        if self._player is None:
            return
        match command.action:
            case "play":
                self._player.play()
            case "pause":
                self._player.pause()
            case "seek":
                self._player.seek(command.position_ms * 1_000_000)

    def _attach(self, media: Media) -> None:
        old, self._stage = self._stage, StageLink(media, self._clock, lambda: None)
        if self._player is not None:
            self._player.attach(self._stage)
        if old is not None:
            old.close()

    def _send(self, message: Message) -> None:
        """To app; where it no longer listens, ``_obey`` is about to end."""
        with contextlib.suppress(LinkError):
            self._link.send(message)


def main() -> int:
    arguments = child.parser("intake_url", "Plays one URL").parse_args()
    logging.basicConfig(level=logging.WARNING, format="intake-url: %(name)s: %(message)s")
    av.logging.set_level(None)  # FFmpeg's own lines name whole URLs, keys and all
    child.settle()
    child.serve(arguments.link_fd, UrlIntake)
    return 0


if __name__ == "__main__":
    sys.exit(main())
