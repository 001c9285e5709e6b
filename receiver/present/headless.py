"""No screen: a clock that ticks as one would, and the last view kept for whoever asks for a snapshot."""

import time

import pygame

from receiver.present.api import Flip, Output, View
from receiver.present.compose import Composer

PERIOD_NS = 16_666_667
"""60 Hz; a VSync comes at each multiple of it on CLOCK_MONOTONIC, so all such screens of a machine tick together."""


class HeadlessPresenter:
    """Shows nothing at 60 Hz. Pictures are composed only when a snapshot is asked for, so they cost nothing."""

    output: Output = "headless"

    def __init__(self, width: int, height: int) -> None:
        self.size = (width, height)
        self.refresh_mhz = 60_000
        self._view: View | None = None
        self._composer = Composer()

    def next_vsync(self, after_ns: int) -> int:
        return after_ns + -after_ns % PERIOD_NS

    def poll(self) -> bool:
        return True

    def draw(self, view: View) -> None:
        self._view = view

    def flip(self) -> Flip:
        began = time.monotonic_ns()
        vsync = self.next_vsync(began)
        while (left := vsync - time.monotonic_ns()) > 0:
            time.sleep(left / 1e9)
        return Flip(vsync, began, began, time.monotonic_ns())

    def snapshot(self) -> pygame.Surface:
        surface = pygame.Surface(self.size, 0, 32)
        if self._view is not None:
            self._composer.draw(self._view, surface)
        return surface

    def close(self) -> None:
        self._view = None
