"""A window under X11 or Wayland, by SDL: pictures are scaled straight into the window's own memory."""

import os
import time

import pygame

from receiver.errors import BackendUnavailable
from receiver.present.api import Flip, Output, View
from receiver.present.compose import Composer

REFRESH_HZ = 60
"""SDL's software surface has no VSync and pygame does not tell the screen's rate: the commonest is assumed."""

DRIVERS = ("x11", "wayland")
"""SDL's video drivers that are windows; it has others (kmsdrm, offscreen, dummy) to which it falls back in silence."""

SPOILING = {pygame.WINDOWSIZECHANGED, pygame.WINDOWEXPOSED}
"""Events after which the window's memory may be another, or hold something else."""


class WindowPresenter:
    """A resizable window, or the whole screen. A picture is shown when asked for: when it reaches the glass is for the
    compositor to decide, so no time is spent waiting for a VSync that can't be seen from here.

    Raises BackendUnavailable where no window can be opened.
    """

    output: Output = "window"

    def __init__(self, width: int, height: int, fullscreen: bool = False) -> None:
        # SDL would copy the surface through OpenGL; without a fast GPU that takes 8 ms at 720p, shared memory 0.5 ms.
        os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
        try:
            pygame.display.init()
            if pygame.display.get_driver() not in DRIVERS:
                raise pygame.error(f"SDL fell back to its {pygame.display.get_driver()} driver")
            pygame.display.set_caption("ddp-receiver")
            flags = pygame.FULLSCREEN if fullscreen else pygame.RESIZABLE
            pygame.display.set_mode((0, 0) if fullscreen else (width, height), flags, 32)
        except pygame.error as error:
            pygame.display.quit()
            raise BackendUnavailable(
                f"no window could be opened ({error}); start it inside a desktop session, and check that DISPLAY or "
                "WAYLAND_DISPLAY names a display that this user may use"
            ) from error
        pygame.mouse.set_visible(False)
        self.refresh_mhz = REFRESH_HZ * 1000
        self._composer = Composer()

    @property
    def size(self) -> tuple[int, int]:
        return pygame.display.get_surface().get_size()

    def next_vsync(self, after_ns: int) -> int:
        return after_ns

    def poll(self) -> bool:
        events = {event.type for event in pygame.event.get()}
        if events & SPOILING:
            self._composer.forget()
        return pygame.QUIT not in events

    def draw(self, view: View) -> None:
        self._composer.draw(view, pygame.display.get_surface())

    def flip(self) -> Flip:
        handed = time.monotonic_ns()
        pygame.display.flip()
        shown = time.monotonic_ns()
        return Flip(shown, handed, shown, shown)

    def snapshot(self) -> pygame.Surface:
        return pygame.display.get_surface().copy()

    def close(self) -> None:
        pygame.display.quit()
