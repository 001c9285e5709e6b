"""Every codec and size beside every peer, in one table of ratios: scripts/bench latency, over and over.

A cell's peers take turns in one run, so that all meet the same noise; cells follow one another. What each figure means
is told at scripts/bench latency. A sender that can't encode a cell at its rate (VP9 and AV1 at 1080p60 take more than
two cores have) sends fewer frames, to every receiver alike: the table names the frames a second that came.
"""

import argparse
import asyncio
import os
import sys
from typing import NamedTuple

from tests.bench import latency
from tests.bench._figures import ADDED_GOAL_MS, Leg, added, figures

GOALS = {"video": (0.4, 0.25), "fastest": (0.6, 0.6), "gstreamer": (1.0, 0.0)}
"""Of latency, p50 and p95, and of CPU time a frame."""
STEPS = (
    ("video", "latency"),
    ("video", "handed over"),
    ("fastest", "until decoded"),
    ("gstreamer", "until decoded"),
)
"""What is compared with whom. ``latency``: until our picture is on the glass and a browser's goes to the compositor;
``handed over``: until each goes to what shows it."""


class Cell(NamedTuple):
    codec: str
    size: tuple[int, int]
    fps: int

    @property
    def name(self) -> str:
        return f"{self.codec} {self.size[1]}p{self.fps}"


CELLS = [
    Cell(codec, size, fps)
    for size, fps in (((1280, 720), 30), ((1920, 1080), 30), ((1920, 1080), 60))
    for codec in latency.ENCODED
]


def ratios(mine: list[Leg], theirs: list[Leg], step: str) -> tuple[float, float, float]:
    """Ours to theirs: p50, p95, and CPU time a frame."""
    left, right = figures(mine), figures(theirs)
    keys = [f"latency {p}, ms" if step == "latency" else f"{step} {p}" for p in ("p50", "p95")]
    return (*(left[key] / right[key] for key in keys), left["CPU ms a frame"] / right["CPU ms a frame"])  # type: ignore[return-value]


def row(cell: Cell, legs: dict[str, list[Leg]], seconds: float) -> str:
    mine = legs.get("ours") or []
    if not mine:
        return f"{cell.name:14}  not measured"
    found = figures(mine)
    fps = found["frames shown"] / seconds / len(mine)
    text = f"{cell.name:14}{fps:6.1f}{found['latency p50, ms']:8.1f}{found['latency p95, ms']:7.1f}"
    text += f"{found['until decoded p50']:9.1f}{found['CPU ms a frame']:7.1f}{added(mine):7.1f}  "
    for peer, step in STEPS:
        theirs = legs.get(peer) or []
        cells = ratios(mine, theirs, step) if theirs else (float("nan"),) * 3
        text += "  |" + "".join("    –" if value != value else f"{value:5.2f}" for value in cells)
    return text


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench media", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=8.0, help="of each of a leg's two stretches (%(default)s)")
    parser.add_argument("--warm-up", type=float, default=8.0, help="seconds before that (%(default)s)")
    parser.add_argument("--rounds", type=int, default=1, help="legs of each receiver in a cell (%(default)s)")
    parser.add_argument(
        "--encoded", action="store_true", help="send clips encoded beforehand, as scripts/bench latency"
    )
    parser.add_argument("--sound", action="store_true", help="share the tab's sound too; pictures then wait for it")
    parser.add_argument("cells", nargs="*", help=f"some of: {', '.join(cell.name for cell in CELLS)}")
    asked = parser.parse_args(argv)
    chosen = [cell for cell in CELLS if not asked.cells or cell.name in asked.cells]
    if not chosen:
        parser.error(f"no such cell; there are: {', '.join(cell.name for cell in CELLS)}")
    print(
        f"{os.cpu_count()} cores, {asked.rounds} rounds of {asked.seconds:g} s, sound {'on' if asked.sound else 'off'}"
    )
    print(f"{'':41}{'':17}  " + "".join(f"  |{name:>15}" for name, _ in STEPS))
    print(f"{'':41}{'':17}  " + "".join(f"  |{step:>15}" for _, step in STEPS))
    print(
        f"{'':14}{'fps':>6}{'p50':>8}{'p95':>7}{'decoded':>9}{'CPU':>7}{'added':>7}  "
        + f"  |{'p50':>5}{'p95':>5}{'CPU':>5}" * len(STEPS)
    )
    well = True
    for cell in chosen:
        options = latency.options(["--codec", cell.codec, "--fps", str(cell.fps), "--against", *latency.PEERS])
        options.size, options.no_sound, options.rounds = cell.size, not asked.sound, asked.rounds
        options.content = "motion" if cell.fps > 30 else "detail"  # the page asks for 30 frames a second of detail
        options.seconds, options.warm_up, options.encoded = asked.seconds, asked.warm_up, asked.encoded
        legs, all_well = asyncio.run(latency.measure(options))
        well &= all_well
        print(row(cell, legs, asked.seconds), flush=True)
    print(
        "\np50, p95, decoded, CPU: ms of ours; added: ms from a frame's last packet to its being handed to"
        "\nthe screen, less its decoding, p95; then ours/theirs:"
        "\nlatency: ours until it is on the glass, the video's until it goes to the compositor; handed over: both until"
        "\nthey go to what shows them; until decoded: fastest and gstreamer show on no screen."
    )
    print("Goals: " + "; ".join(f"{name} ≤ {goal[0]}, CPU ≤ {goal[1] or '–'}" for name, goal in GOALS.items()))
    print(f"added ≤ {ADDED_GOAL_MS:.1f} ms (3 and a VSync).")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
