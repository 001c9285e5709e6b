"""The command-line sender casts to a real receiver."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from receiver.link import TapSound
from receiver.trust.audit_file import read
from tests.peers import films, pattern
from tests.peers.box import CONFIG, Box, Sample, box, collect, readings
from tests.peers.cast import cast
from tests.peers.url_servers import web
from tests.sender.conftest import Person


def is_live(status: dict[str, Any]) -> bool:
    return any(cast["live"] for cast in status["casts"])


def sound_of(samples: list[Sample]) -> np.ndarray:
    blocks = [np.frombuffer(sample.samples, np.int16)[::2] for sample in samples if isinstance(sample, TapSound)]
    return np.concatenate(blocks) / 32768


async def test_the_pattern_is_on_the_display_until_ctrl_c(tv: Box, person: Person, tmp_path: Path) -> None:
    async with person("test") as anna:
        await tv.until(is_live)
        async with tv.tap() as tap:
            samples = await collect(tap, 4)
        frames = [frame for _, frame in readings(samples)]
        assert len(frames) > 20
        assert frames == sorted(frames)
        assert len(pattern.tone_onsets(sound_of(samples))) >= 2
        await anna.says(r"1280×720 · \d+ fps · [\d.]+ Mbit/s · RTT .* · display: 1280×720 \d+ fps, \d+ ms, \d+ dropped")

        async with person("test", name="Ben") as ben:
            assert await ben.ends() == 5
            assert "✗ Anna is sharing now. Ask to take over, or wait." in ben.told

        anna.interrupt()
        assert await anna.ends() == 0
        await tv.until(lambda status: not status["casts"])

    async with person("send", "display.stop") as anna:
        output = await anna.output()
        assert await anna.ends() == 0, anna.told
        assert json.loads(output) == {"state": "stopped"}
        assert anna.told == "", "a known device was asked for a PIN"
    async with person("send", "no.such") as anna:
        assert await anna.ends() == 1
        assert "no method no.such" in anna.told
    told = [(entry.event, entry.who) for entry in read(tmp_path / "state")]
    assert told[:3] == [("paired", "Anna"), ("cast began", "Anna"), ("paired", "Ben")]
    assert told[3:5] == [("cast ended", "Anna"), ("returned", "Anna")]


async def test_it_goes_on_by_another_path_where_the_displays_own_end_dies_and_not_for_ever(
    tv: Box, person: Person
) -> None:
    async with person("test") as anna:
        for _ in range(4):
            await tv.until(lambda status: is_live(status) and not status["away"])
            async with tv.tap() as tap:
                assert len(readings(await collect(tap, 5))) > 10
            for process, module in tv.children():
                if module == "receiver.intake":
                    process.kill()
            await tv.until(lambda status: status["away"] or not status["casts"])
        assert await anna.ends() == 7
        assert "ended unexpectedly. Share again." in anna.told


@pytest.fixture
def film(tmp_path: Path) -> str:
    """Five seconds of picture and sound."""
    path = tmp_path / "film.mp4"
    pictures, sound = ("-f", "lavfi", "-i", "testsrc=s=640x360:r=25:d=5"), ("-f", "lavfi", "-i", "sine=f=1000:d=5")
    subprocess.run(["ffmpeg", "-v", "error", *pictures, *sound, str(path)], check=True)
    return str(path)


async def test_a_film_is_played_with_its_sound_to_its_end(tv: Box, person: Person, film: str) -> None:
    async with person("file", film, "--codec", "H264") as anna:
        await tv.until(is_live)
        async with tv.tap() as tap:
            samples = await collect(tap, 3)
        assert (await tv.snapshot()).image
        assert np.abs(sound_of(samples)).max() > 0.05
        assert await anna.ends() == 0, anna.told
    await tv.until(lambda status: not status["casts"])


async def test_what_is_at_an_address_is_fetched_by_the_display_until_its_end(tmp_path: Path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    films.make(folder / "film.mp4", 4)
    async with box(tmp_path, config=CONFIG + '\n[cast]\nallow = ["127.0.0.0/8"]\n') as tv:
        address = f"127.0.0.1:{(await tv.status())['https_port']}"
        with web(folder) as server:
            async with cast(tmp_path / "anna", "url", server.url("film.mp4"), address) as anna:
                await anna.says("PIN on Test room: ")
                anna.types(await tv.pin())
                await anna.says("Test room plays it; Ctrl-C stops.")
                await tv.until(is_live)
                await anna.says(r"\d:\d\d of 0:04 · 320×180 \d+ fps H264")
                assert await anna.ends() == 0, anna.told
                assert "played to its end" in anna.told
            async with cast(tmp_path / "anna", "url", server.url("none.mp4"), address) as anna:
                assert await anna.ends() == 1
                assert "HTTP status 404" in anna.told
            async with cast(tmp_path / "anna", "url", server.url("film.mp4"), address) as anna:
                await tv.until(is_live)
                anna.interrupt()
                assert await anna.ends() == 0, anna.told
        await tv.until(lambda status: not status["casts"])


async def test_a_display_that_stops_ends_the_cast_and_says_so(tv: Box, person: Person) -> None:
    async with person("test") as anna:
        await tv.until(is_live)
        await tv.stop()
        assert await anna.ends() == 7
        assert "✗ The display" in anna.told


async def test_what_the_display_tells_is_printed(tv: Box, person: Person) -> None:
    async with person("tail", "displays") as anna:
        while (told := json.loads(await anna.line()))["method"] != "data.added":
            pass
        assert told["params"]["fields"]["display_name"] == "Test room"
        anna.interrupt()
        assert await anna.ends() == 0


async def test_a_screen_is_on_the_display(tv: Box, person: Person, desktop: str) -> None:
    async with person("screen", "--fps", "15", DISPLAY=desktop):
        await tv.until(is_live)
        async with tv.tap() as tap:
            await asyncio.sleep(1)
            frames = [frame for _, frame in readings(await collect(tap, 3))]
        assert len(frames) > 5
        assert frames == sorted(frames)
        assert len(set(frames)) > 5
