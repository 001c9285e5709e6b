"""How long a cast takes to begin: from the offer's answer to the first picture, beside Chromium as the receiver.

One Chromium shares a tab through the product's own page, stops and shares again, with one receiver and the other in
turn; both run all the time. It begins when the sender's browser is given the answer (``setRemoteDescription``) and ends
with the first picture on our simulated 60 Hz screen, or with ``presentationTime`` of the first in the other browser's
video element; the VSync after that is not counted, which favours Chromium. ICE, DTLS and the sender's first keyframe
are in both.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from playwright.async_api import Page

from tests.bench._browser import Browser, browser
from tests.bench._figures import Beginning, percentile
from tests.bench._ours import Ours, ours
from tests.bench._sender import begin, end, sender

SIZE = (1280, 720)
GOAL_MS = 300
PATIENCE_S = 30.0


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench start", description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=8, help="of each receiver, alternating (%(default)s)")
    parser.add_argument("--rest", type=float, default=3.0, help="seconds between two casts (%(default)s)")
    return parser.parse_args(argv)


async def start(page: Page, first: Callable[[float], Awaitable[Beginning]]) -> tuple[float, Beginning]:
    """One cast: ms from its answer to its first picture."""
    await page.evaluate("() => { window.answeredAt = undefined; }")
    await begin(page)
    answered = float(await (await page.wait_for_function("() => window.answeredAt")).json_value())
    beginning = await asyncio.wait_for(first(answered), PATIENCE_S)
    await end(page)
    return beginning.at_ms - answered, beginning


async def measure(asked: argparse.Namespace) -> dict[str, list[tuple[float, Beginning]]]:
    found: dict[str, list[tuple[float, Beginning]]] = {}
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(sender(SIZE, 30, None, "detail", True))
        sides = []
        openings: tuple[AbstractAsyncContextManager[Ours | Browser], ...] = (ours(SIZE[0]), browser("video", SIZE))
        for opening in openings:
            receiver = await stack.enter_async_context(opening)
            page = await stack.enter_async_context(source.paired(receiver))
            sides.append((receiver.name, page, await stack.enter_async_context(receiver.first_pictures())))
        for number in range(asked.starts):
            for name, page, first in sides:
                await asyncio.sleep(asked.rest)
                found.setdefault(name, []).append(await start(page, first))
                print(f"start {number + 1}, {name}: {found[name][-1][0]:.0f} ms", file=sys.stderr)
    return found


def main(argv: list[str]) -> int:
    asked = options(argv)
    found = asyncio.run(measure(asked))
    (mine, ours_all), (theirs, theirs_all) = found.items()
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}, {asked.starts} starts of each\n")
    print(f"{'offer answered → first picture':32}{mine:>10}{theirs:>20}{'ours/theirs':>14}")
    for name, share in (("p50, ms", 0.5), ("p95, ms", 0.95), ("worst, ms", 1.0)):
        left, right = (percentile([ms for ms, _ in side], share) for side in (ours_all, theirs_all))
        print(f"{name:32}{left:10.0f}{right:20.0f}{left / right:14.2f}")
    within = sum(ms <= GOAL_MS for ms, _ in ours_all)
    print(f"{f'within {GOAL_MS} ms':32}{within:10}{sum(ms <= GOAL_MS for ms, _ in theirs_all):20}\n")
    print(f"{'ours, part by part':48}{'p50, ms':>9}{'worst':>9}")
    for part in ours_all[0][1].segments:
        spent = [beginning.segments[part] for _, beginning in ours_all if part in beginning.segments]
        print(f"{part:48}{percentile(spent, 0.5):9.1f}{max(spent):9.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
