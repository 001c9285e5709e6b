"""A stage in a real X11 window: what X has is what the stage says it shows."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator

import av
import numpy as np
import pytest

from receiver import linkio
from receiver.link import Scene, SetPicture, SetTap, Snapshot, StreamStats, TakeSnapshot, TapPicture
from receiver.media import Codec
from tests.peers.stage_process import StageProcess
from tests.peers.x_desktop import Desktop
from tests.peers.x_server import x_server
from tests.stage.conftest import Flat, StartStage


@pytest.fixture
async def display(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """An X server of our own, with nothing on it."""
    if shutil.which("import") is None:
        pytest.skip("ImageMagick is needed to look at a window; install the package imagemagick")
    async with x_server("900x600") as name:
        monkeypatch.setenv("DISPLAY", name)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        yield name


async def root(display: str) -> np.ndarray:
    """RGB of the X root window, from a client that we did not write."""
    process = await asyncio.create_subprocess_exec(
        *("import", "-display", display, "-window", "root", "-depth", "8", "png:-"), stdout=subprocess.PIPE
    )
    image, _ = await process.communicate()
    assert process.returncode == 0
    return decoded(image)


def decoded(image: bytes) -> np.ndarray:
    return av.CodecContext.create("png", "r").decode(av.Packet(image))[0].to_ndarray(format="rgb24")


async def snapshot(stage: StageProcess, request: int) -> np.ndarray:
    stage.link.send(TakeSnapshot(request))
    return decoded((await stage.expect(Snapshot, lambda message: message.request == request)).image)


async def test_the_window_has_what_the_snapshot_has(start_stage: StartStage, display: str, flat: Flat) -> None:
    stage = await start_stage(output="auto", size="640x360")
    assert stage.ready.output == "window"
    assert stage.ready.output_reason == f"A window, because X11 display {display} is there."
    stage.link.send(Scene("Lounge", "https://192.0.2.7:8443", "", "Wired", True, toast="Ada is casting"))
    stage.link.send(SetTap(True, 0, 0, 2, 2))
    camera = stage.attach(1)
    luma = flat(60)
    luma[:, 160:] = 200
    camera.show(luma, keyframe=True)
    await stage.expect(TapPicture)
    shown = await snapshot(stage, 1)
    on_x = await root(display)
    places = [
        (y, x)
        for y in range(on_x.shape[0] - 359)
        for x in range(on_x.shape[1] - 639)
        if np.array_equal(on_x[y, x : x + 640], shown[0]) and np.array_equal(on_x[y : y + 360, x : x + 640], shown)
    ]
    assert places, "the picture is nowhere on the X screen"
    assert shown[180, 100].max() < 80 < 180 < shown[180, 500].min()
    stats = await stage.expect(StreamStats)
    assert stats.frames_presented == 1
    assert await stage.stop() == 0


async def test_closing_the_window_ends_the_stage_cleanly(start_stage: StartStage, display: str) -> None:
    stage = await start_stage(output="window")
    desktop = Desktop(display)
    desktop.close_all()
    assert await asyncio.wait_for(stage.process.wait(), 20) == 0
    desktop.leave()


async def test_the_window_can_be_resized(start_stage: StartStage, display: str, flat: Flat) -> None:
    stage = await start_stage(output="window")
    stage.link.send(SetTap(True, 0, 0, 2, 2))
    camera = stage.attach(1)
    camera.show(flat(235), keyframe=True)
    await stage.expect(TapPicture)
    desktop = Desktop(display)
    desktop.resize_all(400, 500)
    request = 1
    while (shown := await snapshot(stage, request)).shape != (500, 400, 3):
        request += 1
    camera.show(flat(120))
    await stage.expect(TapPicture)
    shown = await snapshot(stage, 0)
    assert shown[250, 200].min() > 100, "the picture is in the middle"
    assert shown[20, 200].max() == 0, "a bar is above it"
    desktop.leave()


async def test_no_black_is_seen_while_size_codec_and_turn_change(
    start_stage: StartStage, display: str, flat: Flat
) -> None:
    stage = await start_stage(output="window", size="640x360")
    stage.link.send(SetTap(True, 0, 0, 2, 2))
    camera = stage.attach(1)
    camera.show(flat(200), keyframe=True)
    await stage.expect(TapPicture)
    await snapshot(stage, 1)
    looking = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.peers.x_desktop", display, "450", "300"),  # the middle of screen and window
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert looking.stdout is not None
    assert await asyncio.wait_for(looking.stdout.readline(), stage.patience_s)
    sizes: list[tuple[Codec, int, int]] = [
        ("VP8", 320, 180),
        ("VP8", 180, 320),
        ("H264", 640, 360),
        ("VP8", 640, 360),
        ("H264", 1280, 720),
    ]
    try:
        for luma in (180, 200):
            for codec, width, height in sizes:
                camera.show(flat(luma, width, height), codec, keyframe=True)
                await stage.expect(TapPicture)
            for degrees in (90, 180, 270, 0):
                stage.link.send(SetPicture(1, degrees=degrees))
                await snapshot(stage, degrees)
        seen, _ = await asyncio.wait_for(looking.communicate(b""), stage.patience_s)
    finally:
        if looking.returncode is None:
            looking.kill()
        await looking.wait()
    looks, darkest = map(int, seen.split())
    assert looks > 100
    assert darkest > 160, "grey of luma 180 or more all the time"


async def test_an_output_that_can_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    ours, theirs = linkio.pair()
    with ours, theirs:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "receiver.stage", "--link-fd", str(theirs.fileno())),
            *("--output", "window", "--sound", "null"),
            pass_fds=(theirs.fileno(),),
            stderr=subprocess.PIPE,
        )
        _, said = await process.communicate()
    assert process.returncode == 69
    assert b"there is no desktop session here" in said
