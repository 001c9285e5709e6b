"""The real stage on a bare console: what it says, what a copy of the screen from outside has, and when flips come."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from receiver.errors import BackendUnavailable
from receiver.link import StageReady, StreamLive
from receiver.present.drm.card import Card
from tests.peers.stage_process import StageProcess
from tests.vm.guest.checkers import BLOCK, HEIGHT, SCENE, WIDTH, checkers, idle_cast_and_idle, same
from tests.vm.guest.host import Host

PICTURES = 24


@pytest.fixture
async def stage() -> AsyncIterator[StageProcess]:
    process = await StageProcess.start("--output", "auto", "--sound", "null")
    await process.is_ready()
    yield process
    await process.kill()


async def test_from_console_to_cast_and_back(host: Host, stage: StageProcess) -> None:
    ready = stage.ready
    assert ready.output == "kms"
    assert ready.output_reason.startswith("KMS on Virtual-1 of card0 (virtio_gpu), 640x360 at ")
    assert ready.output_reason.endswith(" Hz, because there is no desktop session.")
    assert (ready.width, ready.height) == (WIDTH, HEIGHT)
    assert 24_000 <= ready.refresh_mhz <= 120_000

    await idle_cast_and_idle(stage, host, "kms", PICTURES, 0.02)
    assert await stage.stop() == 0


async def test_a_screen_that_another_program_had_is_taken_once_it_lets_go(host: Host) -> None:
    others = []
    for path in sorted(Path("/dev/dri").glob("card*")):
        with contextlib.suppress(BackendUnavailable):  # one without screens
            others.append(Card(path))
    stage = await StageProcess.start("--output", "auto", "--sound", "null")
    try:
        await stage.is_ready()
        assert stage.ready.output == "headless"
        assert "holds the screen of /dev/dri/card0; end it" in stage.ready.output_reason
        stage.link.send(SCENE)
        stage.attach(1).show(checkers(0), keyframe=True)
        await stage.expect(StreamLive)
        await asyncio.sleep(5)  # it looks again meanwhile, and finds the same
        for other in others:
            other.close()
        ready = await stage.expect(StageReady)
        assert (ready.output, ready.width, ready.height, ready.sleeps) == ("kms", WIDTH, HEIGHT, True)
        assert ready.output_reason.startswith("KMS on Virtual-1 of card0 (virtio_gpu), 640x360 at ")
        shown = await same(stage, host, "taken")
        assert shown[BLOCK, BLOCK].max() < 60 < 190 < shown[BLOCK, 3 * BLOCK].min(), "the cast goes on"
        assert await stage.stop() == 0
    finally:
        await stage.kill()


async def test_a_killed_stage_gives_the_screen_to_the_next(host: Host, stage: StageProcess) -> None:
    stage.link.send(SCENE)
    await same(stage, host, "before-kill")
    stage.process.send_signal(signal.SIGKILL)
    await stage.process.wait()
    following = await StageProcess.start("--output", "kms", "--sound", "null")
    try:
        await following.is_ready()
        assert following.ready.output_reason.endswith(", as asked for.")
        following.link.send(SCENE)
        await same(following, host, "after-kill")
        assert await following.stop() == 0
    finally:
        await following.kill()
