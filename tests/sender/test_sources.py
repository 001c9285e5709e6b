"""What is cast: its size, its time, and what is said where there is nothing to cast."""

import asyncio
import contextlib
import subprocess
from pathlib import Path

import numpy as np
import pytest
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.frame import Frame

from scripts.sender import sources
from scripts.sender.errors import NoSource
from scripts.sender.pattern import Pattern, tone
from tests.peers import pattern as reader

WALL_NS = 1_700_000_000_123_400_000


def test_the_pattern_can_be_read_back() -> None:
    picture = Pattern(1280, 720).picture(70_000, WALL_NS)
    assert picture.shape == (1080, 1280)
    read = reader.read_picture(picture[:16].tobytes(), 1280)
    assert read is not None
    assert read[1] == 70_000 & 0xFFFF
    assert reader.age_ms(read[0], WALL_NS + 50_000_000) == pytest.approx(50)


@pytest.mark.parametrize("size", [(16, 16), (320, 240), (898, 500), (1920, 1080)])
def test_the_pattern_fits_every_size(size: tuple[int, int]) -> None:
    drawing = Pattern(*size)
    assert all(drawing.picture(count, WALL_NS).shape == (size[1] * 3 // 2, size[0]) for count in (0, 1, 9999))


def test_a_tone_begins_at_every_whole_second() -> None:
    parts = [tone(first, 960, WALL_NS, 48_000)[0] for first in range(0, 144_000, 960)]
    onsets = reader.tone_onsets(np.concatenate(parts) / 32768)
    first = 1 - 0.1234
    assert onsets == pytest.approx([first * 48_000, (first + 1) * 48_000, (first + 2) * 48_000], abs=100)


def test_pictures_are_fitted_in_their_shape_and_even() -> None:
    assert sources.fit((3840, 2160), (1920, 1080)) == (1920, 1080)
    assert sources.fit((1080, 1920), (1920, 1080)) == (608, 1080)
    assert sources.fit((641, 359), (1920, 1080)) == (640, 358)
    assert sources.fit((1280, 720), (640, 640)) == (640, 360)
    assert sources.fit((1, 9999), (1920, 1080)) == (2, 1080)


def film(path: Path, *more: str) -> Path:
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=50:d=0.6", *more, str(path)]
    subprocess.run(command, check=True)
    return path


async def drain(track: MediaStreamTrack) -> list[float]:
    """The times of all that the track has."""
    times = []
    with contextlib.suppress(MediaStreamError):
        while True:
            frame = await track.recv()
            assert isinstance(frame, Frame)
            assert frame.time is not None
            times.append(frame.time)
    return times


async def test_a_file_is_given_to_its_end_with_its_sound(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", "-f", "lavfi", "-i", "sine=d=0.6")
    source = sources.file(str(path), sources.Wish(size=(160, 160), fps=25))
    assert source.audio is not None
    times, heard = await asyncio.gather(drain(source.video), drain(source.audio))
    source.close()
    assert source.video.ended.is_set()
    assert source.video.size == (160, 120)
    assert source.problem == ""
    assert times == sorted(set(times))
    assert len(times) <= 16
    assert heard == pytest.approx([heard[0] + n * 0.02 for n in range(len(heard))])
    assert 0.5 < heard[-1] < 0.7


async def test_a_source_that_nobody_watches_is_let_go(tmp_path: Path) -> None:
    sources.file(str(film(tmp_path / "film.mp4")), sources.Wish()).close()


def test_what_can_not_be_cast_is_said(tmp_path: Path) -> None:
    sound = tmp_path / "sound.wav"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=0.1", str(sound)], check=True)
    (tmp_path / "text.mp4").write_text("not a film")
    for name, why in (("sound.wav", "has no picture"), ("text.mp4", "Invalid data"), ("none", "No such")):
        with pytest.raises(NoSource, match=rf"{name} .*{why}"):
            sources.file(str(tmp_path / name), sources.Wish())


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({}, "DISPLAY is not set"),
        ({"DISPLAY": ":12345"}, "The X server :12345 can't be read"),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "a Wayland desktop"),
    ],
)
def test_a_screen_that_can_not_be_captured_says_why(
    environment: dict[str, str], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "DRI", tmp_path)
    with pytest.raises(NoSource, match=f"No screen can be captured here. .*{why}.*There is no display driver"):
        sources.screen(sources.Wish(), environment)
    (tmp_path / "card0").write_text("")
    with pytest.raises(NoSource, match="card0 can't be read; that takes root"):
        sources.screen(sources.Wish(), environment)
