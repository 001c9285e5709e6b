"""Chromium as the receiver, behind the product's own server: only the media path is another one."""

import asyncio
import contextlib
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
from playwright.async_api import Page

from receiver.app.desk import Display, FrontDesk
from receiver.app.front import Front, capability
from receiver.app.peer import Peer
from receiver.app.sessions import Sessions
from receiver.clock import MonotonicClock
from receiver.config import parse
from receiver.ddp.channel import Connections
from receiver.ddp.listen import Open
from receiver.ingest.answer import MAX_KBPS, START_KBPS
from receiver.trust.identity_file import load_identity
from receiver.trust.store import DeviceStore
from tests.bench._figures import Beginning, Seen, Shown
from tests.peers import pattern
from tests.peers.chromium import chromium
from tests.peers.person import serve
from tests.peers.room import Room

PAGE = Path(__file__).parent / "browser_receiver"
MARK = "--ddp-bench-receiver"
ARGUMENTS = (MARK, "--disable-features=WebRtcHideLocalIpsWithMdns")
CONFIG = (
    '[http]\nbind = "127.0.0.1"\nport = 0\nhttps_port = 0\n[paths]\nstate_dir = "{folder}"\nruntime_dir = "{folder}"\n'
)


class Signs:
    """The PIN goes to the benchmark instead of a TV."""

    def __init__(self) -> None:
        self.pin: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def show_pin(self, pin: str, sender_name: str) -> None:
        self.pin.set_result(pin)

    def hide_pin(self) -> None:
        pass

    def show_secret(self, secret: str) -> None:
        pass


class Stagehand:
    """Hands the sender's offer to the receiving page, which knows nothing else."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._candidates: set[asyncio.Task[object]] = set()

    def join(self, sender: Peer) -> None:
        pass

    async def leave(self, sender: Peer) -> None:
        pass

    def methods(self, sender: Peer) -> dict[str, Callable[[dict[str, Any]], Awaitable[object]]]:
        return {}

    async def offer(self, sender: Peer, sdp: str) -> tuple[str, int]:
        answer = await self._page.evaluate("sdp => accept(sdp)", sdp)
        return with_start_bitrate(answer), 1

    def candidate(self, sender: Peer, candidate: str, sdp_mid: str | None, sdp_mline_index: int | None) -> None:
        values = {"candidate": candidate, "sdpMid": sdp_mid, "sdpMLineIndex": sdp_mline_index}
        task = asyncio.ensure_future(self._page.evaluate("values => addCandidate(values)", values))
        self._candidates.add(task)
        task.add_done_callback(self._candidates.discard)


def with_start_bitrate(answer: str) -> str:
    """The browser's answer with the bitrate to start with that our own answers give."""
    rates = f"x-google-start-bitrate={START_KBPS};x-google-max-bitrate={MAX_KBPS}"
    return re.sub(r"(a=rtpmap:(\d+) (?:VP8|VP9|H264|AV1)/90000\r\n)", rf"\1a=fmtp:\2 {rates}\r\n", answer)


class Browser:
    """A picture is shown when ``requestVideoFrameCallback`` says that it went to the compositor."""

    def __init__(self, page: Page, port: int, signs: Signs, name: str) -> None:
        self.name = name
        self.port = port
        self._page = page
        self._signs = signs
        children = psutil.Process().children(recursive=True)
        self.process = next(child for child in children if MARK in (line := child.cmdline()) and _is_root(line))

    async def pin(self) -> str:
        return await self._signs.pin

    async def watch(self, seconds: float) -> Seen:
        """Note every picture for a while."""
        await self._page.evaluate("() => { takeReadings(); }")
        await asyncio.sleep(seconds)
        readings = await self._page.evaluate("() => takeReadings()")
        pictures = []
        for at_ms, _, written, frame in readings:
            age = None if written is None else pattern.age_ms(written, round(at_ms * 1e6))
            pictures.append(Shown(at_ms, age, frame))
        return Seen(pictures, readings[-1][1] - readings[0][1] + 1 if readings else 0)

    @asynccontextmanager
    async def first_pictures(self) -> AsyncIterator[Callable[[float], Awaitable[Beginning]]]:
        """Gives a function that waits for the first picture that is shown after a wall clock time in ms."""

        async def first(after_ms: float) -> Beginning:
            while True:
                for at_ms, *_ in await self._page.evaluate("() => takeReadings()"):
                    if at_ms > after_ms:
                        return Beginning(at_ms, {})
                await asyncio.sleep(0.05)

        yield first


def _is_root(command: list[str]) -> bool:
    return not any(part.startswith("--type=") for part in command)


@asynccontextmanager
async def _server(folder: str, page: Page, signs: Signs) -> AsyncIterator[int]:
    config = parse(CONFIG.format(folder=folder), "the benchmark")
    display = Display(
        config.display.id,
        lambda: "Chromium",
        load_identity(config.paths.state_dir),
        lambda: capability(("VP8", "H264")),
    )
    desk = FrontDesk(display, DeviceStore(config.paths.state_dir), signs, MonotonicClock())
    desk.commands = Room().desk
    front = Front(config, Open())
    keeper = asyncio.create_task(desk.run())

    async def no_snapshot() -> bytes:
        return b""

    front.start(desk, Stagehand(page), Sessions(), no_snapshot, Connections())
    try:
        yield front.port
    finally:
        keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeper
        await front.close()


@asynccontextmanager
async def browser(way: str, size: tuple[int, int]) -> AsyncIterator[Browser]:
    """Start it. ``way``: ``video`` for a video element, ``fastest`` for a MediaStreamTrackProcessor."""
    signs = Signs()
    with tempfile.TemporaryDirectory(prefix="ddp-bench-") as folder, serve(PAGE) as address:
        async with chromium(arguments=ARGUMENTS) as running:
            page = await running.new_page(viewport={"width": size[0], "height": size[1]})
            await page.goto(f"{address}?way={way}&w={size[0]}")
            async with _server(folder, page, signs) as port:
                yield Browser(page, port, signs, f"Chromium ({way})")
