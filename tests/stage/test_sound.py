"""Sound through the stage process, into the null sink."""

import asyncio
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from receiver.link import DetachStream, SetLayout, SetPaused, SetTap, StreamStats, TapPicture, TapSound
from receiver.media import EncodedFrame
from tests.peers.sound_server import HERE, MISSING, Recorder, SoundServer, wait_for
from tests.stage.conftest import Flat, StartStage

RATE = 48_000
BLOCK = 960


def tone(packets: int) -> list[bytes]:
    """A 1 kHz tone as Opus packets of 20 ms."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.format, encoder.layout = RATE, "s16", "stereo"
    encoder.time_base = Fraction(1, RATE)
    out: list[bytes] = []
    for i in range(packets):
        wave = (8000 * np.sin(2 * np.pi * 1000 * (np.arange(BLOCK) + i * BLOCK) / RATE)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(wave, 2).reshape(1, -1), "s16", "stereo")
        frame.sample_rate, frame.pts = RATE, i * BLOCK
        out += [bytes(packet) for packet in encoder.encode(frame)]
    return out


def packet(stream: int, data: bytes, index: int, capture: int) -> EncodedFrame:
    now = time.monotonic_ns()
    return EncodedFrame(stream, "audio", "opus", index * BLOCK, data, True, False, now, now, capture)


async def test_sound_is_heard_and_its_place_beside_the_picture_is_told(start_stage: StartStage, flat: Flat) -> None:
    stage = await start_stage()
    assert stage.ready.sound_reason
    stage.link.send(SetTap(True, 0, 0, 2, 2))
    camera = stage.attach(1)
    start = time.monotonic_ns()
    camera.send(packet(1, b"\xff\xff\xff", 0, start))

    async def talk() -> None:
        for index, data in enumerate(tone(500)):
            camera.send(packet(1, data, index, start + index * 20_000_000))
            await asyncio.sleep(start / 1e9 + 0.02 * (index + 1) - time.monotonic())

    talking = asyncio.create_task(talk())
    shown = camera.encode(flat(90), keyframe=True)
    fields = {name: getattr(shown, name) for name in EncodedFrame.__struct_fields__}
    camera.send(EncodedFrame(**fields | {"capture_ns": time.monotonic_ns()}))
    await stage.expect(TapPicture)
    heard = await stage.expect(TapSound, lambda block: np.abs(np.frombuffer(block.samples, np.int16)).max() > 4000)
    assert heard.stream == 1
    assert heard.heard_ns > start
    stats = await stage.expect(StreamStats)
    assert stats.dropped["sound_error"] == 1
    stage.link.send(SetPaused(1, True))
    await stage.expect(StreamStats, lambda stats: stats.sound_dropped_ms.get("sound_paused", 0) > 0)
    talking.cancel()
    assert await stage.stop() == 0


async def test_of_two_streams_one_is_heard(start_stage: StartStage) -> None:
    stage = await start_stage()
    stage.link.send(SetTap(True, 0, 0, 2, 2))
    cameras = [stage.attach(1), stage.attach(2)]
    packets, start = tone(1500), time.monotonic_ns()

    async def talk() -> None:
        for index, data in enumerate(packets):
            for camera in cameras:
                camera.send(packet(camera.stream, data, index, start + index * 20_000_000))
            await asyncio.sleep(start / 1e9 + 0.02 * (index + 1) - time.monotonic())

    talking = asyncio.create_task(talk())

    async def loud(stream: int) -> None:
        """Only this stream's blocks are anything but silence, from some time on."""
        streak = 0
        while streak < 20:
            block = await stage.expect(TapSound)
            peak = int(np.abs(np.frombuffer(block.samples, np.int16)).max())
            streak = 0 if (peak > 0) != (block.stream == stream) else streak + 1

    await loud(2)
    stage.link.send(SetLayout("auto", 1))
    await loud(1)
    stage.link.send(SetLayout("auto", None))
    await loud(2)
    cameras.pop()
    stage.link.send(DetachStream(2))
    await loud(1)
    talking.cancel()
    assert await stage.stop() == 0


@pytest.mark.long
@pytest.mark.skipif(not HERE, reason=MISSING)
async def test_a_sound_server_that_dies_and_comes_back_does_not_stop_the_picture(
    start_stage: StartStage, flat: Flat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = SoundServer(tmp_path)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    await asyncio.to_thread(server.start)
    stage = await start_stage(sound="tv")
    assert stage.ready.sound == "tv", stage.ready.sound_reason
    stage.link.send(SetTap(True, 0, 0, 2, 2))
    camera = stage.attach(1)
    packets, start = tone(3000), time.monotonic_ns()

    async def talk() -> None:
        for index, data in enumerate(packets):
            camera.send(packet(1, data, index, start + index * 20_000_000))
            await asyncio.sleep(start / 1e9 + 0.02 * (index + 1) - time.monotonic())

    async def pictures(count: int) -> None:
        for i in range(count):
            camera.show(flat(60 + i), keyframe=i == 0)
            await stage.expect(TapPicture)

    async def heard() -> None:
        recorder = Recorder(server)
        try:
            await asyncio.to_thread(wait_for, recorder.loud)
        finally:
            await asyncio.to_thread(recorder.stop)

    talking = asyncio.create_task(talk())
    try:
        await pictures(5)
        await heard()
        server.stop()
        await pictures(60)
        await asyncio.to_thread(server.start)
        await pictures(20)
        await heard()
        await pictures(5)
    finally:
        talking.cancel()
        server.stop()
    assert await stage.stop() == 0
