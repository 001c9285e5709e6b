"""From what a receiver showed to the figures that are compared. Pure."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from statistics import mean
from typing import NamedTuple

import numpy as np

FREEZE_MS = 200.0
SENDER = "drawn → first packet (sender, network)"
ADDED = "complete → chosen, less decoding"
"""Of our own: what the receiver adds, from a frame's last packet to its being handed to the screen."""
ADDED_GOAL_MS = 3 + 1000 / 60
"""p95: three milliseconds and a VSync."""


class Shown(NamedTuple):
    """A picture on the glass at ``at_ms`` of the wall clock, ``age_ms`` after it was drawn; None: not readable.

    ``handed_ms``, ``decoded_ms``: how long after it was drawn it was handed to what shows it, and decoded, where the
    receiver can tell. ``parts``: for our own
    receiver, the ms that it spent on each part of its way.
    """

    at_ms: float
    age_ms: float | None
    frame: int | None
    decoded_ms: float | None = None
    handed_ms: float | None = None
    parts: Mapping[str, float] = {}


class Beginning(NamedTuple):
    """The first picture of a cast, on the glass at ``at_ms`` of the wall clock; ``segments``: ms of each part of its
    way, where they are known."""

    at_ms: float
    segments: dict[str, float]


@dataclass
class Seen:
    """What a receiver showed in a while. ``shown``: how many pictures, where it knows of more than it could note."""

    pictures: list[Shown]
    shown: int

    def parts(self, name: str) -> list[float]:
        return [picture.parts[name] for picture in self.pictures if name in picture.parts]


@dataclass
class Leg:
    """One receiver's turn. ``encoded``: frames that the sender encoded while it was ``seen``; ``cpu_ms``: the
    receiver's for each frame that the sender encoded, while nobody looked."""

    receiver: str
    round: int
    load: float
    seen: Seen
    encoded: int
    mbps: float
    codec: str
    cpu_ms: float


def since_sent(seen: Seen, sent: Sequence[tuple[float, int]]) -> Seen:
    """The same pictures, counted and aged from when each was sent; ``sent``: in order, wall clock in ms and the number
    that the picture carries, which comes again with each round of a clip."""
    rounds: dict[int, list[tuple[float, int]]] = {}
    for count, (at_ms, number) in enumerate(sent):
        rounds.setdefault(number, []).append((at_ms, count))
    return Seen([_since_sent(picture, rounds.get(picture.frame or 0, [])) for picture in seen.pictures], seen.shown)


def _since_sent(picture: Shown, sent: list[tuple[float, int]]) -> Shown:
    before = bisect_right(sent, picture.at_ms, key=lambda one: one[0])
    if picture.age_ms is None or not before:
        return picture._replace(age_ms=None, frame=None, decoded_ms=None, handed_ms=None)
    at_ms, count = sent[before - 1]
    more = picture.at_ms - at_ms - picture.age_ms
    parts = {name: ms + more if name == SENDER else ms for name, ms in picture.parts.items()}
    decoded, handed = (None if ms is None else ms + more for ms in (picture.decoded_ms, picture.handed_ms))
    return Shown(picture.at_ms, picture.age_ms + more, count & 0xFFFF, decoded, handed, parts)


def percentile(values: Sequence[float], share: float) -> float:
    return float(np.percentile(values, share * 100)) if values else float("nan")


def figures(legs: list[Leg]) -> dict[str, float]:
    """One receiver's figures over all its legs."""
    ages = [shown.age_ms for leg in legs for shown in leg.seen.pictures if shown.age_ms is not None]
    decoded = [shown.decoded_ms for leg in legs for shown in leg.seen.pictures if shown.decoded_ms is not None]
    handed = [shown.handed_ms for leg in legs for shown in leg.seen.pictures if shown.handed_ms is not None]
    shown = sum(leg.seen.shown for leg in legs)
    encoded = sum(leg.encoded for leg in legs)
    gaps = [gap for leg in legs for gap in np.diff([shown.at_ms for shown in leg.seen.pictures])]
    return {
        "latency p50, ms": percentile(ages, 0.50),
        "latency p95, ms": percentile(ages, 0.95),
        "latency p99, ms": percentile(ages, 0.99),
        "handed over p50": percentile(handed, 0.50),
        "handed over p95": percentile(handed, 0.95),
        "until decoded p50": percentile(decoded, 0.50),
        "until decoded p95": percentile(decoded, 0.95),
        "frames drawn": sum(map(drawn, legs)),
        "frames encoded": encoded,
        "frames shown": shown,
        "frames lost": max(0, encoded - shown),
        "not readable": sum(shown.age_ms is None for leg in legs for shown in leg.seen.pictures),
        f"freezes > {FREEZE_MS:.0f} ms": sum(bool(gap > FREEZE_MS) for gap in gaps),
        "CPU ms a frame": mean(leg.cpu_ms for leg in legs),
        "Mbit/s": mean(leg.mbps for leg in legs),
    }


def drawn(leg: Leg) -> int:
    """Frames that the pattern drew between the first and the last that was shown."""
    numbers = [shown.frame for shown in leg.seen.pictures if shown.frame is not None]
    return (numbers[-1] - numbers[0]) % 65536 + 1 if numbers else 0


def table(ours: list[Leg], *peers: list[Leg]) -> str:
    """Our figures, and beside each peer's how many times theirs ours are, as text."""
    left = figures(ours)
    lines = [f"{'':20}{'ours':>10}" + "".join(f"{legs[0].receiver:>21}{'ratio':>7}" for legs in peers)]
    for key, value in left.items():
        cells = ""
        for other in (figures(legs)[key] for legs in peers):
            known = other and not isnan(other)
            cells += f"{'–' if isnan(other) else format(other, '.1f'):>21}"
            cells += f"{value / other:7.2f}" if known else f"{'–':>7}"
        lines.append(f"{key:20}{value:10.1f}{cells}")
    return "\n".join(lines)


def added(legs: list[Leg]) -> float:
    """What our receiver adds to a frame beside its decoding, p95 in ms."""
    return percentile([ms for leg in legs for ms in leg.seen.parts(ADDED)], 0.95)


def way(legs: list[Leg]) -> str:
    """Where our pictures' time went, as text."""
    lines = [f"{'ours, part by part':38}{'p50, ms':>9}{'p95, ms':>9}"]
    for name in dict.fromkeys(name for leg in legs for picture in leg.seen.pictures for name in picture.parts):
        spent = [ms for leg in legs for ms in leg.seen.parts(name)]
        lines.append(f"{name:38}{percentile(spent, 0.5):9.1f}{percentile(spent, 0.95):9.1f}")
    verdict = "reached" if added(legs) <= ADDED_GOAL_MS else "MISSED"
    lines.append(f"\n  {verdict:8} added beside decoding, p95: {added(legs):.1f} ms, goal {ADDED_GOAL_MS:.1f}")
    return "\n".join(lines)
