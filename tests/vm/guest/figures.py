"""In a guest: when flips are handed over, when they are seen, and why they are missed."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import av
import numpy as np
import pygame

from receiver.media import Picture, Stamps
from receiver.pace.missed import Cause, Due, missed
from receiver.present.api import Flip, Placed, View
from receiver.present.kms import KmsPresenter

FLIPS = 300
SIZE = (640, 480)


@dataclass(frozen=True, slots=True)
class Shown:
    """In ns of CLOCK_MONOTONIC: drawing began and ended, and the flip's own times. ``cost``: of the flip, in ns of this
    thread's processor time."""

    began: int
    drawn: int
    flip: Flip
    cost: int


@dataclass(frozen=True, slots=True)
class Miss:
    """A flip that was not on the screen one VSync after the one before."""

    due_ns: int
    cause: Cause
    shown: Shown


def pictures(size: tuple[int, int]) -> list[av.VideoFrame]:
    """Two decoded pictures of noise, so that nothing is the same from one to the next."""
    noise = np.random.default_rng(1).integers(16, 235, (2, size[1] * 3 // 2, size[0]), np.uint8)
    return [av.VideoFrame.from_ndarray(one, "yuv420p") for one in noise]


def run(
    screen: KmsPresenter, frames: Sequence[av.VideoFrame], patches: bool, flips: int = FLIPS, seconds: float = 1e9
) -> list[Shown]:
    """Flip as often as there are VSyncs, one picture after the other, until either limit."""
    width, height = frames[0].width, frames[0].height
    at = ((screen.size[0] - width) // 2, (screen.size[1] - height) // 2, width, height)
    note = pygame.Surface((200, 40), pygame.SRCALPHA)
    note.fill((255, 255, 255, 200))
    over = [(note, (20, 20))] if patches else []
    shown: list[Shown] = []
    until = time.monotonic() + seconds
    while len(shown) < flips and time.monotonic() < until:
        number = len(shown)
        picture = Picture(1, number, width, height, frames[number % len(frames)], Stamps(None, 0, 0))
        began = time.monotonic_ns()
        screen.draw(View(None, [Placed(picture, at)], over))
        drawn, before = time.monotonic_ns(), time.thread_time_ns()
        shown.append(Shown(began, drawn, screen.flip(), time.thread_time_ns() - before))
    return shown


def misses(shown: Sequence[Shown], period: float) -> Iterator[Miss]:
    """By the product's own judgement; each flip is due one VSync after the one before."""
    render = float(np.median([one.flip.taken_ns - one.began for one in shown]))
    for before, one in pairwise(shown):
        due = round(before.flip.on_screen_ns + period)
        cause = missed(Due(due, round(due - render), 0), one.began, one.flip, before.flip, round(period))
        if cause is not None:
            yield Miss(due, cause, one)
