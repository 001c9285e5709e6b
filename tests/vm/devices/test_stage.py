"""The real stage on a bare console: what it says, what a copy of the screen from outside has, and when flips come."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import av
import numpy as np
import pytest

from receiver.errors import BackendUnavailable
from receiver.link import DetachStream, Scene, SetTap, Snapshot, StageReady, StreamLive, TakeSnapshot, TapPicture
from receiver.present.drm.card import Card
from tests.peers.stage_process import StageProcess

WIDTH, HEIGHT = 640, 360
SCENE = Scene("Boardroom 4", "https://192.0.2.7:8443", "https://192.0.2.7:8443/#s=Vb2Jr0w1", "By cable", True)
PICTURES = 24
BLOCK = 40


@pytest.fixture
async def stage() -> AsyncIterator[StageProcess]:
    process = await StageProcess.start("--output", "auto", "--sound", "null")
    await process.is_ready()
    yield process
    await process.kill()


async def snapshot(stage: StageProcess, request: int) -> np.ndarray:
    stage.link.send(TakeSnapshot(request))
    answer = await stage.expect(Snapshot, lambda message: message.request == request)
    return av.CodecContext.create("png", "r").decode(av.Packet(answer.image))[0].to_ndarray(format="rgb24")


async def same(stage: StageProcess, host, name: str) -> np.ndarray:
    """The stage's own snapshot, once it and the screen's copy agree; the idle screen may move in between."""
    for request in range(5):
        ours = await snapshot(stage, request)
        glass = await asyncio.to_thread(host.screen, "virtio", name)
        if np.array_equal(ours, glass):
            return ours
    raise AssertionError(f"{np.mean(ours != glass):.1%} of the screen is not what the stage says it shows")


def checkers(step: int) -> np.ndarray:
    """Blocks of dark and light luma that change places."""
    y, x = np.mgrid[0 : HEIGHT // 2, 0 : WIDTH // 2] // BLOCK
    return np.where((x + y + step) % 2, 210, 40).astype(np.uint8)


async def test_from_console_to_cast_and_back(host, stage):
    ready = stage.ready
    assert ready.output == "kms"
    assert ready.output_reason.startswith("KMS on Virtual-1 of card0 (virtio_gpu), 640x360 at ")
    assert ready.output_reason.endswith(" Hz, because there is no desktop session.")
    assert (ready.width, ready.height) == (WIDTH, HEIGHT)
    assert 24_000 <= ready.refresh_mhz <= 120_000

    stage.link.send(SCENE)
    idle = await same(stage, host, "idle")
    assert len(np.unique(idle.reshape(-1, 3), axis=0)) > 100, "the idle screen is more than one colour"

    stage.link.send(SetTap(True, 0, 0, 2, 2))
    camera = stage.attach(1)
    shown = []
    for step in range(PICTURES):
        camera.show(checkers(step), keyframe=step == 0)
        shown.append((await stage.expect(TapPicture)).stamps.on_screen)
    steps = np.diff(shown) * ready.refresh_mhz / 1e12
    print("vblanks from one picture to the next:", np.round(steps, 3).tolist())
    assert np.abs(steps - np.round(steps)).max() < 0.02, "a picture was shown between two vblanks"
    assert steps.min() > 0.5

    cast = await same(stage, host, "cast")
    light = checkers(PICTURES - 1).repeat(2, 0).repeat(2, 1) > 128
    inner = slice(BLOCK // 2, None, BLOCK)
    assert cast[inner, inner][light[inner, inner]].min() > 190
    assert cast[inner, inner][~light[inner, inner]].max() < 60

    stage.link.send(DetachStream(1))
    again = await same(stage, host, "idle-again")
    assert np.mean(again != idle) < 0.2
    assert await stage.stop() == 0


async def test_a_screen_that_another_program_had_is_taken_once_it_lets_go(host):
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


async def test_a_killed_stage_gives_the_screen_to_the_next(host, stage):
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
