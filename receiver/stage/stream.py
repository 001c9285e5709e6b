"""One attached stream: its media links, its two tracks, and its place on the screen."""

import asyncio
import logging
import socket

import msgspec

from receiver.clock import Clock
from receiver.decode.decoders import Decoders
from receiver.link import AttachStream, LinkError, StreamStats
from receiver.linkio import Link, Media
from receiver.media import EncodedFrame, Picture
from receiver.sound.api import Sink
from receiver.stage.channel import Channel
from receiver.stage.counters import Counters
from receiver.stage.fatal import watch
from receiver.stage.screen import Screen
from receiver.stage.sound import SoundTrack
from receiver.stage.video import VideoTrack

MAX_HOLD_NS = {"interactive": 60_000_000, "smooth": 250_000_000}
"""The most that a picture waits for its sound, by mode: one is there for a quick answer, the other for films."""

log = logging.getLogger(__name__)


class Stream:
    """Lives on the loop; pictures pass from its decode thread to the screen's without it."""

    def __init__(
        self,
        attach: AttachStream,
        media: Media,
        screen: Screen,
        sink: Sink,
        clock: Clock,
        decoders: Decoders,
    ) -> None:
        self.id = attach.stream
        self._clock = clock
        self._screen = screen
        self._counters = Counters(attach.stream, clock.now())
        self.channel = Channel(
            attach.stream,
            attach.sender_name,
            attach.mode,
            self._counters,
            screen.next_vsync,
            1_000_000_000_000 // screen.presenter.refresh_mhz,
        )
        screen.attach(self.channel)
        self.sound = SoundTrack(sink, clock, self._counters, MAX_HOLD_NS[attach.mode])
        self._video = VideoTrack(
            attach.stream, clock, self._counters, media.video, self._arrived, self._deliver, decoders.open
        )
        self._listen(media.audio)

    def _listen(self, sock: socket.socket) -> None:
        self._link = Link(sock)
        self._listener = watch(asyncio.create_task(self._hear(self._link), name=f"sound-{self.id}"))

    def renew(self, media: Media) -> None:
        """Go on with what another intake sends: the decoders, the pace and the last picture stay."""
        self._screen.renew(self.channel)
        self._video.renew(media.video)
        self._listener.cancel()
        self._link.close()
        self._listen(media.audio)

    async def _hear(self, link: Link) -> None:
        fresh = True
        try:
            while (message := await link.receive()) is not None:
                if not isinstance(message, EncodedFrame) or message.kind != "audio":
                    log.error("a link for sound carried %s and is closed", type(message).__name__)
                    break
                self.sound.push(msgspec.structs.replace(message, discontinuity=True) if fresh else message)
                fresh = False
        except LinkError as error:
            log.error("stream %d: %s", self.id, error)
        link.close()

    def _arrived(self, frame: EncodedFrame) -> None:
        self._screen.set_playout(self.channel, frame.playout)

    def _deliver(self, picture: Picture) -> None:
        self._screen.push(self.channel, picture)

    def pause(self, paused: bool) -> None:
        """Hold the last picture and silence the sound, or go on."""
        self._screen.pause(self.channel, paused)
        self.sound.pause(paused)
        if paused:
            self.sound.picture_shown(None)

    def presented(self, picture: Picture) -> None:
        """A picture of this stream is on the screen: count it, and keep the sound in step with it."""
        on_screen = picture.stamps.on_screen
        assert on_screen is not None
        self._counters.presented(picture, on_screen)
        captured = self._screen.captured(self.channel, picture.timestamp)
        hold = self.sound.picture_shown(None if captured is None else on_screen - captured)
        self._screen.set_hold(self.channel, hold)

    def stats(self) -> StreamStats:
        """What happened since the last call, once a second."""
        self._video.look()
        offset_ms, silenced = self.sound.stats()
        dropped, late = self._screen.queues(self.channel)
        return self._counters.report(self._clock.now(), dropped, late, offset_ms, silenced)

    def close(self) -> None:
        """Leave the screen and the loudspeaker."""
        self._listener.cancel()
        self._link.close()
        self._screen.detach(self.channel)
        self._video.close()
        self.sound.close()
