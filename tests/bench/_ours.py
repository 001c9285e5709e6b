"""Our own receiver, headless, in its real processes."""

import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from receiver.link import TapPicture
from receiver.media import Stamps
from tests.bench._figures import ADDED, SENDER, Beginning, Seen, Shown
from tests.peers import pattern
from tests.peers.box import Box, box, collect

LOG_LINES = 20
"""Of the receiver's log, shown where a leg fails."""


class Ours:
    """A picture is shown when its VSync comes: ``Stamps.on_screen``, on a simulated 60 Hz screen."""

    name = "ours"

    def __init__(self, tv: Box, port: int, drawn_width: int) -> None:
        self._tv = tv
        self._drawn_width = drawn_width
        self.port = port
        self.process = psutil.Process(tv.process.pid)

    async def pin(self) -> str:
        return await self._tv.pin()

    async def watch(self, seconds: float) -> Seen:
        """Note every picture for a while."""
        async with self._tv.tap() as tap:
            samples = await collect(tap, seconds)
        to_wall = time.time_ns() - time.monotonic_ns()
        seen = Seen([], 0)
        for sample in samples:
            if isinstance(sample, TapPicture):
                assert sample.stamps.on_screen is not None
                on_screen = sample.stamps.on_screen + to_wall
                written, frame = self._read(sample) or (None, None)
                age = None if written is None else pattern.age_ms(written, on_screen)
                parts = {} if age is None else _divide(age, sample.stamps)
                decoded, handed = (_age(age, sample.stamps, at) for at in (sample.stamps.decoded, sample.stamps.chosen))
                seen.pictures.append(Shown(on_screen / 1e6, age, frame, decoded, handed, parts))
        seen.shown = len(seen.pictures)
        return seen

    async def leave_alone(self) -> None:
        """The tap is closed already."""

    @asynccontextmanager
    async def first_pictures(self) -> AsyncIterator[Callable[[float], Awaitable[Beginning]]]:
        """Gives a function that waits for the first picture on the screen after a wall clock time in ms."""
        to_wall = time.time_ns() - time.monotonic_ns()
        async with self._tv.tap() as tap:

            async def first(after_ms: float) -> Beginning:
                while True:
                    sample = await tap.receive()
                    assert sample is not None, "the receiver is gone"
                    if isinstance(sample, TapPicture) and sample.stamps.on_screen is not None:
                        at_ms = (sample.stamps.on_screen + to_wall) / 1e6
                        if at_ms > after_ms:
                            return Beginning(at_ms, _divide_start(after_ms * 1e6 - to_wall, sample.stamps))

            yield first

    def _read(self, sample: TapPicture) -> tuple[float, int] | None:
        scale = sample.width / self._drawn_width  # a congested sender shrinks the picture
        return pattern.read_picture(sample.luma, min(sample.width, pattern.WIDTH), scale)


def _age(age_ms: float | None, stamps: Stamps, at: int | None) -> float | None:
    """How old a picture was at one of its stamps; ``age_ms``: on the screen."""
    return None if age_ms is None or at is None else age_ms - ((stamps.on_screen or at) - at) / 1e6


def _divide_start(answered: float, stamps: Stamps) -> dict[str, float]:
    points: list[tuple[str, float | None, float | None]] = [
        ("answered → first packet (ICE, DTLS, sender)", answered, stamps.first_packet),
        ("first packet → complete", stamps.first_packet, stamps.complete),
        ("complete → decoded", stamps.complete, stamps.decoded),
        ("decoded → on screen", stamps.decoded, stamps.on_screen),
    ]
    return _between(points)


def _divide(age_ms: float, stamps: Stamps) -> dict[str, float]:
    drawn = (stamps.on_screen or 0) - round(age_ms * 1e6)
    points: list[tuple[str, float | None, float | None]] = [
        (SENDER, drawn, stamps.first_packet),
        ("first packet → complete (network)", stamps.first_packet, stamps.complete),
        ("complete → decoding (hop)", stamps.complete, stamps.decoding),
        ("decoding → decoded", stamps.decoding, stamps.decoded),
        ("decoded → queued", stamps.decoded, stamps.queued),
        ("queued → chosen (pacing)", stamps.queued, stamps.chosen),
        ("chosen → on screen (VSync)", stamps.chosen, stamps.on_screen),
        ("first packet → on screen (all of ours)", stamps.first_packet, stamps.on_screen),
        (ADDED, (stamps.complete or 0) + (stamps.decoded or 0) - (stamps.decoding or 0), stamps.chosen),
    ]
    return _between(points)


def _between(points: list[tuple[str, float | None, float | None]]) -> dict[str, float]:
    """The ms of each part whose beginning and end, in ns, are known."""
    return {name: (end - start) / 1e6 for name, start, end in points if end is not None and start is not None}


@asynccontextmanager
async def ours(drawn_width: int) -> AsyncIterator[Ours]:
    """Start it in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="ddp-bench-") as folder:
        async with box(Path(folder)) as tv:
            try:
                yield Ours(tv, (await tv.status())["port"], drawn_width)
            except Exception:
                print(*(Path(folder) / "log").read_text().splitlines()[-LOG_LINES:], sep="\n", file=sys.stderr)
                raise
