"""Recovery on a rough network: our receiver against Chromium as the receiver.

One Chromium on a machine of its own (a network namespace) shares a moving pattern through the product's own page, into
one receiver and the other in turn, over a cable that behaves, then for a while does not (tests/peers/rough_link), then
behaves again. Both directions suffer alike, and both receivers meet the same conditions and the same random numbers.

Frozen: the sum of the times over 200 ms in which no new picture was shown, from the trouble's beginning on. Latency is
from being drawn to being shown; what "shown" is for each side, see scripts/bench latency. Recovery: from the trouble's
end to the last picture that is 50 ms older than the slow ones before, or to the end of the last freeze.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, replace
from statistics import median
from typing import NamedTuple, Protocol

from playwright.async_api import Error as PlaywrightError

from tests.bench._browser import browser
from tests.bench._figures import Seen
from tests.bench._ours import ours
from tests.bench._rough import Patch, far_sender, patch, share
from tests.bench._sender import Counters, Doorway, Sender
from tests.peers.rough_link import Conditions
from tests.peers.two_machines import TwoMachines

START_S = 60.0
BASE_S = 3.0
"""Watched before the trouble begins, once all has settled."""


class Case(NamedTuple):
    """``calm``: the cable before and after; ``trouble``: in between, for ``seconds``. ``halves``: it carries half of
    what the sender sent before."""

    calm: Conditions
    trouble: Conditions
    seconds: float | None = None
    halves: bool = False


LAN = Conditions(delay_ms=2)
CASES = {
    "loss-2": Case(LAN, replace(LAN, loss=0.02)),
    "loss-5": Case(LAN, replace(LAN, loss=0.05)),
    "bursty-5": Case(Conditions(delay_ms=10), Conditions(delay_ms=10, jitter_ms=1.5, loss=0.05, fade_ms=12)),
    "outages": Case(LAN, replace(LAN, loss=0.05, burst_ms=200)),
    "jitter": Case(LAN, Conditions(delay_ms=20, jitter_ms=10)),
    "reorder": Case(LAN, replace(LAN, late=0.1, late_ms=15)),
    "far-2": Case(Conditions(delay_ms=20), Conditions(delay_ms=20, loss=0.02)),
    "half": Case(LAN, LAN, halves=True),
    "blackout": Case(LAN, replace(LAN, loss=1.0), seconds=3),
}
"""bursty-5 loses all in fades of 12 ms in the mean (some 8 packets of a frame), outages for 200 ms in every 4 s; far-2
has a round trip of 40 ms."""
DEFAULT = ("loss-2", "bursty-5")
ROWS: tuple[tuple[str, Callable[[Patch], float]], ...] = (
    ("frozen, ms", lambda one: one.frozen),
    ("longest stall, ms", lambda one: one.longest),
    ("latency p50 during, ms", lambda one: one.p50),
    ("latency p95 during, ms", lambda one: one.p95),
    ("recovery, ms", lambda one: one.recovery),
    ("latency p50 before, ms", lambda one: one.before),
    ("latency p50 after, ms", lambda one: one.after),
    ("Mbit/s before", lambda one: one.mbps_before),
    ("Mbit/s at the end", lambda one: one.mbps_after),
)
P95_GOAL, FROZEN_GOAL, STALL_GOAL_MS, GROWN_GOAL_MS = 0.6, 0.5, 1000.0, 25.0


class Receiver(Doorway, Protocol):
    """What is measured."""

    @property
    def name(self) -> str: ...

    async def watch(self, seconds: float) -> Seen: ...


Opening = Callable[[], AbstractAsyncContextManager[Receiver]]


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench loss", description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="case", help=f"of {', '.join(CASES)}, all; else {DEFAULT}")
    parser.add_argument("--rounds", type=int, default=1, help="legs of each receiver, alternating (%(default)s)")
    parser.add_argument("--warm-up", type=float, default=7.0, help="seconds before measuring (%(default)s)")
    parser.add_argument("--seconds", type=float, default=12.0, help="of trouble (%(default)s)")
    parser.add_argument("--after", type=float, default=8.0, help="watched afterwards (%(default)s)")
    parser.add_argument("--fps", type=int, default=30, help="of the pattern (%(default)s)")
    parser.add_argument("--way", choices=("video", "fastest"), default="video", help="Chromium's way to the picture")
    parser.add_argument("--only", choices=("ours", "chromium"), help="just one of the two")
    parser.add_argument("--json", action="store_true", help="print the figures for programs")
    asked = parser.parse_args(argv)
    asked.cases = list(CASES) if asked.cases == ["all"] else asked.cases or list(DEFAULT)
    if unknown := set(asked.cases) - set(CASES):
        parser.error(f"there is no case {', '.join(sorted(unknown))}; there are: {', '.join(CASES)}, all")
    return asked


def mbps(before: Counters, after: Counters) -> float:
    return (after.bytes_sent - before.bytes_sent) * 8 / 1000 / max(1.0, after.at_ms - before.at_ms)


async def leg(
    machines: TwoMachines, source: Sender, opening: Opening, name: str, seed: int, asked: argparse.Namespace
) -> Patch:
    """One receiver's rough patch."""
    case = CASES[name]
    seconds = case.seconds or asked.seconds
    machines.cable(seed)
    machines.change(case.calm)
    whole = BASE_S + seconds + asked.after
    async with asyncio.timeout(START_S + asked.warm_up + whole), opening() as receiver:
        async with share(machines, source, receiver) as sharing:
            await asyncio.sleep(asked.warm_up)
            start = await sharing.counters()
            watching = asyncio.create_task(receiver.watch(whole))
            await asyncio.sleep(BASE_S)
            base = mbps(start, await sharing.counters())
            began = time.time() * 1000
            machines.change(replace(case.trouble, kbps=base * 500) if case.halves else case.trouble)
            await asyncio.sleep(seconds)
            machines.change(case.calm)
            ended = time.time() * 1000
            await asyncio.sleep(asked.after / 2)
            middle = await sharing.counters()
            seen = await watching
            rates = (base, mbps(middle, await sharing.counters()))
        return patch(receiver.name, name, seen.pictures, began, ended, rates)


async def measure(machines: TwoMachines, asked: argparse.Namespace) -> tuple[list[Patch], bool]:
    """All legs, and whether all went well."""
    size = (1280, 720)
    sides: dict[str, Opening] = {"ours": lambda: ours(size[0]), "chromium": lambda: browser(asked.way, size)}
    found: list[Patch] = []
    well = True
    async with far_sender(machines, size, asked.fps, "motion") as source:
        for name in asked.cases:
            for number in range(asked.rounds):
                for side, opening in sides.items():
                    if asked.only not in (None, side):
                        continue
                    try:
                        done = await leg(machines, source, opening, name, number, asked)
                    except (AssertionError, TimeoutError, OSError, PlaywrightError) as error:
                        well = False
                        print(f"{name}, {side}: failed: {error or type(error).__name__}", file=sys.stderr)
                        continue
                    found.append(done)
                    print(
                        f"{name}, {side}: frozen {done.frozen:.0f}, longest {done.longest:.0f}, p50 {done.p50:.0f}, "
                        f"p95 {done.p95:.0f}, recovery {done.recovery:.0f} ms, load {os.getloadavg()[0]:.1f}",
                        file=sys.stderr,
                    )
    machines.unplug()
    return found, well


def table(name: str, mine: list[Patch], theirs: list[Patch]) -> str:
    """One case: medians of both, and their ratio."""
    lines = [f"{name:28}{'ours':>10}{theirs[0].receiver:>20}{'ours/theirs':>14}"]
    for row, value in ROWS:
        left, right = median(map(value, mine)), median(map(value, theirs))
        ratio = f"{left / right:14.2f}" if right else f"{'–':>14}"
        lines.append(f"{row:28}{left:10.1f}{right:20.1f}{ratio}")
    return "\n".join([*lines, *verdicts(name, mine, theirs)])


def verdicts(name: str, mine: list[Patch], theirs: list[Patch]) -> list[str]:
    """The goals of this case, and whether they are reached."""
    goals: list[tuple[str, float, float]] = []
    if name in ("loss-2", "far-2"):
        p95 = median(one.p95 for one in mine) / median(one.p95 for one in theirs)
        goals.append(("p95 during, of Chromium's", p95, P95_GOAL))
    if name == "bursty-5":
        frozen = median(one.frozen for one in mine) / max(1.0, median(one.frozen for one in theirs))
        goals.append(("frozen, of Chromium's", frozen, FROZEN_GOAL))
    loss_itself = 1000 * (CASES[name].seconds or 0)
    goals.append(("longest stall beyond the loss, ms", max(one.longest for one in mine) - loss_itself, STALL_GOAL_MS))
    goals.append(("latency that stayed, ms", median(one.grown for one in mine), GROWN_GOAL_MS))
    return [
        f"  {'reached' if value <= goal else 'MISSED':8} {what}: {value:.2f}, goal {goal:g}"
        for what, value, goal in goals
    ]


def main(argv: list[str]) -> int:
    asked = options(argv)
    machines = TwoMachines()
    found, well = asyncio.run(measure(machines, asked))
    if asked.json:
        print(json.dumps([asdict(one) for one in found]))
        return 0 if well else 1
    print(f"1280 × 720, {asked.fps} frames/s, {asked.rounds} rounds, {os.cpu_count()} cores")
    for name in asked.cases:
        mine = [one for one in found if one.case == name and one.receiver == "ours"]
        theirs = [one for one in found if one.case == name and one.receiver != "ours"]
        if mine and theirs:
            print("\n" + table(name, mine, theirs))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
