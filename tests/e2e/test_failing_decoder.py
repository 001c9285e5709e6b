"""The device that decodes fails while a film plays: the TV says so shortly, and the film goes on."""

from pathlib import Path
from typing import Any

from tests.peers import films
from tests.peers.box import CONFIG, box
from tests.peers.ddp_client import DdpClient, WebSocketWire
from tests.peers.url_servers import web

ALLOWING = CONFIG + '\n[cast]\nallow = ["127.0.0.0/8"]\n'

ADDED = """
import sys
if "receiver.stage" in sys.orig_argv:
    from receiver.decode.backends import BACKENDS
    from tests.peers.failing_stage import Failing
    BACKENDS["vaapi"] = Failing("vaapi")
"""
"""Run by each Python process at its start: in the stage's a device that fails is what the board's profile asks for."""


def on_the_cpu(status: dict[str, Any]) -> bool:
    return any(cast["decoder"] == "h264 (FFmpeg, software)" for cast in status["casts"])


async def test_the_film_goes_on_and_the_tv_says_why(tmp_path: Path) -> None:
    folder, added = tmp_path / "films", tmp_path / "added"
    folder.mkdir()
    added.mkdir()
    (added / "sitecustomize.py").write_text(ADDED)
    films.make(folder / "film.mp4", 20)
    async with box(tmp_path, config=ALLOWING, before=("env", f"PYTHONPATH={added}:{Path.cwd()}")) as tv:
        port = (await tv.status())["port"]
        with web(folder) as server:
            async with DdpClient(await WebSocketWire.connect(f"ws://127.0.0.1:{port}/"), name="Ada") as ada:
                await ada.pair(tv.pin)
                await ada.request("display.cast", {"url": server.url("film.mp4")})
                status = await tv.until(lambda status: on_the_cpu(status) and status)
                (cast,) = status["casts"]
                assert "the device is gone; h264 (FFmpeg, software) goes on" in cast["fallback"]
                (tmp_path / "shown.png").write_bytes((await tv.snapshot()).image)
                await tv.until(lambda status: status["casts"][0]["fps"] > 10)
    assert "stream 1: failing (a test's device) broke" in (tmp_path / "log").read_text()
