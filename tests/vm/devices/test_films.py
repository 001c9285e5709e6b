"""A film gets a screen of its own rate: the real stage, on a card whose screen has 1920x1080 at 60 and at 50 Hz."""

import asyncio
import time

import msgspec
import numpy as np

from receiver.link import DetachStream, SetTap, StageReady, TapPicture
from tests.peers.stage_process import Camera, StageProcess
from tests.vm.guest.checkers import shown_ns

RATE = 25
PICTURES = 8


async def play(camera: Camera) -> None:
    """Until it is cancelled."""
    began, number = time.monotonic(), 0
    while True:
        luma = np.full((36, 64), 40 + number % 100, np.uint8)
        frame = camera.encode(luma, keyframe=number == 0)
        camera.link.send(msgspec.structs.replace(frame, timestamp=number * 90_000 // RATE))
        number += 1
        await asyncio.sleep(max(0, began + number / RATE - time.monotonic()))


async def test_a_film_gets_its_rate_and_the_screen_its_own_again() -> None:
    stage = await StageProcess.start("--output", "kms", "--sound", "null", "--mode", "1920x1080")
    try:
        await stage.is_ready()
        assert (stage.ready.width, stage.ready.height, stage.ready.refresh_mhz) == (1920, 1080, 60_000)
        film = asyncio.create_task(play(stage.attach(1, mode="smooth")))
        changed = await stage.expect(StageReady)
        assert (changed.width, changed.height, changed.refresh_mhz) == (1920, 1080, 50_000)
        stage.link.send(SetTap(True, 0, 0, 2, 2))
        shown = [shown_ns(await stage.expect(TapPicture)) for _ in range(PICTURES)]
        steps = np.diff(shown[2:]) / 20e6
        assert np.abs(steps - np.round(steps)).max() < 0.02, "they come at vblanks of 50 Hz"
        film.cancel()
        stage.link.send(DetachStream(1))
        assert (await stage.expect(StageReady)).refresh_mhz == 60_000
        assert await stage.stop() == 0
    finally:
        await stage.kill()
