"""A device that fails in mid-stream, in the real stage process: the CPU goes on at the next keyframe."""

import asyncio

from receiver.link import SetTap, StreamStats, TapPicture
from tests.stage.conftest import Flat, StartStage

WITH_A_DEVICE = ("--decode", "H264=failing,software")
FAILING = "tests.peers.failing_stage"


async def test_the_cpu_takes_over_at_the_next_keyframe_and_the_reason_is_told(
    start_stage: StartStage, flat: Flat
) -> None:
    stage = await start_stage(*WITH_A_DEVICE, module=FAILING)
    assert stage.ready.codecs[0] == "H264", "what a device decodes is asked for first"
    stage.link.send(SetTap(True, 0, 0, 2, 2))
    camera = stage.attach(1)
    for luma in (60, 70, 80, 90, 100):
        camera.show(flat(luma), "H264", keyframe=luma == 60)
        await stage.expect(TapPicture)
    stats = await stage.expect(StreamStats, lambda stats: stats.frames_presented == 5)
    assert (stats.decoder, stats.fallback) == ("failing (a test's device)", "")
    camera.show(flat(110), "H264")
    await camera.asked("decode_error")
    camera.show(flat(120), "H264")
    camera.show(flat(200), "H264", keyframe=True)
    tapped = await stage.expect(TapPicture)
    assert abs(tapped.luma[0] - 200) <= 4
    stats = await stage.expect(StreamStats, lambda stats: stats.frames_presented == 6)
    assert stats.decoder == "h264 (FFmpeg, software)"
    assert stats.fallback == "failing (a test's device) broke: the device is gone; h264 (FFmpeg, software) goes on"
    assert stats.dropped == {"decode_error": 1, "waiting_for_keyframe": 1}

    other = stage.attach(2)
    other.show(flat(50), "H264", keyframe=True)
    await stage.expect(TapPicture, lambda tapped: tapped.stream == 2)
    stats = await stage.expect(StreamStats, lambda stats: stats.stream == 2 and stats.frames_presented == 1)
    assert (stats.decoder, stats.fallback) == ("h264 (FFmpeg, software)", ""), "it is not tried again"
    assert await stage.stop() == 0


async def test_hardware_can_be_turned_off(start_stage: StartStage, flat: Flat) -> None:
    stage = await start_stage(*WITH_A_DEVICE, "--software", module=FAILING)
    assert stage.ready.codecs[0] == "VP8"
    camera = stage.attach(1)
    camera.show(flat(60), "H264", keyframe=True)
    stats = await stage.expect(StreamStats, lambda stats: stats.frames_presented == 1)
    assert stats.decoder == "h264 (FFmpeg, software)"


async def test_a_codec_that_the_board_leaves_out_is_not_offered(start_stage: StartStage) -> None:
    stage = await start_stage("--decode", "AV1=", "--decode", "H265=")
    assert stage.ready.codecs == ("VP8", "H264", "VP9")


async def test_a_device_that_hangs_is_left_behind(start_stage: StartStage, flat: Flat) -> None:
    stage = await start_stage("--decode", "H264=hanging,software", module=FAILING)
    stage.link.send(SetTap(True, 0, 0, 2, 2))
    camera = stage.attach(1)
    for luma in (60, 70, 80, 90, 100):
        camera.show(flat(luma), "H264", keyframe=luma == 60)
        await stage.expect(TapPicture)
    shown = asyncio.ensure_future(stage.expect(TapPicture))
    while not shown.done():  # a sender goes on, and gives the keyframe that it is asked for
        camera.show(flat(200), "H264", keyframe=True)
        await asyncio.sleep(0.1)
    assert abs((await shown).luma[0] - 200) <= 4
    stats = await stage.expect(StreamStats, lambda stats: "software" in stats.decoder)
    assert stats.fallback == "hanging (a test's device) hangs; the CPU goes on"
    assert await stage.stop() == 0
