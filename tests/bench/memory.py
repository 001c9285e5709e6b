"""Whether the receiver grows: its memory, descriptors and threads over a long cast, and over many casts.

One Chromium shares a tab through the product's own page. Each process's memory is what it has written: its anonymous
pages and its shared memory, there or swapped out. Pages of files are left out, for whose they are changes with whoever
else on the machine has the same library open. What Python and its libraries keep for the next time counts as memory
too, so the first part of each run is left out, and growth is the slope of a line through the rest: a leak has one, a
cache that has filled has none. An intake lives as long as its cast, so over many casts only the stage and app are
followed.
"""

import argparse
import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from tests.bench._ours import Ours, ours
from tests.bench._sender import begin, end, sender

SIZES = {360: (640, 360), 720: (1280, 720), 1080: (1920, 1080)}
EVERY_S = 2.0
SETTLED = 0.3
"""The share of a run that is left out at its beginning."""


@dataclass
class Followed:
    """One process: when (hours or casts), MiB, descriptors, threads."""

    at: list[float] = field(default_factory=list)
    mib: list[float] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)


def written_mib(pid: int) -> float:
    """Its anonymous pages and its share of shared memory, in MiB (``/proc/PID/smaps_rollup``, in kB)."""
    fields = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    kb = {name: int(value) for name, value, *_ in fields}
    return (kb["Anonymous:"] + kb["Pss_Shmem:"] + kb["SwapPss:"]) / 1024


class Watch:
    """Samples the receiver's processes by the names of their modules."""

    def __init__(self, receiver: Ours, names: tuple[str, ...]) -> None:
        self._root = receiver.process
        self._names = names
        self.followed: dict[str, Followed] = {}

    def sample(self, at: float) -> None:
        for name, process in self._processes():
            if name in self._names:
                one = self.followed.setdefault(name, Followed())
                one.at.append(at)
                one.mib.append(written_mib(process.pid))
                one.descriptors.append(process.num_fds())
                one.threads.append(process.num_threads())

    def _processes(self) -> Iterator[tuple[str, psutil.Process]]:
        yield "app", self._root
        busiest: dict[str, tuple[float, psutil.Process]] = {}
        for child in self._root.children():
            with contextlib.suppress(psutil.Error, IndexError):  # it may just begin, or end
                name, spent = child.cmdline()[2].removeprefix("receiver."), sum(child.cpu_times()[:2])
                if spent > busiest.get(name, (-1.0, child))[0]:  # an intake's spare does nothing
                    busiest[name] = spent, child
        yield from ((name, child) for name, (_, child) in busiest.items())


def growth(one: Followed) -> float:
    """MiB for each unit of ``at``, from a line through all but the beginning."""
    first = int(len(one.at) * SETTLED)
    return float(np.polyfit(one.at[first:], one.mib[first:], 1)[0]) if len(one.at) - first > 2 else float("nan")


async def long_cast(minutes: float, size: tuple[int, int]) -> dict[str, Followed]:
    async with sender(size, 30, None, "detail", True) as source, ours(size[0]) as receiver:
        watch = Watch(receiver, ("app", "stage", "intake"))
        async with source.share(receiver):
            began = time.monotonic()
            while (elapsed := time.monotonic() - began) < minutes * 60:
                watch.sample(elapsed / 3600)
                await asyncio.sleep(EVERY_S)
    return watch.followed


async def many_casts(casts: int, size: tuple[int, int]) -> dict[str, Followed]:
    async with sender(size, 30, None, "detail", True) as source, ours(size[0]) as receiver:
        watch = Watch(receiver, ("app", "stage"))
        async with source.paired(receiver) as page:
            for number in range(casts):
                await begin(page)
                await asyncio.sleep(0.5)
                await end(page)
                watch.sample(number)
                if number % 20 == 19:
                    print(f"{number + 1} casts", file=sys.stderr)
    return watch.followed


def report(title: str, unit: str, found: dict[str, Followed]) -> None:
    print(f"\n{title}")
    print(f"{'':10}{'MiB then':>10}{'now':>8}{'MiB ' + unit:>16}{'descriptors':>14}{'threads':>10}")
    for name, one in found.items():
        first = int(len(one.at) * SETTLED)
        changes = f"{one.descriptors[first]} → {one.descriptors[-1]}", f"{one.threads[first]} → {one.threads[-1]}"
        print(f"{name:10}{one.mib[first]:10.1f}{one.mib[-1]:8.1f}{growth(one):16.3f}{changes[0]:>14}{changes[1]:>10}")
    print("MiB over the whole run, tenth by tenth:")
    for name, one in found.items():
        tenths = (one.mib[len(one.mib) * tenth // 10 - (tenth > 0)] for tenth in range(11))
        print(f"{name:10}" + "".join(f"{mib:7.1f}" for mib in tenths))


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench memory", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60, help="of one cast; 0 leaves it out (%(default)s)")
    parser.add_argument("--casts", type=int, default=200, help="one after the other; 0 leaves them out (%(default)s)")
    parser.add_argument("--height", type=int, choices=SIZES, default=720, help="of the picture (%(default)s)")
    asked = parser.parse_args(argv)
    size = SIZES[asked.height]
    print(f"{os.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GiB")
    if asked.casts:
        report(f"{asked.casts} casts", "a cast", asyncio.run(many_casts(asked.casts, size)))
    if asked.minutes:
        report(f"one cast of {asked.minutes:g} minutes", "an hour", asyncio.run(long_cast(asked.minutes, size)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
