"""A sender on the other machine of ``tests.peers.two_machines``, and what a receiver showed over a rough patch."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench._figures import FREEZE_MS, Shown, percentile
from tests.bench._sender import WATCH, Doorway, Sender, Sharing
from tests.peers import pattern
from tests.peers.chromium import EXECUTABLE, chromium
from tests.peers.person import serve
from tests.peers.two_machines import TwoMachines

GROWN_MS = 50.0
"""A picture this much older than the slow ones (p95) before the trouble shows that it isn't over."""


@dataclass
class Patch:
    """One receiver's rough patch. Times in ms; ``seconds_after``: how long it was watched after the trouble."""

    receiver: str
    case: str
    frozen: float
    longest: float
    p50: float
    p95: float
    recovery: float
    before: float
    after: float
    mbps_before: float
    mbps_after: float

    @property
    def grown(self) -> float:
        return self.after - self.before


def patch(
    receiver: str, case: str, pictures: list[Shown], began: float, ended: float, rates: tuple[float, float]
) -> Patch:
    """The figures of what was shown, with trouble from ``began`` to ``ended`` (wall clock ms)."""
    before = [shown.age_ms for shown in pictures if shown.at_ms < began and shown.age_ms is not None]
    during = [shown.age_ms for shown in pictures if began <= shown.at_ms <= ended and shown.age_ms is not None]
    last = pictures[-1].at_ms if pictures else ended
    after = [shown.age_ms for shown in pictures if shown.at_ms > (ended + last) / 2 and shown.age_ms is not None]
    times = [began, *(shown.at_ms for shown in pictures if shown.at_ms > began)]
    gaps = [(start, end) for start, end in pairwise(times) if end - start > FREEZE_MS]
    bound = percentile(before, 0.95) + GROWN_MS
    late = [s.at_ms for s in pictures if s.at_ms > ended and s.age_ms is not None and s.age_ms > bound]
    over = max([ended, *late, *(end for _, end in gaps if end > ended)])
    return Patch(
        receiver,
        case,
        sum(end - start for start, end in gaps),
        max((end - start for start, end in gaps), default=0.0),
        percentile(during, 0.5),
        percentile(during, 0.95),
        over - ended,
        percentile(before, 0.5),
        percentile(after, 0.5),
        *rates,
    )


@asynccontextmanager
async def far_sender(machines: TwoMachines, size: tuple[int, int], fps: int, content: str) -> AsyncIterator[Sender]:
    """The product's own page in a browser on the other machine, sharing the pattern's tab."""
    width, height = size
    with serve(pattern.PAGE) as address, tempfile.TemporaryDirectory(prefix="ddp-bench-") as folder:
        executable = Path(folder) / "chromium"
        executable.write_text(f'#!/bin/sh\nexec {" ".join(machines.prefix)} {EXECUTABLE} "$@"\n')
        executable.chmod(0o700)
        async with (
            machines.same_port(urlsplit(address).port or 0),
            chromium(pattern.TITLE, executable=str(executable)) as browser,
        ):
            context = await browser.new_context(viewport={"width": width, "height": height})
            drawing = await context.new_page()
            await drawing.goto(f"{address}?w={width}&h={height}&fps={fps}")
            await context.add_init_script(f"({WATCH})(null)")
            yield Sender(context, content, False)


@asynccontextmanager
async def share(machines: TwoMachines, source: Sender, display: Doorway) -> AsyncIterator[Sharing]:
    """Pair and share over the cable."""
    async with machines.same_port(display.port), source.share(display) as sharing:
        yield sharing
