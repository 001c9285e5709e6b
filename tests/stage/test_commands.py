"""What the display's commands do on the stage, by the pixels and samples that come out of it."""

import asyncio
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest

from receiver.link import (
    Scene,
    SetPicture,
    SetTap,
    SetVolume,
    Snapshot,
    StreamLive,
    StreamStats,
    TakeSnapshot,
    TapSound,
)
from receiver.media import EncodedFrame
from receiver.present.api import Degrees
from tests.peers.stage_process import Camera, StageProcess
from tests.stage.conftest import StartStage

SCENE = Scene("Lounge", "https://192.0.2.7:8443", "https://192.0.2.7:8443/#k=abc", "Wired, 192.0.2.7", True)
CORNERS = np.array([[40, 90], [150, 230]], np.uint8)
"""Luma of the picture's quarters, as the sender sees them."""


def quarters(width: int = 320, height: int = 180) -> np.ndarray:
    return np.kron(CORNERS, np.ones((height // 2, width // 2), np.uint8))


async def screen(stage: StageProcess, request: int) -> np.ndarray:
    """Grey levels of what the TV shows."""
    stage.link.send(TakeSnapshot(request))
    answer = await stage.expect(Snapshot, lambda message: message.request == request)
    frames = av.CodecContext.create("png", "r").decode(av.Packet(answer.image))
    return frames[0].to_ndarray(format="gray")


async def until(stage: StageProcess, condition: Callable[[np.ndarray], bool], first_request: int = 100) -> np.ndarray:
    """What the screen shows once it fits."""
    for request in range(first_request, first_request + 100):
        shown = await screen(stage, request)
        if condition(shown):
            return shown
        await asyncio.sleep(0.05)
    raise AssertionError("the screen never showed it")


def near(shown: np.ndarray, x: float, y: float, luma: int) -> bool:
    """Whether the screen has this studio luma at a place, given in parts of its width and height."""
    level = (luma - 16) * 255 / 219
    return abs(int(shown[int(y * shown.shape[0]), int(x * shown.shape[1])]) - level) < 12


async def sharing(start_stage: StartStage, luma: np.ndarray, stream: int = 7) -> tuple[StageProcess, Camera]:
    stage = await start_stage()
    stage.link.send(SCENE)
    camera = stage.attach(stream)
    camera.show(luma, keyframe=True)
    await stage.expect(StreamLive)
    return stage, camera


@pytest.mark.parametrize(("degrees", "order"), [(90, (150, 40, 230, 90)), (270, (90, 230, 40, 150))])
async def test_rotate_turns_the_picture_clockwise_and_keeps_its_shape(
    start_stage: StartStage, degrees: Degrees, order: tuple[int, ...]
) -> None:
    stage, _ = await sharing(start_stage, quarters())
    stage.link.send(SetPicture(7, degrees=degrees))
    places = [(x, y) for y in (0.25, 0.75) for x in (0.45, 0.55)]
    shown = await until(stage, lambda s: all(near(s, *place, luma) for place, luma in zip(places, order, strict=True)))
    assert near(shown, 0.3, 0.5, 16)
    assert near(shown, 0.7, 0.5, 16)


async def test_rotate_by_180_fills_the_same_place(start_stage: StartStage) -> None:
    stage, _ = await sharing(start_stage, quarters())
    stage.link.send(SetPicture(7, degrees=180))
    await until(stage, lambda s: near(s, 0.05, 0.05, 230) and near(s, 0.95, 0.05, 150) and near(s, 0.05, 0.95, 90))


async def test_resize_leaves_a_border_or_cuts_at_the_edges(start_stage: StartStage) -> None:
    stage, camera = await sharing(start_stage, quarters())
    stage.link.send(SetPicture(7, scale=0.5))
    shown = await until(stage, lambda s: near(s, 0.1, 0.1, 16))
    assert near(shown, 0.3, 0.3, 40)
    assert near(shown, 0.7, 0.7, 230)
    middle = np.full((180, 320), 40, np.uint8)
    middle[60:120, 110:210] = 230
    stage.link.send(SetPicture(7, scale=4.0))
    camera.show(middle)
    await until(stage, lambda s: near(s, 0.02, 0.5, 230) and near(s, 0.98, 0.98, 230), 300)
    stage.link.send(SetPicture(7))
    await until(stage, lambda s: near(s, 0.02, 0.5, 40) and near(s, 0.5, 0.5, 230), 500)


async def test_a_dark_screen_shows_black_and_comes_back(start_stage: StartStage) -> None:
    stage, camera = await sharing(start_stage, quarters())
    stage.link.send(Scene(**{**as_fields(SCENE), "dark": True, "toast": "not to be seen"}))
    await until(stage, lambda s: not s.any())
    camera.show(quarters())
    await stage.expect(StreamStats, lambda stats: stats.dropped.get("dark", 0) > 0)
    assert not (await screen(stage, 1)).any()
    stage.link.send(SCENE)
    await until(stage, lambda s: near(s, 0.1, 0.1, 40) and near(s, 0.9, 0.9, 230), 300)


async def test_identify_covers_the_picture_and_goes(start_stage: StartStage) -> None:
    stage, _ = await sharing(start_stage, quarters())
    stage.link.send(Scene(**{**as_fields(SCENE), "identify": "tv-lounge-001"}))
    # Where its edge lies depends on the drift, its paper fills most of the middle.
    shown = await until(stage, lambda s: (s[120:240, 100:540] > 230).mean() > 0.5)
    assert (shown[100:260, 100:540] < 60).any(), "the name is written in ink"
    stage.link.send(SCENE)
    await until(stage, lambda s: near(s, 0.1, 0.1, 40), 300)


def as_fields(scene: Scene) -> dict[str, Any]:
    return {name: getattr(scene, name) for name in Scene.__struct_fields__}


def tone(packets: int) -> list[bytes]:
    """A 1 kHz tone of amplitude 8000 as Opus packets of 20 ms."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.format, encoder.layout = 48_000, "s16", "stereo"
    encoder.time_base = Fraction(1, 48_000)
    out: list[bytes] = []
    for i in range(packets):
        wave = (8000 * np.sin(2 * np.pi * 1000 * (np.arange(960) + i * 960) / 48_000)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(wave, 2).reshape(1, -1), "s16", "stereo")
        frame.sample_rate, frame.pts = 48_000, i * 960
        out += [bytes(packet) for packet in encoder.encode(frame)]
    return out


async def test_volume_scales_the_sound_and_a_dark_screen_is_silent(start_stage: StartStage) -> None:
    stage = await start_stage()
    stage.link.send(SCENE)
    stage.link.send(SetTap(True, 0, 0, 2, 2))
    camera = stage.attach(1)
    start = time.monotonic_ns()

    async def talk() -> None:
        for index, data in enumerate(tone(1500)):
            now = time.monotonic_ns()
            camera.send(
                EncodedFrame(1, "audio", "opus", index * 960, data, True, False, now, now, start + index * 20_000_000)
            )
            await asyncio.sleep(max(0, start / 1e9 + 0.02 * (index + 1) - time.monotonic()))

    def loud(low: int, high: int) -> Callable[[TapSound], bool]:
        return lambda block: low <= np.abs(np.frombuffer(block.samples, np.int16)).max(initial=0) <= high

    talking = asyncio.create_task(talk())
    try:
        await stage.expect(TapSound, loud(7000, 9000))
        stage.link.send(SetVolume(1, 0.25))
        await stage.expect(TapSound, loud(1700, 2300))
        stage.link.send(SetVolume(1, 0.0))
        await stage.expect(TapSound, loud(0, 0))
        stage.link.send(SetVolume(1, 1.0))
        await stage.expect(TapSound, loud(7000, 9000))
        stage.link.send(Scene(**{**as_fields(SCENE), "dark": True}))
        await stage.expect(TapSound, loud(0, 0))
    finally:
        talking.cancel()
