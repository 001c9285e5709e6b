"""A film by its URL, from a real web server, through a real intake, to a real stage's screen and loudspeaker."""

import contextlib
from pathlib import Path

import numpy as np
import pytest

from receiver.link import AttachStage, AttachStream, SetTap, StreamStats, TapPicture, TapSound
from receiver.linkio import media_pair
from tests.peers import films
from tests.peers.url_intake import STREAM, url_intake
from tests.peers.url_servers import web
from tests.stage.conftest import StartStage

pytestmark = pytest.mark.long

NS = 1e9


async def shown(
    start_stage: StartStage, folder: Path, name: str
) -> tuple[list[TapPicture], list[TapSound], StreamStats]:
    """What the stage showed and played of a film, until the intake said that it had ended."""
    stage = await start_stage()
    stage.link.send(SetTap(True, 0, 0, films.WIDTH, 8))
    with web(folder) as server:
        async with url_intake() as intake:
            stage_end, intake_end = media_pair()
            with contextlib.closing(stage_end), contextlib.closing(intake_end):
                stage.link.send(AttachStream(STREAM, "Ada", "smooth"), stage_end.fds)
                intake.link.send(AttachStage(STREAM), intake_end.fds)
            intake.open(server.url(name), attach=False)
            await stage.expect(StreamStats, lambda stats: any(state.state == "ended" for state in intake.states()))
            stats = await stage.expect(StreamStats)
    pictures = [message for message in stage.seen if isinstance(message, TapPicture)]
    return pictures, [message for message in stage.seen if isinstance(message, TapSound)], stats


def beginnings(sounds: list[TapSound]) -> list[float]:
    """When beeps began to be heard, in ns."""
    began: list[float] = []
    quiet = 0.0
    for block in sounds:
        loud = np.abs(np.frombuffer(block.samples, np.int16).reshape(-1, 2)[:, 0].astype(int)) > 2_000
        for place in np.flatnonzero(loud):
            at = block.heard_ns + place * NS / 48_000
            if at - quiet > 0.3 * NS:
                began.append(at)
            quiet = at
    return began


def on_screen(tap: TapPicture) -> int:
    assert tap.stamps.on_screen is not None
    return tap.stamps.on_screen


@pytest.mark.parametrize(
    ("name", "options"), [("film.mp4", {}), ("film.m3u8", {"hls_time": "1", "hls_playlist_type": "vod"})]
)
async def test_pictures_come_evenly_and_in_step_with_the_sound(
    start_stage: StartStage, tmp_path: Path, name: str, options: dict[str, str]
) -> None:
    films.make(tmp_path / name, 6, rate=44_100, options=options)
    pictures, sounds, _ = await shown(start_stage, tmp_path, name)
    numbers = [films.number(np.frombuffer(tap.luma, np.uint8).reshape(-1, films.WIDTH)) for tap in pictures]
    assert numbers == sorted(set(numbers))
    assert len(numbers) > 0.9 * 6 * films.FPS
    flashes = {number: on_screen(tap) for number, tap in zip(numbers, pictures, strict=True)}
    steps = np.diff([at for number, at in flashes.items() if number > 25]) / 1e6
    assert np.percentile(steps, 95) < 51  # 25 a second at 60 Hz: two VSyncs or three
    beeps = beginnings(sounds)
    seconds = [at for number, at in flashes.items() if number % films.FPS == 0 and number >= 2 * films.FPS]
    late = [min((beep - flash for beep in beeps), key=abs) / 1e6 for flash in seconds]
    assert len(late) >= 3
    assert abs(np.median(late)) < 60


async def test_vp8_and_mp3(start_stage: StartStage, tmp_path: Path) -> None:
    films.make(tmp_path / "film.mkv", 2, "libvpx", "libmp3lame", b_frames=0)
    pictures, sounds, stats = await shown(start_stage, tmp_path, "film.mkv")
    assert len(pictures) > 40
    assert beginnings(sounds)
    assert stats.codec == "VP8"
