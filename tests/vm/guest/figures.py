"""In a guest: when flips are handed over, and when they are seen."""

import time
from dataclasses import dataclass

import av
import numpy as np
import pygame

from receiver.media import Picture, Stamps
from receiver.present.api import Placed, View
from receiver.present.kms import KmsPresenter

FLIPS = 300
SIZE = (640, 480)


@dataclass(frozen=True, slots=True)
class Shown:
    """In ns of CLOCK_MONOTONIC: drawing began, it was handed to the kernel, and it was on the screen."""

    began: int
    drawn: int
    handed: int
    seen: int


def pictures(size: tuple[int, int]) -> list[av.VideoFrame]:
    """Two decoded pictures of noise, so that nothing is the same from one to the next."""
    noise = np.random.default_rng(1).integers(16, 235, (2, size[1] * 3 // 2, size[0]), np.uint8)
    return [av.VideoFrame.from_ndarray(one, "yuv420p") for one in noise]


def run(screen: KmsPresenter, frames: list[av.VideoFrame], patches: bool, flips: int = FLIPS) -> list[Shown]:
    """Flip as often as there are VSyncs, one picture after the other."""
    width, height = frames[0].width, frames[0].height
    at = ((screen.size[0] - width) // 2, (screen.size[1] - height) // 2, width, height)
    note = pygame.Surface((200, 40), pygame.SRCALPHA)
    note.fill((255, 255, 255, 200))
    over = [(note, (20, 20))] if patches else []
    shown = []
    for number in range(flips):
        frame = frames[number % len(frames)]
        picture = Picture(1, number, width, height, frame, Stamps(None, 0, 0))
        began = time.monotonic_ns()
        screen.draw(View(None, [Placed(picture, at)], over))
        drawn = time.monotonic_ns()
        flip = screen.flip()
        shown.append(Shown(began, drawn, time.monotonic_ns() - flip.waited_ns, flip.on_screen_ns))
    return shown
