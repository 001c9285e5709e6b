"""In a guest: flips at every VSync, driver by driver, alone and beside the load of a busy box.

``python -m tests.vm.guest.flips SECONDS DRIVERS LOADS``, the latter two with commas: scripts/bench kms.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from receiver.errors import BackendUnavailable
from receiver.link import StreamLive, StreamStats
from receiver.present.drm.card import Card
from receiver.present.drm.modes import Wanted
from receiver.present.kms import KmsPresenter, Wish
from tests.peers.stage_process import StageProcess
from tests.vm.guest.figures import SIZE, Miss, misses, pictures, run
from tests.vm.guest.load import loaded, send
from tests.vm.guest.stalls import Stalls, watched

NICE = -10
"""As systemd/ddp-stage.service has it."""
DETAILS = 12


def card(driver: str) -> Path | None:
    for path in sorted(Path("/dev/dri").glob("card*")):
        with contextlib.suppress(BackendUnavailable):
            opened = Card(path)
            opened.close()
            if opened.driver == driver:
                return path
    return None


def spread(values: np.ndarray) -> str:
    """Median, 99th percentile and most, of ns, in ms."""
    return " / ".join(f"{value / 1e6:.1f}" for value in (*np.percentile(values, (50, 99)), values.max()))


def causes(found: list[Miss], stalls: Stalls) -> str:
    """Missed flips by cause; in brackets how many of them in a stall of the machine."""
    stalled = Counter(miss.cause for miss in found if stalls.within(miss.shown.began, miss.shown.flip.on_screen_ns))
    counted = Counter(miss.cause for miss in found)
    return ", ".join(f"{count} {cause} ({stalled[cause]} stalled)" for cause, count in counted.most_common()) or "none"


def detail(miss: Miss, stalls: Stalls) -> str:
    flip, due = miss.shown.flip, miss.due_ns
    times = (miss.shown.began, flip.handed_ns, flip.taken_ns, flip.on_screen_ns, flip.told_ns)
    about = " ".join(f"{(one - due) / 1e6:+.1f}" for one in times)
    stall = stalls.within(miss.shown.began, flip.on_screen_ns) / 1e6
    return f"    {miss.cause}: begun, handed, taken, shown, told at {about} ms about its VSync; stall {stall:.1f} ms"


def flips(path: Path, seconds: float, stalls: Stalls) -> None:
    screen = KmsPresenter(path, Wish(mode=Wanted(*SIZE)))
    try:
        period = 10**12 / screen.refresh_mhz
        began = time.monotonic_ns()
        shown = run(screen, pictures((64, 36)), patches=False, flips=10**9, seconds=seconds)
    finally:
        screen.close()
    stalls.look()
    seen = np.array([one.flip.on_screen_ns for one in shown])
    steps = np.diff(seen) / period
    counts = Counter(np.round(steps).astype(int).tolist())
    off = np.abs(steps - np.round(steps)).max()
    found = list(misses(shown, period))
    cost = np.array([one.cost for one in shown])
    glass = np.array([one.flip.on_screen_ns - one.flip.handed_ns for one in shown])
    told = np.array([one.flip.told_ns - one.flip.on_screen_ns for one in shown])
    still = np.diff(stalls.found[stalls.found[:, 0] > began])
    print(f"  {len(shown)} flips; VSyncs from one to the next: {dict(sorted(counts.items()))}, off the grid {off:.3f}")
    print(f"  a flip costs {spread(cost)} ms of a processor, median, 99th percentile and most")
    print(f"  handed over to glass {spread(glass)} ms; glass to told {spread(told)} ms")
    print(f"  missed: {len(found)}: {causes(found, stalls)}")
    early = [miss for miss in found if miss.shown.flip.handed_ns < miss.due_ns - period / 2]
    print(f"  of those, handed over half a period before their VSync, as the pacer does: {causes(early, stalls)}")
    whole, longest = still.sum() / 1e6, still.max(initial=0) / 1e6
    print(f"  the machine stood still {len(still)} times, {whole:.0f} ms in all, {longest:.0f} ms at most")
    detailed = [miss for cause in ("driver_late", "taken_late") for miss in found if miss.cause == cause]
    for miss in detailed[:DETAILS]:
        print(detail(miss, stalls))


async def cast(seconds: float) -> None:
    """The product itself: a cast on the screen, and what its own counters say."""
    stage = await StageProcess.start("--output", "kms", "--sound", "null")
    await stage.is_ready()
    sending = asyncio.create_task(send(stage.attach(1)))
    await stage.expect(StreamLive)
    until = time.monotonic() + seconds
    stats = await stage.expect(StreamStats, lambda stats: time.monotonic() > until)
    sending.cancel()
    print(f"  {stats.frames_presented} pictures on the screen at {stats.fps:.1f} a second, dropped {stats.dropped}")
    print(f"  missed: {stats.missed or 'none'}", flush=True)
    await stage.stop()


def main(seconds: float, drivers: list[str], loads: list[str]) -> None:
    os.nice(NICE)
    StageProcess.patience_s = seconds + 150
    with watched() as stalls:
        for load in loads:
            with loaded() if load == "busy" else contextlib.nullcontext():
                for driver in drivers:
                    print(f"{driver}, {load}:", flush=True)
                    if driver == "cast":
                        asyncio.run(cast(seconds))
                    elif (path := card(driver)) is not None:
                        flips(path, seconds, stalls)
                    else:
                        print("  this guest has no such card")


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2].split(","), sys.argv[3].split(","))
