"""Chromium as the receiver, behind the product's own server: only the media path is another one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
from playwright.async_api import Page

from tests.bench._doorway import Candidate, Signs, doorway
from tests.bench._figures import Beginning, Seen, Shown
from tests.peers import pattern
from tests.peers.chromium import chromium
from tests.peers.person import serve

PAGE = Path(__file__).parent / "browser_receiver"
MARK = "--ddp-bench-receiver"
ARGUMENTS = (MARK, "--disable-features=WebRtcHideLocalIpsWithMdns")


class Browser:
    """A picture is shown when ``requestVideoFrameCallback`` says that it went to the compositor."""

    def __init__(self, page: Page, port: int, signs: Signs, way: str) -> None:
        self.name = f"Chromium ({way})"
        self._way = way
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
            decoded, handed = (age, None) if self._way == "fastest" else (None, age)
            pictures.append(Shown(at_ms, age, frame, decoded, handed))
        return Seen(pictures, readings[-1][1] - readings[0][1] + 1 if readings else 0)

    async def leave_alone(self) -> None:
        """The fastest way still takes each frame, for that is how it shows them."""
        await self._page.evaluate("() => leaveAlone()")

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
async def browser(way: str, size: tuple[int, int]) -> AsyncIterator[Browser]:
    """Start it. ``way``: ``video`` for a video element, ``fastest`` for a MediaStreamTrackProcessor."""
    with serve(PAGE) as address:
        async with chromium(arguments=ARGUMENTS) as running:
            page = await running.new_page(viewport={"width": size[0], "height": size[1]})
            await page.goto(f"{address}?way={way}&w={size[0]}")
            candidates: set[asyncio.Task[object]] = set()

            async def answer(sdp: str) -> str:
                return str(await page.evaluate("sdp => accept(sdp)", sdp))

            def candidate(one: Candidate) -> None:
                values = {"candidate": one.candidate, "sdpMid": one.sdp_mid, "sdpMLineIndex": one.sdp_mline_index}
                task = asyncio.ensure_future(page.evaluate("values => addCandidate(values)", values))
                candidates.add(task)
                task.add_done_callback(candidates.discard)

            async with doorway("Chromium", answer, candidate) as (port, signs):
                yield Browser(page, port, signs, way)
