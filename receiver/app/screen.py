"""The app's hold on the stage: keeps it running, and makes each new one show what the last one showed.

The stage has no history of its own. ``Screen`` keeps the scene and the streams that are on it, and gives both to every
stage it starts, so that a stage which crashed is back with the picture after one keyframe.
"""

import asyncio
import itertools
import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec

from receiver import linkio
from receiver.app import aim
from receiver.app.aim import Sight
from receiver.clock import Clock
from receiver.errors import ReceiverError
from receiver.link import (
    AttachStream,
    DetachStream,
    LinkError,
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
from receiver.supervise import Backoff, Child, are_units, spawn

log = logging.getLogger(__name__)

START_TIMEOUT_S = 20.0
UNIT_START_TIMEOUT_S = 90.0
"""On a box the stage starts beside everything else that boots, and may wait for a graphics driver."""
SNAPSHOT_TIMEOUT_S = 5.0
STOP_GRACE_S = 1.0
NS = 1e9

ConnectIntake = Callable[[socket.socket], None]
"""Gives an intake its end of a new media link."""

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
    """Owns the stage process."""

    def __init__(
        self, clock: Clock, arguments: tuple[str, ...], mode: Literal["interactive", "smooth"], scene: Scene
    ) -> None:
        self._clock = clock
        self._arguments = arguments
        self._mode = mode
        self._scene = scene
        self._dark = False
        self._arrangement = SetLayout()
        self._shown: dict[int, Shown] = {}
        self._stage: Child | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._snapshots: dict[int, asyncio.Future[Snapshot]] = {}
        self._requests = itertools.count(1)
        self._tap: tuple[SetTap, TapReader] | None = None
        self.ready: StageReady | None = None
        self.restarts = 0
        self.on_stats: Callable[[StreamStats], None] = lambda stats: None
        self.on_live: Callable[[int], None] = lambda stream: None
        self.on_window_closed: Callable[[], None] = lambda: None

    async def start(self) -> StageReady:
        """Start the stage and wait until it shows the scene."""
        up: asyncio.Future[StageReady] = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.create_task(self._keep(up))
        patience_s = UNIT_START_TIMEOUT_S if are_units() else START_TIMEOUT_S
        try:
            return await asyncio.wait_for(up, patience_s)
        except TimeoutError:
            raise ReceiverError(
                f"The stage, the process that shows pictures, did not start within {patience_s:.0f} s. "
                "Its own log lines above say why; 'ddp-receiver doctor' checks what it needs."
            ) from None

    async def _keep(self, up: "asyncio.Future[StageReady]") -> None:
        backoff = Backoff()
        while True:
            backoff.started(self._clock.now())
            status = await self._have_one(up)
            self._stage, self.ready = None, None
            for waiter in self._snapshots.values():
                waiter.cancel()
            if status == os.EX_OK:
                self.on_window_closed()
                return
            if status == os.EX_UNAVAILABLE and not up.done():
                up.set_exception(ReceiverError("The screen can't be used; the stage's line above says why."))
                return
            delay = backoff.died(self._clock.now())
            self.restarts += 1
            log.error("the stage is gone and is started again in %.1f s", delay / NS)
            await asyncio.sleep(delay / NS)

    async def _have_one(self, up: "asyncio.Future[StageReady]") -> int | None:
        """Start a stage and talk to it until it is gone; its exit status where we can know it."""
        try:
            self._stage = await spawn("stage", "receiver.stage", *self._arguments)
        except ReceiverError as error:
            log.error("%s", error)
            return None
        await self._converse(self._stage, up)
        return self._stage.status

    async def _converse(self, stage: Child, up: "asyncio.Future[StageReady]") -> None:
        try:
            self._restore(stage)
            while (message := await stage.link.receive()) is not None:
                self._take(message)
                if isinstance(message, StageReady) and not up.done():
                    up.set_result(message)
        except LinkError as error:
            log.error("the link to the stage broke: %s", error)
        finally:
            await stage.stop(STOP_GRACE_S)
            log.info("the stage ended: %s", stage.epitaph())

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

    def _send(self, message: Message) -> None:
        """To the stage if there is one; else ``_restore`` will tell the next one the same."""
        if self._stage is None or self._stage.link.closed:
            return
        try:
            self._stage.link.send(message)
        except LinkError as error:
            log.error("the stage does not keep up and is started again: %s", error)
            self._stage.kill()

    def show(self, scene: Scene) -> None:
        """Make this the scene. One that somebody has to read turns the screen on."""
        if scene != self._scene:
            self._scene = scene
            self._dark = self._dark and not (scene.pin or scene.asking or scene.identify)
            self._send(self._lit())

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
            self._send(self._lit())

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
        if self._stage is not None and not self._stage.link.closed:
            self._attach(self._stage, stream, shown)

    def _attach(self, stage: Child, stream: int, shown: Shown) -> None:
        stage_end, intake_end = linkio.pair()
        with stage_end, intake_end:
            mode = shown.mode or self._mode
            stage.link.send(AttachStream(stream, shown.sender_name, mode), (stage_end.fileno(),))
            stage.link.send(shown.picture)
            stage.link.send(SetVolume(stream, shown.volume))
            if shown.paused:
                stage.link.send(SetPaused(stream, True))
            shown.connect_intake(intake_end)

    def detach(self, stream: int) -> None:
        """Take a stream off the screen."""
        if self._shown.pop(stream, None) is not None:
            self._send(DetachStream(stream))

    def pause(self, stream: int, paused: bool) -> None:
        """Hold or release a stream's picture."""
        self._shown[stream].paused = paused
        self._send(SetPaused(stream, paused))

    @property
    def arrangement(self) -> SetLayout:
        """How the pictures share the screen."""
        return self._arrangement

    def arrange(self, arrangement: SetLayout) -> None:
        """Share the screen like this from now on."""
        if arrangement != self._arrangement:
            self._arrangement = arrangement
            self._send(arrangement)

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
            self._send(picture)

    def set_volume(self, stream: int, volume: float) -> None:
        """Make a stream so loud, from 0 to 1; nothing where it is not on."""
        if (shown := self._shown.get(stream)) is not None:
            shown.volume = volume
            self._send(SetVolume(stream, volume))

    async def snapshot(self, max_width: int = 0, image_format: Literal["png", "jpeg"] = "png") -> Snapshot:
        """What the TV shows now. Raises StageMissing where no stage answers in time."""
        request = next(self._requests)
        waiter: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()
        self._snapshots[request] = waiter
        self._send(TakeSnapshot(request, max_width, image_format))
        done, _ = await asyncio.wait({waiter}, timeout=SNAPSHOT_TIMEOUT_S)
        self._snapshots.pop(request, None)
        if not done or waiter.cancelled():
            raise StageMissing("The screen does not answer just now; it is being started again. Try in a second.")
        return waiter.result()

    def tap(self, request: SetTap, reader: TapReader) -> None:
        """Give ``reader`` every shown picture's crop and every played block; one tap at a time, the newest wins."""
        self._tap = (request, reader) if request.on else None
        self._send(request)

    async def close(self) -> None:
        """Stop keeping the stage, and stop it."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._stage is not None:
            await self._stage.stop(STOP_GRACE_S)
