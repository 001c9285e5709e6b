"""What the app asks, done: a table from message to method, and the answers."""

import asyncio
import gc
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pygame

from receiver import link
from receiver.clock import Clock
from receiver.decode.decoders import Decoders
from receiver.link import LinkError, Message
from receiver.linkio import Link
from receiver.media import Picture
from receiver.pace.layout import heard
from receiver.sound.api import Sink
from receiver.stage.channel import Channel
from receiver.stage.fatal import watch
from receiver.stage.screen import Screen
from receiver.stage.snapshot import encode
from receiver.stage.stream import Stream
from receiver.stage.tap import crop

log = logging.getLogger(__name__)

STATS_PERIOD_S = 1.0


class Stage:
    """Everything here runs on the loop, but for ``presented``. It is the screen's listener, through ``FromScreen``."""

    def __init__(self, app: Link, screen: Screen, sink: Sink, clock: Clock, decoders: Decoders) -> None:
        self._app = app
        self._loop = asyncio.get_running_loop()
        self._screen = screen
        self._sink = sink
        self._clock = clock
        self._decoders = decoders
        self._streams: dict[int, Stream] = {}
        self._tap = link.SetTap(on=False)
        self._focus: int | None = None
        self._dark = False
        self._snapshots: dict[int, link.TakeSnapshot] = {}
        self._encoder = ThreadPoolExecutor(1, "snapshot")
        self._encoding: set[asyncio.Task[None]] = set()
        self._obeying: asyncio.Task[None] | None = None
        self.ready: Callable[[], link.StageReady]
        """What the app is told of the outputs, now."""
        self._handlers: dict[type[Any], Callable[[Any], None]] = {
            link.Scene: self._set_scene,
            link.AttachStream: self._attach,
            link.DetachStream: self._detach,
            link.SetPaused: self._pause,
            link.SetPicture: self._set_picture,
            link.SetVolume: self._set_volume,
            link.SetLayout: self._set_layout,
            link.TakeSnapshot: self._take_snapshot,
            link.SetTap: self._set_tap,
        }

    async def obey(self) -> None:
        """Until the app is gone, or someone closes the window. Raises LinkError."""
        self._obeying = asyncio.current_task()
        stats = watch(asyncio.create_task(self._report(), name="stats"))
        try:
            while (message := await self._app.receive()) is not None:
                handler = self._handlers.get(type(message))
                if handler is None:
                    raise LinkError(f"the app sent the stage {type(message).__name__}, which is not for it")
                handler(message)
        finally:
            stats.cancel()

    def close(self) -> None:
        """Take every stream off the screen."""
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()
        self._encoder.shutdown(wait=False, cancel_futures=True)

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(STATS_PERIOD_S)
            for stream in self._streams.values():
                self._send(stream.stats())

    def _send(self, message: Message) -> None:
        if not self._app.closed:
            self._app.send(message)

    def _set_scene(self, message: link.Scene) -> None:
        self._screen.set_scene(message)
        self._dark = message.dark
        self._choose_sound()

    def _attach(self, message: link.AttachStream) -> None:
        media = self._app.take_media()
        if message.stream in self._streams:
            self._streams[message.stream].renew(media)
            return
        self._streams[message.stream] = Stream(message, media, self._screen, self._sink, self._clock, self._decoders)
        self._apply_tap(self._streams[message.stream])
        self._streams[message.stream].sound.on_begin = self._choose_sound

    def _detach(self, message: link.DetachStream) -> None:
        if (stream := self._streams.pop(message.stream, None)) is not None:
            stream.close()
            self._choose_sound()
            gc.collect()  # what a stream leaves behind refers to itself, and holds pictures and sound; 0.3 ms

    def _set_layout(self, message: link.SetLayout) -> None:
        self._screen.set_layout(message)
        self._focus = message.focus
        self._choose_sound()

    def _choose_sound(self) -> None:
        sounding = [stream.id for stream in self._streams.values() if stream.sound.begun]
        chosen = heard(sounding, self._focus if self._focus in self._streams else None)
        for stream in self._streams.values():
            stream.sound.mute(self._dark or stream.id != chosen)

    def _pause(self, message: link.SetPaused) -> None:
        if (stream := self._streams.get(message.stream)) is not None:
            stream.pause(message.paused)

    def _set_picture(self, message: link.SetPicture) -> None:
        if (stream := self._streams.get(message.stream)) is not None:
            self._screen.set_picture(stream.channel, message)

    def _set_volume(self, message: link.SetVolume) -> None:
        if (stream := self._streams.get(message.stream)) is not None:
            stream.sound.set_volume(message.volume)

    def _set_tap(self, message: link.SetTap) -> None:
        self._tap = message
        for stream in self._streams.values():
            self._apply_tap(stream)

    def _apply_tap(self, stream: Stream) -> None:
        def heard(timestamp: int, heard_ns: int, samples: bytes) -> None:
            self._loop.call_soon_threadsafe(self._send, link.TapSound(stream.id, timestamp, heard_ns, samples))

        stream.sound.set_tap(heard if self._tap.on else None)

    def _take_snapshot(self, message: link.TakeSnapshot) -> None:
        self._snapshots[message.request] = message
        gave_way = self._screen.request_snapshot(message.request)
        if gave_way is not None:
            log.warning("too many snapshots are asked for at once; request %d is not answered", gave_way)
            self._snapshots.pop(gave_way, None)

    def live(self, channel: Channel) -> None:
        if self._on_screen(channel) is not None:
            self._send(link.StreamLive(channel.stream))

    def presented(self, channel: Channel, picture: Picture) -> None:
        """On the screen's thread: to wake another one for each picture would cost more than what is done here."""
        if (stream := self._on_screen(channel)) is not None:
            stream.presented(picture)
            if self._tap.on:
                self._loop.call_soon_threadsafe(self._send, crop(picture, self._tap))

    def _on_screen(self, channel: Channel) -> Stream | None:
        """The channel's stream, unless it was detached while the call was on its way here."""
        stream = self._streams.get(channel.stream)
        return stream if stream is not None and stream.channel is channel else None

    def snapshot(self, requests: list[int], surface: pygame.Surface) -> None:
        task = watch(asyncio.create_task(self._answer(requests, surface), name="snapshot"))
        self._encoding.add(task)
        task.add_done_callback(self._encoding.discard)

    async def _answer(self, requests: list[int], surface: pygame.Surface) -> None:
        for asked in [self._snapshots.pop(request) for request in requests if request in self._snapshots]:
            image, width, height = await self._loop.run_in_executor(
                self._encoder, encode, surface, asked.max_width, asked.format
            )
            self._send(link.Snapshot(asked.request, image, width, height))

    def changed(self) -> None:
        """Another screen, or another mode: the app learns it, for those who ask for it."""
        self._send(self.ready())

    def closed(self) -> None:
        """Someone closed the window: the app learns it from a clean exit."""
        if self._obeying is not None:
            self._obeying.cancel()


class FromScreen:
    """Carries the screen's calls from its thread to the stage on the loop, all but the most frequent one."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.stage: Stage

    def live(self, channel: Channel) -> None:
        self._loop.call_soon_threadsafe(self.stage.live, channel)

    def presented(self, channel: Channel, picture: Picture) -> None:
        self.stage.presented(channel, picture)

    def snapshot(self, requests: list[int], surface: pygame.Surface) -> None:
        self._loop.call_soon_threadsafe(self.stage.snapshot, requests, surface)

    def changed(self) -> None:
        if hasattr(self, "stage"):  # a screen may change before there is an app to be told
            self._loop.call_soon_threadsafe(self.stage.changed)

    def closed(self) -> None:
        self._loop.call_soon_threadsafe(self.stage.closed)
