"""How long a picture takes from being drawn to being on the glass: our receiver beside Chromium and GStreamer.

One Chromium shares a tab whose picture carries the time at which it was drawn (tests/peers/pattern), through the
product's own sender page, into one receiver after the other, alternating, so that all meet the same noise:

* ours: all its processes, headless. Shown is the VSync at which the picture is due: ``Stamps.on_screen`` on a simulated
  60 Hz screen.
* Chromium: a second browser behind the product's own server and pairing. Shown is ``presentationTime`` of
  requestVideoFrameCallback, when the picture goes to the compositor; the VSync after that is not counted, which favours
  Chromium. ``fastest`` takes frames from a MediaStreamTrackProcessor with jitterBufferTarget 0, counted as shown
  as soon as a script has them: no screen, no VSync, the least that Chromium can do.
* GStreamer: webrtcbin at latency 0 behind the same server, counted as shown when decoded: no screen, no VSync.

All read the pattern from a copy of the picture's top rows. CPU time, user's and the system's of the receiver's whole
process tree, is counted in a second stretch of the same cast, in which nobody reads it. The sender's part (capture,
encoding) is in all latencies and in no CPU time. "Until decoded" compares the same point of all that can tell it: a
script has Chromium's frame, GStreamer's leaves its decoder, ours comes out of the decoder and has its VSync yet to wait
for. "Handed over" compares when a picture goes to what shows it: Chromium's compositor, and our display's driver. Lost
is what the sender encoded and the receiver did not show, within a frame or two at the ends of each leg.

``--encoded``: what is shared sets only the pace. Its pictures are replaced by those of a clip (``_clip``) as they leave
the encoder, with no work worth speaking of, and ages count from there: the sender's capture and encoder, which are most
of the latency and on two cores most of the load, are out of it, and all receivers meet the same pictures at full rate.

Two headless browsers on one machine tick together, as do our screens: when between two VSyncs a picture comes would be
the same in all legs of one receiver, and another in the next one's. So each round sends the clip later than the one
before by a VSync divided by the rounds, and with four, say, each receiver has met the whole of a VSync evenly.

Our answer gives the sender a bitrate to start with. The others' answers are given the same one, for without it the
sender shrinks the picture for its first ten seconds or more, and they would not do the same work. Measuring
starts after ``--warm-up``, when start and settling are over. Compare the ratios; the milliseconds are the machine's.
"""

import argparse
import asyncio
import dataclasses
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import psutil
from playwright.async_api import Error as PlaywrightError

from tests.bench import _figures as figures
from tests.bench._browser import browser
from tests.bench._clip import clip
from tests.bench._figures import Leg, Seen
from tests.bench._gstreamer import CODECS as GSTREAMER_CODECS
from tests.bench._gstreamer import gstreamer, missing
from tests.bench._ours import ours
from tests.bench._sender import Doorway, Sender, sender

VSYNC_MS = 1000 / 60
START_S = 60.0
"""For starting a receiver, pairing and sharing, on a machine that is busy with other things."""


class Receiver(Doorway, Protocol):
    """What is measured."""

    @property
    def name(self) -> str: ...

    @property
    def process(self) -> psutil.Process: ...

    async def watch(self, seconds: float) -> Seen: ...

    async def leave_alone(self) -> None:
        """Read nothing from the pictures any more."""


Opening = Callable[[], AbstractAsyncContextManager[Receiver]]
PEERS = ("video", "fastest", "gstreamer")
ENCODED = ("VP8", "H264", "VP9", "AV1")


def size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench latency", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15.0, help="of each of a leg's two stretches (%(default)s)")
    parser.add_argument("--warm-up", type=float, default=10.0, help="seconds before that (%(default)s)")
    parser.add_argument("--rounds", type=int, default=2, help="legs of each receiver, alternating (%(default)s)")
    parser.add_argument("--size", type=size, default=(1280, 720), help="of the pattern (1280x720)")
    parser.add_argument("--fps", type=int, default=30, help="of the pattern (%(default)s)")
    parser.add_argument("--codec", choices=ENCODED, help="the only one offered (else what Chromium prefers)")
    parser.add_argument("--encoded", action="store_true", help="send a clip of --codec that was encoded beforehand")
    parser.add_argument(
        "--content", choices=("detail", "motion"), default="detail", help="as chosen on the sender page"
    )
    parser.add_argument("--no-sound", action="store_true", help="share the picture alone")
    parser.add_argument(
        "--against", nargs="*", choices=PEERS, default=["video"], help="Chromium's ways, GStreamer; none: ours alone"
    )
    parser.add_argument("--json", action="store_true", help="print the figures for programs")
    asked = parser.parse_args(argv)
    if asked.encoded and not asked.codec:
        parser.error("--encoded needs --codec: the clip is encoded before a receiver is asked")
    return asked


def cpu_s(root: psutil.Process) -> float:
    """CPU seconds of a process tree so far."""
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


async def leg(number: int, opening: Opening, source: Sender, asked: argparse.Namespace) -> Leg:
    """One receiver's turn."""
    async with asyncio.timeout(START_S + asked.warm_up + 2 * asked.seconds), opening() as receiver:
        later_ms = (number - 1) / asked.rounds * VSYNC_MS
        async with source.share(receiver, later_ms) as sharing:
            await asyncio.sleep(asked.warm_up)
            begun = await sharing.counters()
            seen = await receiver.watch(asked.seconds)
            watched = await sharing.counters()
            if (sent := await sharing.sent()) is not None:
                seen = figures.since_sent(seen, sent)
            await receiver.leave_alone()
            left, spent = await sharing.counters(), cpu_s(receiver.process)
            await asyncio.sleep(asked.seconds)
            ended, spent = await sharing.counters(), cpu_s(receiver.process) - spent
        assert seen.pictures, "no picture was shown"
        encoded = watched.frames_encoded - begun.frames_encoded
        mbps = (watched.bytes_sent - begun.bytes_sent) * 8 / 1000 / (watched.at_ms - begun.at_ms)
        cpu_ms = spent * 1000 / max(1, ended.frames_encoded - left.frames_encoded)
        return Leg(receiver.name, number, os.getloadavg()[0], seen, encoded, mbps, ended.codec, cpu_ms)


def peers(asked: argparse.Namespace) -> dict[str, Opening]:
    """Who is measured, ours first; those that can't be are named."""
    all_of_them: dict[str, Opening] = {
        "ours": lambda: ours(asked.size[0]),
        "video": lambda: browser("video", asked.size),
        "fastest": lambda: browser("fastest", asked.size),
        "gstreamer": lambda: gstreamer(asked.size),
    }
    if "gstreamer" in asked.against:
        why = missing() if asked.codec in (None, *GSTREAMER_CODECS) else f"Debian's GStreamer receives no {asked.codec}"
        if why:
            print(f"without GStreamer: {why}", file=sys.stderr)
            del all_of_them["gstreamer"]
    return {name: opening for name, opening in all_of_them.items() if name in ("ours", *asked.against)}


async def measure(asked: argparse.Namespace) -> tuple[dict[str, list[Leg]], bool]:
    """Each one's legs, and whether all went well."""
    sides = peers(asked)
    legs: dict[str, list[Leg]] = {name: [] for name in sides}
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # so that no process is left behind
    well = True
    made = await asyncio.to_thread(clip, asked.codec, asked.size, asked.fps) if asked.encoded else b""
    async with sender(asked.size, asked.fps, asked.codec, asked.content, not asked.no_sound, made) as source:
        for number in range(1, asked.rounds + 1):
            for name, opening in sides.items():
                try:
                    done = await leg(number, opening, source, asked)
                except (AssertionError, TimeoutError, OSError, PlaywrightError) as error:
                    well = False
                    print(f"round {number}, {name}: failed: {error or type(error).__name__}", file=sys.stderr)
                    continue
                legs[name].append(done)
                p50, p95 = (figures.figures([done])[f"latency {key}, ms"] for key in ("p50", "p95"))
                print(
                    f"round {number}, {name}: {done.codec}, p50 {p50:.1f} ms, p95 {p95:.1f} ms, load {done.load:.1f}",
                    file=sys.stderr,
                )
    return legs, well


def main(argv: list[str]) -> int:
    asked = options(argv)
    try:
        legs, well = asyncio.run(measure(asked))
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("interrupted", file=sys.stderr)
        return 130
    if asked.json:
        all_legs = [leg for side in legs.values() for leg in side]
        print(json.dumps([{**dataclasses.asdict(leg), "figures": figures.figures([leg])} for leg in all_legs]))
        return 0 if well else 1
    report(asked, legs)
    return 0 if well else 1


def report(asked: argparse.Namespace, legs: dict[str, list[Leg]]) -> None:
    """The tables, for people."""
    width, height = asked.size
    print(
        f"{width} × {height}, {asked.fps} frames/s, {asked.content}, {'no sound' if asked.no_sound else 'with sound'}"
    )
    if loads := [leg.load for side in legs.values() for leg in side]:
        print(f"{os.cpu_count()} cores, load average {min(loads):.1f} to {max(loads):.1f}, {asked.rounds} rounds")
    codecs = {leg.codec for side in legs.values() for leg in side}
    print(f"codec {codecs.pop()} on every side" if len(codecs) == 1 else f"NOT THE SAME CODEC: {codecs}")
    mine, *theirs = legs.values()
    if mine:
        print("\n" + figures.table(mine, *(side for side in theirs if side)))
        print("\n" + figures.way(mine))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
