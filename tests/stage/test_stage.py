"""The stage process, headless: what the app and an intake see of it."""

import signal
from collections.abc import Callable
from typing import Any, Literal

import av
import numpy as np

from receiver.link import (
    DetachStream,
    Scene,
    SetLayout,
    SetPaused,
    SetTap,
    Snapshot,
    StreamLive,
    StreamStats,
    TakeSnapshot,
    TapPicture,
)
from receiver.media import Codec, EncodedFrame
from receiver.stage.service import alone
from tests.peers.stage_process import StageProcess
from tests.stage.conftest import Flat, StartStage

SCENE = Scene("Lounge", "https://192.0.2.7:8443", "https://192.0.2.7:8443/#k=abc", "Wired, 192.0.2.7", True)
WHOLE = SetTap(True, 0, 0, 320, 180)


def pixels(snapshot: Snapshot) -> np.ndarray:
    """RGB of a PNG or JPEG."""
    codec: Literal["png", "mjpeg"] = "png" if snapshot.image.startswith(b"\x89PNG") else "mjpeg"
    frames = av.CodecContext.create(codec, "r").decode(av.Packet(snapshot.image))
    return frames[0].to_ndarray(format="rgb24")


async def snapshot(stage: StageProcess, request: int, **options: Any) -> np.ndarray:
    stage.link.send(TakeSnapshot(request, **options))
    answer = await stage.expect(Snapshot, lambda message: message.request == request)
    image = pixels(answer)
    assert image.shape == (answer.height, answer.width, 3)
    return image


async def test_it_says_what_it_chose_and_leaves_when_the_app_does(start_stage: StartStage) -> None:
    stage = await start_stage()
    assert stage.ready.output == "headless"
    assert (stage.ready.width, stage.ready.height) == (640, 360)
    assert stage.ready.codecs == ("VP8", "H264", "VP9", "AV1", "H265"), "what costs the CPU least comes first"
    assert stage.ready.output_reason.endswith(".")
    assert await stage.stop() == 0


async def test_the_first_picture_of_all_has_the_displays_name(start_stage: StartStage) -> None:
    """The screen is lit a second before there is an app to tell it."""
    stage, nameless = await start_stage("--name", "Lounge"), await start_stage()
    first, told = await snapshot(stage, 1), []
    for request, name in enumerate(("Lounge", ""), 2):
        stage.link.send(alone(name))
        told.append(await snapshot(stage, request))
    header = np.s_[: first.shape[0] // 3, : first.shape[1] // 2]  # the clock is to the right of it
    assert np.array_equal(first[header], told[0][header])
    assert not np.array_equal(first[header], told[1][header])
    assert np.array_equal((await snapshot(nameless, 1))[header], told[1][header])


async def test_it_leaves_control_c_to_the_app(start_stage: StartStage) -> None:
    stage = await start_stage()
    stage.process.send_signal(signal.SIGINT)
    await snapshot(stage, 1)
    assert await stage.stop() == 0


async def test_a_picture_is_shown_tapped_and_counted(start_stage: StartStage, flat: Flat) -> None:
    for codec in ("VP8", "H264", "VP9", "AV1", "H265"):
        stage = await start_stage()
        stage.link.send(WHOLE)
        camera = stage.attach(7)
        sent = camera.show(flat(90), codec, keyframe=True)
        await stage.expect(StreamLive, lambda live: live.stream == 7)
        tapped = await stage.expect(TapPicture)
        assert (tapped.stream, tapped.timestamp, tapped.width, tapped.height) == (7, sent.timestamp, 320, 180)
        luma = np.frombuffer(tapped.luma, np.uint8).reshape(180, 320)
        assert abs(int(np.median(luma)) - 90) <= 4
        stamps = tapped.stamps
        passed = (stamps.complete, stamps.decoded, stamps.queued, stamps.chosen, stamps.on_screen)
        assert passed == tuple(sorted(one for one in passed if one is not None))
        for value in (120, 150, 180):
            camera.show(flat(value), codec)
            await stage.expect(TapPicture)
        stats = await stage.expect(StreamStats, lambda stats: stats.frames_presented == 4)
        assert "software" in stats.decoder
        assert stats.fallback == ""
        assert (stats.codec, stats.width, stats.height, stats.frames_decoded) == (codec, 320, 180, 4)
        assert stats.transit_ms > 0
        assert await stage.stop() == 0


async def test_a_snapshot_is_what_the_tv_shows(start_stage: StartStage, flat: Flat) -> None:
    stage = await start_stage()
    stage.link.send(SCENE)
    stage.link.send(SetTap(True, 0, 0, 4, 4))
    idle = await snapshot(stage, 1)
    camera = stage.attach(1)
    camera.show(flat(235), keyframe=True)
    await stage.expect(TapPicture)
    shown = await snapshot(stage, 2)
    assert shown.shape == (360, 640, 3)
    assert np.median(shown) >= 250, "limited range luma 235 is white"
    small = await snapshot(stage, 3, max_width=160, format="jpeg")
    assert small.shape == (90, 160, 3)
    assert np.median(small) >= 245
    stage.link.send(DetachStream(1))
    same = (await snapshot(stage, 4) == idle).mean()
    assert same > 0.8, "the idle screen is back; its clock may have moved meanwhile"
    assert await stage.stop() == 0


async def test_a_pause_holds_the_picture(start_stage: StartStage, flat: Flat) -> None:
    stage = await start_stage()
    stage.link.send(SetTap(True, 0, 0, 4, 4))
    camera = stage.attach(1)
    camera.show(flat(60), keyframe=True)
    await stage.expect(TapPicture)
    stage.link.send(SetPaused(1, True))
    await snapshot(stage, 1)
    camera.show(flat(200))
    stats = await stage.expect(StreamStats, lambda stats: stats.dropped.get("paused") == 1)
    assert stats.frames_presented == 1
    stage.link.send(SetPaused(1, False))
    await snapshot(stage, 2)
    camera.show(flat(120))
    assert abs((await stage.expect(TapPicture)).luma[0] - 120) <= 4


async def test_garbage_costs_a_keyframe_and_nothing_else(start_stage: StartStage, flat: Flat) -> None:
    stage = await start_stage()
    stage.link.send(SetTap(True, 0, 0, 4, 4))
    camera = stage.attach(1)
    good = camera.show(flat(60), keyframe=True)
    await stage.expect(TapPicture)

    def broken(data: bytes, **changes: Any) -> EncodedFrame:
        fields = {name: getattr(good, name) for name in EncodedFrame.__struct_fields__}
        return EncodedFrame(**fields | {"data": data, "timestamp": good.timestamp + 3000} | changes)

    for data in (b"", b"\x00", b"\xff" * 2000, good.data[:9], bytes(range(256)) * 40):
        camera.link.send(broken(data, keyframe=True))
        await camera.asked("decode_error")
        camera.show(flat(100), keyframe=True)
        await stage.expect(TapPicture)
    stats = await stage.expect(StreamStats)
    assert stats.dropped["decode_error"] == 5


async def test_after_a_loss_only_a_keyframe_is_shown(start_stage: StartStage, flat: Flat) -> None:
    stage = await start_stage()
    stage.link.send(SetTap(True, 0, 0, 4, 4))
    camera = stage.attach(1)
    camera.show(flat(60), keyframe=True)
    await stage.expect(TapPicture)
    lossy = camera.encode(flat(90))
    fields = {name: getattr(lossy, name) for name in EncodedFrame.__struct_fields__}
    camera.link.send(EncodedFrame(**fields | {"discontinuity": True}))
    await camera.asked("discontinuity")
    await camera.asked("discontinuity")  # a lost request is repeated
    camera.show(flat(120))
    camera.show(flat(200), keyframe=True)
    assert abs((await stage.expect(TapPicture)).luma[0] - 200) <= 4
    stats = await stage.expect(StreamStats)
    assert stats.dropped["waiting_for_keyframe"] == 2


async def test_a_killed_stage_is_replaced(start_stage: StartStage, flat: Flat) -> None:
    stage = await start_stage()
    camera = stage.attach(1)
    camera.show(flat(60), keyframe=True)
    await stage.expect(StreamLive)
    stage.process.kill()
    assert await stage.process.wait() == -signal.SIGKILL
    again = await start_stage()
    camera = again.attach(1)
    camera.encode(flat(60), keyframe=True)
    camera.show(flat(70))
    await camera.asked("attached")
    camera.show(flat(80), keyframe=True)
    await again.expect(StreamLive)


async def test_a_media_link_that_ends_leaves_the_last_picture(start_stage: StartStage, flat: Flat) -> None:
    stage = await start_stage()
    camera = stage.attach(1)
    camera.show(flat(235), keyframe=True)
    await stage.expect(StreamLive)
    camera.link.close()
    assert np.median(await snapshot(stage, 1)) >= 250


async def shown_as(stage: StageProcess, request: int, *wanted: tuple[int, int, int]) -> np.ndarray:
    """A snapshot, once it has about this grey at each (x, y, grey)."""
    while True:
        image = await snapshot(stage, request)
        if all(abs(int(image[y, x, 1]) - grey) <= 6 for x, y, grey in wanted):
            return image


WHITE, BLACK, GREY = 235, 16, 126
"""Luma of limited range; shown as 255, 0 and 128."""


async def test_two_streams_are_side_by_side_and_one_has_all(start_stage: StartStage, flat: Flat) -> None:
    stage = await start_stage()
    stage.link.send(SetTap(True, 0, 0, 4, 4))
    first, second = stage.attach(1, "Ada"), stage.attach(2, "Grace")
    second.show(flat(WHITE), keyframe=True)
    await stage.expect(StreamLive, lambda live: live.stream == 2)
    assert np.median(await snapshot(stage, 1)) >= 250
    first.show(flat(GREY), keyframe=True)
    await stage.expect(StreamLive, lambda live: live.stream == 1)
    image = await shown_as(stage, 2, (160, 180, 128), (480, 180, 255), (160, 40, 0), (480, 320, 0))
    assert (np.abs(image[255:, :].astype(int) - 128) > 100).any(), "the names are there"
    first.show(flat(BLACK))
    assert (await stage.expect(TapPicture)).stream == 1
    await shown_as(stage, 3, (160, 180, 0), (480, 180, 255))
    stage.link.send(DetachStream(2))
    first.show(flat(GREY))
    await shown_as(stage, 4, (20, 20, 128), (620, 340, 128))


def of(stream: int) -> Callable[[StreamLive], bool]:
    return lambda live: live.stream == stream


async def test_four_streams_in_each_layout(start_stage: StartStage, flat: Flat) -> None:
    stage = await start_stage()
    cameras = [stage.attach(i, name) for i, name in enumerate(("Ada", "Grace", "Edsger", "Barbara"), 1)]
    for camera, luma in zip(cameras, (WHITE, GREY, 60, 190), strict=True):
        camera.show(flat(luma), keyframe=True)
        await stage.expect(StreamLive, of(camera.stream))
    a, b, c, d = 255, 128, 51, 202
    await shown_as(stage, 1, (160, 60, a), (480, 60, b), (160, 240, c), (480, 240, d))
    stage.link.send(SetLayout("side-by-side", None))
    # Looked at in each picture's upper right: the names at the lower left move about against burn-in.
    await shown_as(stage, 2, (150, 150, a), (310, 150, b), (470, 150, c), (630, 150, d))
    stage.link.send(SetLayout("presenter+strip", 2))
    await shown_as(stage, 3, (240, 180, b), (630, 30, a), (630, 150, c), (630, 270, d))
    stage.link.send(SetLayout("single", 3))
    await shown_as(stage, 4, (40, 40, c), (600, 320, c))
    cameras[0].show(flat(BLACK))
    await stage.expect(StreamStats, lambda stats: stats.stream == 1 and stats.dropped.get("hidden") == 1)
    stage.link.send(DetachStream(3))
    await shown_as(stage, 5, (40, 40, d), (600, 320, d))


async def test_a_stream_that_is_attached_again_goes_on_with_its_last_picture(
    start_stage: StartStage, flat: Flat
) -> None:
    stage = await start_stage()
    stage.attach(1).show(flat(100), keyframe=True)
    await stage.expect(StreamLive)
    shown = await snapshot(stage, 1)
    middle = shown.shape[0] // 2, shown.shape[1] // 2
    camera = stage.attach(1)
    assert (abs((await snapshot(stage, 2))[middle].astype(int) - shown[middle]) <= 1).all()
    camera.show(flat(200), keyframe=True)
    await stage.expect(StreamLive)
    stats = await stage.expect(StreamStats, lambda stats: stats.frames_presented > 1)
    assert stats.frames_presented == 2


async def test_a_flood_is_counted_and_the_newest_shown(start_stage: StartStage, flat: Flat) -> None:
    stage = await start_stage()
    stage.link.send(SetTap(True, 0, 0, 4, 4))
    camera = stage.attach(1)
    frames = [camera.encode(flat(40 + i), keyframe=i == 0) for i in range(150)]
    for frame in frames:
        camera.link.send(frame)
    camera.show(flat(220), keyframe=True)
    await stage.expect(TapPicture, lambda tapped: abs(tapped.luma[0] - 220) <= 4)
    stats = await stage.expect(StreamStats, lambda stats: abs(stats.frames_presented) > 0)
    assert stats.frames_presented + sum(stats.dropped.values()) == 151
    assert await stage.stop() == 0


async def test_the_size_and_the_codec_may_change_in_mid_stream(start_stage: StartStage, flat: Flat) -> None:
    stage = await start_stage()
    stage.link.send(SetTap(True, 0, 0, 4, 4))
    camera = stage.attach(1)
    steps: list[tuple[Codec, int, int]] = [
        ("VP8", 320, 180),
        ("VP9", 180, 320),
        ("H264", 640, 360),
        ("AV1", 366, 274),
        ("H265", 640, 360),
        ("VP8", 34, 18),
    ]
    for codec, width, height in steps:
        camera.show(flat(100, width, height), codec, keyframe=True)
        tapped = await stage.expect(TapPicture)
        assert (tapped.width, tapped.height) == (width, height)
        shown = await snapshot(stage, 1)
        assert shown[180, 320].min() > 80
