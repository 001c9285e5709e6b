"""What a frame costs the processor, thread by thread: our receiver beside Chromium in the same run.

The table that says what holds the CPU time of scripts/bench latency. Nobody reads the pictures meanwhile. A wake is a
thread's return from waiting (``voluntary_ctxt_switches``); its time, the kernel's share with it, is from ``schedstat``.
Most of what a frame costs a receiver, be it in Python or in C++, is the decoder and the waking of threads, whose caches
other processes have had meanwhile.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from tests.bench import latency
from tests.bench._clip import clip
from tests.bench._gstreamer import PROGRAM
from tests.bench._sender import Counters, Sender, sender

WORTH_MS = 0.01
"""Threads that cost less a frame are summed up as others."""


class Spent(NamedTuple):
    ms: float
    wakes: int

    def __add__(self, more: "Spent") -> "Spent":  # type: ignore[override]
        return Spent(self.ms + more.ms, self.wakes + more.wakes)

    def __sub__(self, less: "Spent") -> "Spent":
        return Spent(self.ms - less.ms, self.wakes - less.wakes)


NOTHING = Spent(0.0, 0)
Thread = tuple[str, str, str]
"""Its process, its name and its number."""


def spent(root: psutil.Process) -> dict[Thread, Spent]:
    """By every thread of a process tree, since it began."""
    found = {}
    for process in (root, *root.children(recursive=True)):
        try:
            name = _process(process.cmdline())
            for task in Path(f"/proc/{process.pid}/task").iterdir():
                status = (task / "status").read_text()
                wakes = int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])
                ms = int((task / "schedstat").read_text().split()[0]) / 1e6
                found[name, (task / "comm").read_text().strip(), task.name] = Spent(ms, wakes)
        except (OSError, psutil.Error):  # it has just ended
            continue
    return found


def _process(line: list[str]) -> str:
    for argument in line:
        if argument.startswith("--type="):
            return argument.removeprefix("--type=")
        if argument.startswith("receiver."):
            return argument.removeprefix("receiver.")
    return "app" if "receiver" in line else "gstreamer" if line[-1:] == [str(PROGRAM)] else "browser"


def by_thread(before: dict[Thread, Spent], after: dict[Thread, Spent]) -> dict[tuple[str, str], Spent]:
    total: dict[tuple[str, str], Spent] = {}
    for thread, one in after.items():
        kind = thread[:2]
        total[kind] = total.get(kind, NOTHING) + (one - before.get(thread, NOTHING))
    return total


def report(name: str, codec: str, frames: int, threads: dict[tuple[str, str], Spent]) -> None:
    print(f"\n{name}: {codec}, {frames} frames")
    print(f"{'':34}{'ms a frame':>12}{'wakes':>8}{'µs a wake':>11}")
    others = NOTHING
    for (process, thread), one in sorted(threads.items(), key=lambda item: -item[1].ms):
        if one.ms / frames < WORTH_MS:
            others += one
            continue
        print(_row(f"{process:16} {thread}", one, frames))
    print(_row("others", others, frames))
    print(_row("all", sum(threads.values(), NOTHING), frames))


def _row(name: str, one: Spent, frames: int) -> str:
    return f"{name:34}{one.ms / frames:12.3f}{one.wakes / frames:8.2f}{one.ms * 1000 / max(1, one.wakes):11.0f}"


async def leg(opening: latency.Opening, source: Sender, asked: argparse.Namespace) -> None:
    async with opening() as receiver, source.share(receiver) as sharing:
        await receiver.leave_alone()
        await asyncio.sleep(asked.warm_up)
        begun, before = await sharing.counters(), spent(receiver.process)
        await asyncio.sleep(asked.seconds)
        ended, after = await sharing.counters(), spent(receiver.process)
        report(receiver.name, ended.codec, _frames(begun, ended), by_thread(before, after))


def _frames(begun: Counters, ended: Counters) -> int:
    return max(1, ended.frames_encoded - begun.frames_encoded)


async def measure(asked: argparse.Namespace) -> None:
    for codec in asked.codecs:
        options = latency.options(["--codec", codec, "--against", *asked.against])
        options.size = asked.size
        made = await asyncio.to_thread(clip, codec, asked.size, asked.fps) if asked.encoded else b""
        content = "motion" if asked.fps > 30 else "detail"
        async with sender(asked.size, asked.fps, codec, content, False, made) as source:
            for opening in latency.peers(options).values():
                await leg(opening, source, asked)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench cpu", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="measured of each receiver (%(default)s)")
    parser.add_argument("--warm-up", type=float, default=6.0, help="seconds before that (%(default)s)")
    parser.add_argument("--size", type=latency.size, default=(1280, 720), help="of the pattern (1280x720)")
    parser.add_argument("--fps", type=int, default=30, help="of the pattern (%(default)s)")
    parser.add_argument(
        "--encoded", action="store_true", help="send clips encoded beforehand, as scripts/bench latency"
    )
    parser.add_argument("--against", nargs="*", choices=latency.PEERS, default=["video", "fastest"])
    parser.add_argument("codecs", nargs="*", default=["VP8", "H264"], help="(VP8 H264)")
    asked = parser.parse_args(argv)
    began = time.monotonic()
    asyncio.run(measure(asked))
    print(f"\n{time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
