"""Commands given at the real receiver's console, by what its TV then shows of a real cast."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.peers.box import Box, box
from tests.peers.cast import cast


def post(url: str, verb: str, params: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps({"verb": verb, "params": params}).encode()
    headers = {"content-type": "application/json", "x-ddp-console": "1"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        return dict(json.load(error))


async def console(tv: Box, verb: str, **params: Any) -> dict[str, Any]:
    url = f"http://localhost:{(await tv.status())['port']}/console/command"
    return await asyncio.to_thread(post, url, verb, params)


async def shows(tv: Box, wanted: Callable[[np.ndarray], bool]) -> None:
    """Wait until the TV's picture, in grey, is as wanted."""
    for _ in range(50):
        image = (await tv.snapshot(320)).image
        grey = av.CodecContext.create("png", "r").decode(av.Packet(image))[0].to_ndarray(format="gray")
        if wanted(grey):
            return
        await asyncio.sleep(0.2)
    raise AssertionError("the TV never showed it")


def bars(grey: np.ndarray) -> tuple[bool, bool]:
    """Whether there is nothing at the sides, and at top and bottom."""
    height, width = grey.shape
    sides = np.concatenate([grey[:, : width // 8], grey[:, -width // 8 :]], axis=1)
    ends = np.concatenate([grey[: height // 8], grey[-height // 8 :]])
    return bool(sides.max() < 8), bool(ends.max() < 8)


async def test_the_console_commands_a_cast(tmp_path: Path) -> None:
    async with box(tmp_path) as tv:
        address = f"127.0.0.1:{(await tv.status())['https_port']}"
        async with cast(tmp_path / "anna", "test", address, "--name", "Anna") as anna:
            await anna.says("PIN on ")
            anna.types(await tv.pin())
            await tv.until(lambda status: any(one["live"] for one in status["casts"]))
            await shows(tv, lambda grey: bars(grey) == (False, False))
            (stream,) = (one["stream"] for one in (await tv.status())["casts"])

            assert await console(tv, "rotate", degrees=90) == {"result": {"stream": stream, "degrees": 90}}
            await shows(tv, lambda grey: bars(grey) == (True, False))
            assert await console(tv, "resize", scale=0.5) == {"result": {"stream": stream, "scale": 0.5}}
            await shows(tv, lambda grey: bars(grey) == (True, True))
            await console(tv, "rotate", degrees=0)
            await console(tv, "resize", scale=1)
            await shows(tv, lambda grey: bars(grey) == (False, False))

            assert await console(tv, "power", on=False) == {"result": {"on": False, "standby": False}}
            await shows(tv, lambda grey: not grey.any())
            await console(tv, "power", on=True)
            await shows(tv, lambda grey: bars(grey) == (False, False))

            assert await console(tv, "pause") == {"result": {"state": "paused"}}
            again = await console(tv, "pause")
            assert again["error"]["data"]["advice"] == "pause is not possible while the stream is paused"
            assert await console(tv, "play") == {"result": {"state": "playing"}}
            assert await console(tv, "stop") == {"result": {"state": "stopped"}}
            await tv.until(lambda status: not status["casts"])
            await anna.says("Someone at the display stopped it")
