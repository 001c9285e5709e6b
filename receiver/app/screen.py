"""What the screen shows, and word of it from the stage: each new stage is made to show what the last one showed.

The stage has no history of its own. ``Screen`` keeps the scene and the streams that are on it, and gives both to every
stage it starts, so that a stage which crashed is back with the picture after one keyframe.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec

from receiver import linkio
from receiver.app import aim
from receiver.app.aim import Sight
from receiver.app.stage_process import StageProcess
from receiver.clock import Clock
from receiver.errors import ReceiverError
from receiver.link import (
    AttachStream,
    DetachStream,
    Message,
    Scene,
    SetLayout,
    SetPaused,
    SetPicture,
    SetTap,
    SetVolume,
    Snapshot,
    StageReady,
    StreamLive,
    StreamStats,
    TakeSnapshot,
    TapPicture,
    TapSound,
)
from receiver.linkio import Media
from receiver.supervise import Child

log = logging.getLogger(__name__)

SNAPSHOT_TIMEOUT_S = 5.0

ConnectIntake = Callable[[Media], None]
"""Gives an intake its end of new media links."""

TapReader = Callable[[TapPicture | TapSound], None]


@dataclass
class Shown:
    """A stream on the screen, with what a fresh stage must be told of it. ``stats``: the stage's last."""

    sender_name: str
    connect_intake: ConnectIntake
    picture: SetPicture
    paused: bool = False
    volume: float = 1.0
    mode: Literal["interactive", "smooth"] | None = None
    stats: StreamStats | None = None


class StageMissing(ReceiverError):
    """The stage is not running at this moment; it is being started again."""


class Screen:
    """Owns the ``stage``, and keeps what is on it."""

    def __init__(
        self, clock: Clock, arguments: tuple[str, ...], mode: Literal["interactive", "smooth"], scene: Scene
    ) -> None:
        self.stage = StageProcess(clock, arguments)
        self.stage.on_begin = self._restore
        self.stage.on_message = self._take
        self.stage.on_gone = self._gone
        self._mode = mode
        self._scene = scene
        self._dark = False
        self._arrangement = SetLayout()
        self._shown: dict[int, Shown] = {}
        self._snapshots: dict[int, asyncio.Future[Snapshot]] = {}
        self._requests = itertools.count(1)
        self._tap: tuple[SetTap, TapReader] | None = None
        self.ready: StageReady | None = None
        self.on_stats: Callable[[StreamStats], None] = lambda stats: None
        self.on_live: Callable[[int], None] = lambda stream: None

    async def start(self) -> StageReady:
        """Start the stage and wait until it shows the scene."""
        return await self.stage.start()

    def _restore(self, stage: Child) -> None:
        stage.link.send(self._lit())
        stage.link.send(self._arrangement)
        if self._tap is not None:
            stage.link.send(self._tap[0])
        for stream, shown in self._shown.items():
            self._attach(stage, stream, shown)

    def _take(self, message: Message) -> None:
        match message:
            case StageReady():
                self.ready = message
            case StreamStats(stream):
                if stream in self._shown:
                    self._shown[stream].stats = message
                self.on_stats(message)
            case StreamLive(stream):
                self.on_live(stream)
            case Snapshot(request):
                waiter = self._snapshots.pop(request, None)
                if waiter is not None and not waiter.done():
                    waiter.set_result(message)
            case TapPicture() | TapSound():
                if self._tap is not None:
                    self._tap[1](message)
            case _:
                log.warning("the stage sent %s, which is not for the app", type(message).__name__)

    def _gone(self) -> None:
        self.ready = None
        for waiter in self._snapshots.values():
            waiter.cancel()

    def show(self, scene: Scene) -> None:
        """Make this the scene. One that somebody has to read turns the screen on."""
        if scene != self._scene:
            self._scene = scene
            self._dark = self._dark and not (scene.pin or scene.asking or scene.identify)
            self.stage.send(self._lit())

    def _lit(self) -> Scene:
        return msgspec.structs.replace(self._scene, dark=self._dark)

    @property
    def dark(self) -> bool:
        """Whether the screen is off."""
        return self._dark

    def power(self, on: bool) -> None:
        """Turn the screen off, until somebody turns it on, casts, or asks for a PIN."""
        if on is self._dark:
            self._dark = not on
            self.stage.send(self._lit())

    @property
    def scene(self) -> Scene:
        return self._scene

    def attach(
        self,
        stream: int,
        sender_name: str,
        connect_intake: ConnectIntake,
        mode: Literal["interactive", "smooth"] | None = None,
    ) -> None:
        """Put a stream on screen. ``connect_intake`` is called now and again for each later stage.

        ``mode`` is how it is paced where that is not for the configuration to say. A stream that is there already
        goes on with another intake: its last picture stays until the next one comes.
        """
        self.power(on=True)
        shown = self._shown.get(stream)
        if shown is None:
            shown = self._shown[stream] = Shown(sender_name, connect_intake, SetPicture(stream), mode=mode)
        shown.connect_intake = connect_intake
        if (stage := self.stage.child) is not None:
            self._attach(stage, stream, shown)

    def _attach(self, stage: Child, stream: int, shown: Shown) -> None:
        stage_end, intake_end = linkio.media_pair()
        with contextlib.closing(stage_end), contextlib.closing(intake_end):
            mode = shown.mode or self._mode
            stage.link.send(AttachStream(stream, shown.sender_name, mode), stage_end.fds)
            stage.link.send(shown.picture)
            stage.link.send(SetVolume(stream, shown.volume))
            if shown.paused:
                stage.link.send(SetPaused(stream, True))
            shown.connect_intake(intake_end)

    def detach(self, stream: int) -> None:
        """Take a stream off the screen."""
        if self._shown.pop(stream, None) is not None:
            self.stage.send(DetachStream(stream))

    def pause(self, stream: int, paused: bool) -> None:
        """Hold or release a stream's picture."""
        self._shown[stream].paused = paused
        self.stage.send(SetPaused(stream, paused))

    @property
    def arrangement(self) -> SetLayout:
        """How the pictures share the screen."""
        return self._arrangement

    def arrange(self, arrangement: SetLayout) -> None:
        """Share the screen like this from now on."""
        if arrangement != self._arrangement:
            self._arrangement = arrangement
            self.stage.send(arrangement)

    def shown(self, stream: int) -> Shown | None:
        """A stream that is on the screen."""
        return self._shown.get(stream)

    def aim(self, x: float, y: float) -> tuple[float, float]:
        """A place in the shown picture as one on the whole screen, both from 0 to 1."""
        if self.ready is None:
            return x, y
        size = self.ready.width, self.ready.height
        return aim.on_screen(x, y, aim.target(self._seen(), self._arrangement, *size).place, *size)

    def in_picture(self, x: float, y: float) -> tuple[float, float, bool]:
        """A place on the whole screen as one in the shown picture as its sender has it, and whether it lies in it."""
        if self.ready is None:
            return x, y, False
        size = self.ready.width, self.ready.height
        return aim.in_picture(x, y, aim.target(self._seen(), self._arrangement, *size), *size)

    @property
    def main(self) -> int | None:
        """The stream whose picture events are for, if the room sees that now and it is not paused."""
        stream = None if self._dark or self.ready is None else aim.main([*self._seen()], self._arrangement)
        return None if stream is None or self._shown[stream].paused else stream

    def _seen(self) -> dict[int, Sight]:
        return {
            stream: Sight(shown.stats.width, shown.stats.height, shown.picture)
            for stream, shown in self._shown.items()
            if shown.stats is not None and shown.stats.width and shown.stats.height
        }

    def place(self, picture: SetPicture) -> None:
        """Turn and size a stream's picture; nothing where it is not on."""
        if (shown := self._shown.get(picture.stream)) is not None:
            shown.picture = picture
            self.stage.send(picture)

    def set_volume(self, stream: int, volume: float) -> None:
        """Make a stream so loud, from 0 to 1; nothing where it is not on."""
        if (shown := self._shown.get(stream)) is not None:
            shown.volume = volume
            self.stage.send(SetVolume(stream, volume))

    async def snapshot(self, max_width: int = 0, image_format: Literal["png", "jpeg"] = "png") -> Snapshot:
        """What the TV shows now. Raises StageMissing where no stage answers in time."""
        request = next(self._requests)
        waiter: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()
        self._snapshots[request] = waiter
        self.stage.send(TakeSnapshot(request, max_width, image_format))
        done, _ = await asyncio.wait({waiter}, timeout=SNAPSHOT_TIMEOUT_S)
        self._snapshots.pop(request, None)
        if not done or waiter.cancelled():
            raise StageMissing("The screen does not answer just now; it is being started again. Try in a second.")
        return waiter.result()

    def tap(self, request: SetTap, reader: TapReader) -> None:
        """Give ``reader`` every shown picture's crop and every played block; one tap at a time, the newest wins."""
        self._tap = (request, reader) if request.on else None
        self.stage.send(request)

    async def close(self) -> None:
        """Stop keeping the stage, and stop it."""
        await self.stage.close()
