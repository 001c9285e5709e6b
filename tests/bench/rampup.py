"""How soon a cast has its bitrate: from the answer on, with our receiver and with Chromium as the receiver.

One Chromium shares moving screen content through the product's own page, into one receiver and the other in turn, over
a clean cable between two network namespaces. What it sends is read from its own counters (W3C webrtc-stats, all RTP of
the video). Our answer hints at a bitrate to start with; ``--plain`` leaves the other browser's answer without the hint,
as a browser writes it.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from itertools import pairwise
from statistics import median

from playwright.async_api import Error as PlaywrightError

from tests.bench import _doorway
from tests.bench._browser import browser
from tests.bench._ours import ours
from tests.bench._rough import far_sender
from tests.bench._sender import Counters, Doorway, Sender, Sharing, begin
from tests.peers.rough_link import Conditions
from tests.peers.two_machines import TwoMachines

GOAL_MBPS, GOAL_S = 6.0, 2.0
EVERY_S = 0.25
WINDOW_S = 0.5
SIZE = (1920, 1080)
START_S = 60.0

Opening = Callable[[], AbstractAsyncContextManager[Doorway]]


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench rampup", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=8.0, help="watched from the start (%(default)s)")
    parser.add_argument("--rounds", type=int, default=2, help="casts to each, alternating (%(default)s)")
    parser.add_argument("--fps", type=int, default=30, help="of the pattern (%(default)s)")
    parser.add_argument("--plain", action="store_true", help="no start bitrate in the other browser's answer")
    return parser.parse_args(argv)


async def watch(sharing: Sharing, seconds: float) -> list[tuple[float, float]]:
    """(seconds since the first packet, Mbit/s over the last half second) for a while."""
    readings: list[Counters] = []
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        counters = await sharing.counters()
        if counters.bytes_sent or not readings:
            readings = [counters] if not readings or not readings[-1].bytes_sent else [*readings, counters]
        await asyncio.sleep(EVERY_S)
    start = readings[0].at_ms
    step = round(WINDOW_S / EVERY_S)
    pairs = zip(readings, readings[step:], strict=False)
    return [
        ((b.at_ms - start) / 1000, (b.bytes_sent - a.bytes_sent) * 8 / 1000 / max(1.0, b.at_ms - a.at_ms))
        for a, b in pairs
    ]


async def cast(machines: TwoMachines, source: Sender, opening: Opening, seconds: float) -> list[tuple[float, float]]:
    machines.cable(0)
    machines.change(Conditions(delay_ms=2))
    async with (
        asyncio.timeout(START_S + seconds),
        opening() as display,
        machines.same_port(display.port),
        source.paired(display) as page,
    ):
        await begin(page)
        return await watch(Sharing(page), seconds)


def reached(curve: list[tuple[float, float]]) -> float:
    """Seconds until GOAL_MBPS were sent; infinite if they never were."""
    return next((at for at, mbps in curve if mbps >= GOAL_MBPS), float("inf"))


async def measure(machines: TwoMachines, asked: argparse.Namespace) -> dict[str, list[list[tuple[float, float]]]]:
    sides: dict[str, Opening] = {"ours": lambda: ours(SIZE[0]), "Chromium": lambda: browser("video", SIZE)}
    found: dict[str, list[list[tuple[float, float]]]] = {side: [] for side in sides}
    async with far_sender(machines, SIZE, asked.fps, "motion") as source:
        for number in range(asked.rounds):
            for side, opening in sides.items():
                try:
                    curve = await cast(machines, source, opening, asked.seconds)
                except (AssertionError, TimeoutError, OSError, PlaywrightError) as error:
                    print(f"round {number + 1}, {side}: failed: {error or type(error).__name__}", file=sys.stderr)
                    continue
                found[side].append(curve)
                print(f"round {number + 1}, {side}: {GOAL_MBPS:g} Mbit/s after {reached(curve):.2f} s", file=sys.stderr)
    machines.unplug()
    return found


def at(curves: list[list[tuple[float, float]]], second: float) -> float:
    """The median bitrate about that second."""
    near = [min(curve, key=lambda point: abs(point[0] - second))[1] for curve in curves if curve]
    return median(near) if near else float("nan")


def main(argv: list[str]) -> int:
    asked = options(argv)
    if asked.plain:
        _doorway.with_start_bitrate = lambda answer: answer
    found = asyncio.run(measure(TwoMachines(), asked))
    if not all(found.values()):
        return 1
    mine, theirs = found.values()
    print(f"{SIZE[0]} × {SIZE[1]}, {asked.fps} frames/s, {asked.rounds} rounds, {os.cpu_count()} cores\n")
    print(f"{'Mbit/s sent':26}{'ours':>10}{'Chromium':>12}{'ours/theirs':>14}")
    for start, second in pairwise(range(int(asked.seconds) + 1)):
        left, right = at(mine, second), at(theirs, second)
        print(f"{f'{start} to {second} s after the start':26}{left:10.1f}{right:12.1f}{left / max(right, 1e-9):14.2f}")
    left, right = (median(reached(curve) for curve in side) for side in (mine, theirs))
    print(f"{f's to {GOAL_MBPS:g} Mbit/s':26}{left:10.2f}{right:12.2f}{left / right:14.2f}")
    print(f"\n  {'reached' if left <= GOAL_S else 'MISSED':8} {GOAL_MBPS:g} Mbit/s: {left:.2f} s, goal {GOAL_S:g}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
