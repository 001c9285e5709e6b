"""Tools that others have written cast over WHIP to a real box, which shows their pattern."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest

from receiver.link import TapPicture
from tests.peers import whip
from tests.peers.box import Box, box, collect, readings
from tests.peers.npm import INSTALL_S, npm_modules

PEERS = Path(whip.__file__).parent


@asynccontextmanager
async def tool(*command: str, **variables: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A tool that runs until it is done; killed where the test is done first."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, env=os.environ | variables)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ends(process: asyncio.subprocess.Process) -> str:
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, err.decode()[-3000:]
    return out.decode()


async def https(tv: Box) -> str:
    return f"https://localhost:{(await tv.status())['https_port']}/whip"


async def live(tv: Box, sender: asyncio.subprocess.Process) -> dict[str, Any]:
    """The cast that is on; where the tool ends before there is one, what it says."""
    waiting: asyncio.Task[dict[str, Any]] = asyncio.create_task(
        tv.until(lambda status: next((cast for cast in status["casts"] if cast["live"]), None), 20)
    )
    ended = asyncio.create_task(sender.wait())
    await asyncio.wait({waiting, ended}, return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done():
        waiting.cancel()
        raise AssertionError((await sender.communicate())[1].decode()[-3000:])
    ended.cancel()
    return await waiting


async def test_pyav(tmp_path: Path) -> None:
    async with box(tmp_path) as tv:
        key = (await tv.make_key("Camera 1"))["key"]
        script = [sys.executable, str(PEERS / "pyav.py"), await https(tv), str(key), "8", str(tmp_path)]
        async with tool(*script) as sender:
            cast = await live(tv, sender)
            assert cast["sender"] == "Camera 1"
            async with tv.tap() as tap:
                seen = readings(await collect(tap, 3))
            ages = sorted(age for age, _ in seen)
            print(len(seen), "p50", ages[len(ages) // 2], "p95", ages[len(ages) * 95 // 100])
            assert len(seen) > 40
            assert [n for _, n in seen] == sorted(n for _, n in seen)
            (tmp_path / "tv.png").write_bytes((await tv.snapshot()).image)
            await ends(sender)
        await tv.until(lambda status: not status["casts"])


async def test_ffmpeg(tmp_path: Path) -> None:
    """imageio-ffmpeg's FFmpeg as it comes, sure of the certificate; its key is revoked while it casts."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "warning", "-re", "-f", "lavfi"]
    command += ["-i", "testsrc2=size=640x360:rate=30", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]
    command += ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline"]
    command += ["-pix_fmt", "yuv420p", "-bf", "0", "-g", "60", "-c:a", "libopus", "-ac", "2", "-f", "whip"]
    async with box(tmp_path) as tv:
        key = await tv.make_key("OBS in the studio")
        arguments = [*command, "-authorization", str(key["key"]), await https(tv)]
        async with tool(*arguments, SSL_CERT_FILE=str(tmp_path / "state" / "https.crt")) as sender:
            await live(tv, sender)
            async with tv.tap() as tap:
                seen = [sample for sample in await collect(tap, 2) if isinstance(sample, TapPicture)]
            assert len(seen) > 20
            assert (await tv.keys("list")).keys[0]["used"]
            await tv.keys("revoke", key=key["id"])
            assert not (await tv.status())["casts"], "revoking ends the cast at once"
        arguments = [*command, "-authorization", str(key["key"]), await https(tv)]
        async with tool(*arguments, SSL_CERT_FILE=str(tmp_path / "state" / "https.crt")) as sender:
            await asyncio.wait_for(sender.communicate(), 20)
            assert sender.returncode
    audit = (tmp_path / "state" / "audit.jsonl").read_text()
    for event in ("stream key made", "cast began", "stream key revoked", "cast ended", "wrong stream key"):
        assert event in audit
    assert str(key["key"]) not in audit + (tmp_path / "log").read_text()


@pytest.fixture(scope="module")
def modules(pytestconfig: pytest.Config) -> Path:
    """npm's client, fetched once."""
    return npm_modules(pytestconfig, PEERS / "package.json")


@pytest.mark.timeout(INSTALL_S + 60)
async def test_wrtc_with_trickled_candidates_and_the_right_certificate(tmp_path: Path, modules: Path) -> None:
    async with box(tmp_path) as tv:
        key = str((await tv.make_key("A script"))["key"])
        words = (await https(tv), key, "5", str(tmp_path / "state" / "https.crt"))
        async with tool("node", str(PEERS / "wrtc.js"), *words, NODE_PATH=str(modules)) as sender:
            await live(tv, sender)
            async with tv.tap() as tap:
                seen = readings(await collect(tap, 2))
            assert len(seen) > 20
            said = json.loads(await ends(sender))
        assert said["statuses"] == [201, 204, 200]
        assert said["candidates"] > 0
        assert "connected" in said["states"]
        await tv.until(lambda status: not status["casts"])


async def test_a_tool_waits_for_its_place_and_gets_it(tmp_path: Path) -> None:
    """A person shares; the tool is told so, its wish is on the TV, and with the person's consent it is in."""
    async with box(tmp_path) as tv:
        one, two = await tv.make_key("Camera 1"), await tv.make_key("Camera 2")
        script = [sys.executable, str(PEERS / "pyav.py"), await https(tv)]
        async with tool(*script, str(one["key"]), "20", str(tmp_path)) as sender:
            await live(tv, sender)
            async with tool(*script, str(two["key"]), "20", str(tmp_path)) as second:
                await asyncio.wait_for(second.communicate(), 20)
                assert second.returncode, "it is told that there is no place"
            assert (await tv.status())["floor"]["queue"] == ["Camera 2"]
            await tv.keys("revoke", key=one["id"])
            await tv.until(lambda status: status["floor"]["presenting"] == ["Camera 2"])
            async with tool(*script, str(two["key"]), "5", str(tmp_path)) as sender:
                assert (await live(tv, sender))["sender"] == "Camera 2"
