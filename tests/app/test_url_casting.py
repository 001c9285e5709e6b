"""The app's hold on a cast URL: a real screen process, a real intake process, a real web server."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from receiver.app.screen import Screen
from receiver.app.url_casting import Reach, UrlCast, UrlNotCast
from receiver.clock import MonotonicClock
from receiver.link import Scene, UrlState
from tests.peers import films
from tests.peers.url_servers import Web, web

LOOPBACK = Reach(allow=("127.0.0.0/8",))
STREAM = 3


@pytest.fixture
async def screen() -> AsyncIterator[Screen]:
    scene = Scene("TV", "", "", "", True)
    screen = Screen(
        MonotonicClock(), ("--output", "headless", "--size", "320x180", "--sound", "null"), "interactive", scene
    )
    await screen.start()
    yield screen
    await screen.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Web]:
    with web(tmp_path) as server:
        yield server


async def opened(screen: Screen, url: str, reach: Reach, told: "Told") -> UrlCast:
    cast = await UrlCast.start(screen, STREAM)
    cast.on_state = told
    try:
        await cast.open("Ada", url, reach)
    except UrlNotCast:
        await cast.stop()
        raise
    return cast


class Told:
    """What the cast told."""

    def __init__(self) -> None:
        self.states: list[UrlState] = []
        self._more = asyncio.Event()

    def __call__(self, state: UrlState) -> None:
        self.states.append(state)
        self._more.set()

    async def until(self, state: str) -> UrlState:
        async with asyncio.timeout(20):
            while not self.states or self.states[-1].state != state:
                self._more.clear()
                await self._more.wait()
        return self.states[-1]


async def test_a_film_is_opened_held_wound_and_stopped(screen: Screen, server: Web) -> None:
    films.make(server.folder / "film.mp4", 6)
    live: asyncio.Queue[int] = asyncio.Queue()
    screen.on_live = live.put_nowait
    told = Told()
    cast = await opened(screen, server.url("film.mp4"), LOOPBACK, told)
    assert cast.state.duration_ms == pytest.approx(6_000, abs=60)
    assert await asyncio.wait_for(live.get(), 20) == STREAM
    cast.pause()
    await told.until("paused")
    cast.seek(5)
    cast.play()
    await told.until("playing")
    assert (await told.until("ended")).position_ms > 5_500
    shown = screen.shown(STREAM)
    assert shown is not None
    assert shown.mode == "smooth"
    await cast.stop()
    assert screen.shown(STREAM) is None
    assert "failed" not in [state.state for state in told.states]


async def test_what_can_not_be_played_leaves_nothing_behind(screen: Screen, server: Web) -> None:
    with pytest.raises(UrlNotCast, match="HTTP status 404"):
        await opened(screen, server.url("none.mp4"), LOOPBACK, Told())
    with pytest.raises(UrlNotCast, match="this display itself"):
        await opened(screen, server.url("none.mp4"), Reach(), Told())
    assert screen.shown(STREAM) is None


async def test_a_process_that_dies_is_told_and_leaves_the_screen(screen: Screen, server: Web) -> None:
    films.make(server.folder / "film.mp4", 6)
    told = Told()
    cast = await opened(screen, server.url("film.mp4"), LOOPBACK, told)
    assert cast.pid is not None
    os.kill(cast.pid, signal.SIGKILL)
    assert "ended unexpectedly" in (await told.until("failed")).reason
    assert screen.shown(STREAM) is None
    await cast.stop()


async def test_what_has_no_other_time_is_not_wound(screen: Screen, server: Web) -> None:
    server.ranges = False
    films.make(server.folder / "film.ts", 3)
    cast = await opened(screen, server.url("film.ts"), LOOPBACK, Told())
    with pytest.raises(UrlNotCast, match="can't be wound"):
        cast.seek(1)
    await cast.stop()
