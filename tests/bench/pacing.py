"""Missed and doubled VSyncs: our pacer beside a presenter that shows each picture as soon as it is decoded.

Both meet the same pictures, network and screen on simulated clocks, at each jitter level and for each pair of frame
rate and refresh. A picture counts as doubled or missed where it is on a later or an earlier VSync than the ideal
cadence has for it, judged by those around it; what the screen has no VSync for (60 pictures on 50 Hz) does not count.
Sender and screen drift against us by 50 ppm each in opposite directions, timestamps are off by up to 0.3 ms, and the
presenter wakes up to 2 ms late. Nothing here is timed, so the figures are the same on every machine.
"""

import argparse
import sys
from collections.abc import Callable
from typing import Literal

from receiver.pace.pacer import Pacer
from tests.peers.cinema import Cast, Judder, Naive, Presents, Screen, judder, play, screen

RATES = [(24.0, 60), (24_000 / 1001, 60), (25.0, 60), (30.0, 60), (50.0, 60), (60.0, 60), (25.0, 50), (60.0, 50)]
JITTER_MS = (2.0, 8.0, 25.0)
SETTLED_S = 5
PPM = 50.0


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench pacing", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=2.0, help="of each stream (%(default)s; 10 for the record)")
    parser.add_argument("--jitter", type=float, nargs="+", default=JITTER_MS, help="ms of network jitter")
    return parser.parse_args(argv)


def measure(cast: Cast, tv: Screen, presenter: Presents) -> tuple[Judder, float]:
    """Its judder once the start is over, and its median latency in ms."""
    shown = [picture for picture in play(cast, tv, presenter, late_ms=2) if picture.number > cast.fps * SETTLED_S]
    latencies = sorted(picture.latency for picture in shown)
    return judder(shown, cast.fps, tv, cast.ppm), latencies[len(latencies) // 2] / 1e6


def ours(mode: Literal["smooth", "interactive"], tv: Screen) -> Presents:
    return Pacer(mode, tv.next_vsync, tv.period)


def main(argv: list[str]) -> int:
    asked = options(argv)
    sides: dict[str, Callable[[Screen], Presents]] = {
        "smooth": lambda tv: ours("smooth", tv),
        "interactive": lambda tv: ours("interactive", tv),
        "when decoded": lambda tv: Naive(),
    }
    print(f"{asked.minutes:g} minutes of each; doubled + missed VSyncs, and the median latency from capture to glass\n")
    print(
        f"{'pictures/s on Hz, jitter':28}" + "".join(f"{name:>26}" for name in sides) + f"{'smooth/when decoded':>22}"
    )
    total = dict.fromkeys(sides, 0)
    for jitter_ms in asked.jitter:
        for fps, hz in RATES:
            tv = screen(hz, -PPM)
            cast = Cast(fps, asked.minutes * 60, ppm=PPM, jitter_ms=jitter_ms, rough_ms=0.3)
            line = f"{f'{fps:.5g} on {hz}, {jitter_ms:g} ms':28}"
            off = {}
            for name, opening in sides.items():
                found, latency = measure(cast, tv, opening(tv))
                off[name] = found.late + found.early
                total[name] += off[name]
                line += f"{f'{found.late} + {found.early}, {latency:.0f} ms':>26}"
            print(line + ratio(off["smooth"], off["when decoded"]))
    print(f"\n{'all':28}" + "".join(f"{count:26}" for count in total.values()) + ratio(*(total[k] for k in ORDER)))
    return 0


ORDER = ("smooth", "when decoded")


def ratio(mine: int, theirs: int) -> str:
    return f"{mine / theirs:22.3f}" if theirs else f"{'–':>22}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
