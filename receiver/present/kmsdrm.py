"""The whole screen by SDL's kmsdrm driver: for a card that our own KMS can't use, such as one without plain memory.

SDL draws through OpenGL ES, so it needs Mesa, and reaches cards by way of GBM. What it lacks beside KMS: pictures are
composed in memory and never go into planes; the connector is the first one with a screen, and the mode is the screen's
own; it doesn't notice plugs, and has no standby. It gives way to other virtual terminals, but only from the one that
this process was started at, and takes the screen at its start whichever is in front.

SDL tells no times. It queues each flip, and that is done at the next VSync: when those are is read from the kernel,
which tells anyone who has the card open. Where the GPU still draws by then it is a VSync later, and nobody says so.
"""

import ctypes
import os
import time
from contextlib import ExitStack
from pathlib import Path

import pygame

from receiver.errors import BackendUnavailable
from receiver.present.api import Flip, Output, View
from receiver.present.compose import Composer
from receiver.present.drm.card import Card
from receiver.present.drm.modes import parse
from receiver.present.drm.terminal import Terminal
from receiver.present.kms import NO_CONNECTOR
from receiver.present.sdl import SystemSdlNeeded, drivers, system_has

DRIVER = "KMSDRM"
"""As SDL lists it."""

ENVIRONMENT = {
    "SDL_VIDEODRIVER": "kmsdrm",
    # Without libGL, SDL draws its "opengl" in a context of OpenGL ES, which has none of those calls: all stays black.
    "SDL_RENDER_DRIVER": "opengles2",
    "SDL_RENDER_VSYNC": "1",  # otherwise flips tear, on cards that can flip at once
    "SDL_FRAMEBUFFER_ACCELERATION": "1",
    "SDL_INPUT_LINUX_KEEP_KBD": "1",  # otherwise Ctrl+Alt+F2 never reaches the kernel
    "MESA_SHADER_CACHE_DISABLE": "true",  # two small ones; and on a box the stage has no home to keep them in
}

NO_DRIVER = "pygame's SDL {version} is built without the kmsdrm driver; install libsdl2-2.0-0, as new or newer"
NO_MESA = "{library}, by which SDL draws, is missing; install libgl1-mesa-dri, libegl1 and libgles2"
MESAS = ("libEGL.so.1", "libGLESv2.so.2")
REFUSED = "SDL's kmsdrm driver can't use {path} ({error}); check that libgl1-mesa-dri is installed"
SHOWS_NOTHING = "SDL's kmsdrm driver opened {path}, but its screen shows none of what is drawn"


def lack() -> str | None:
    """Why SDL can't do it here, whatever the card; None where it can."""
    if DRIVER not in drivers() and not system_has(DRIVER):
        return NO_DRIVER.format(version=".".join(map(str, pygame.get_sdl_version())))
    for library in MESAS:
        try:
            ctypes.CDLL(library)
        except OSError:
            return NO_MESA.format(library=library)
    return None


class KmsdrmPresenter:
    """The first screen of one card. Raises BackendUnavailable where there is none or SDL can't use it, and
    SystemSdlNeeded where the system's SDL may."""

    output: Output = "kmsdrm"

    def __init__(self, path: Path, terminal: Terminal | None = None) -> None:
        with ExitStack() as undo:
            card = self._card = Card(path, draws=False)
            undo.callback(card.close)
            if not any(one.connected and one.modes for one in card.connectors_and_crtcs()[0]):
                raise BackendUnavailable(NO_CONNECTOR.format(path=path))
            if (why := lack()) is not None:
                raise BackendUnavailable(why)
            if DRIVER not in drivers():
                raise SystemSdlNeeded
            self._before = before = {crtc.fb for crtc, _ in card.shown()}
            card.drop()  # the master has to be SDL
            self._terminal = terminal if terminal is not None and terminal.claim(asks=False) else None
            if self._terminal is not None:
                undo.callback(self._terminal.restore)
            undo.callback(pygame.display.quit)
            self._open(path)
            connector = next(one for one in card.connectors_and_crtcs()[0] if one.connected and one.modes)
            shown = card.crtc(connector.crtc) if connector.crtc else None
            if shown is None or not shown.mode_valid or not shown.fb or shown.fb in before:
                raise BackendUnavailable(SHOWS_NOTHING.format(path=path))  # SDL only logs what the kernel refuses
            self._undo = undo.pop_all()
        mode = parse(bytes(shown.mode))
        self.refresh_mhz = mode.refresh_mhz
        self.size_mm = connector.size_mm
        self._crtc = shown.id
        self._name = f"{connector.name} of {path.name} ({card.driver}), {mode}"
        self._vblank_ns = self._vblank()
        self._away = False
        self._composer = Composer()

    def _open(self, path: Path) -> None:
        os.environ.update(ENVIRONMENT, SDL_KMSDRM_DEVICE_INDEX=path.name.removeprefix("card"))
        try:
            pygame.display.init()
            pygame.display.set_mode((0, 0), pygame.FULLSCREEN, 32)
            pygame.mouse.set_visible(False)
            pygame.display.flip()
        except pygame.error as error:
            raise BackendUnavailable(REFUSED.format(path=path, error=error)) from error

    def _vblank(self) -> int | None:
        """When the last one was; None where the driver has none."""
        vblank = self._card.vblank(self._crtc)
        return None if vblank is None else vblank or time.monotonic_ns()

    def __str__(self) -> str:
        return self._name

    @property
    def size(self) -> tuple[int, int]:
        return pygame.display.get_surface().get_size()

    def next_vsync(self, after_ns: int) -> int:
        if self._vblank_ns is None:
            return after_ns
        return after_ns + (self._vblank_ns - after_ns) % (10**12 // self.refresh_mhz)

    def poll(self) -> bool:
        events = pygame.event.get()  # in here SDL gives way to another terminal, or takes the screen back
        front = self._terminal is None or self._terminal.in_front
        if front and (self._away or self._card.crtc(self._crtc).fb in self._before):  # away and back between two looks
            pygame.display.flip()
        self._away = not front
        return all(event.type != pygame.QUIT for event in events)

    def draw(self, view: View) -> None:
        self._composer.draw(view, pygame.display.get_surface())

    def flip(self) -> Flip:
        handed = time.monotonic_ns()
        pygame.display.flip()
        taken = time.monotonic_ns()
        time.sleep((self.next_vsync(taken) - taken) / 1e9)
        self._vblank_ns = self._vblank()
        return Flip(self.next_vsync(taken), handed, taken, time.monotonic_ns())

    def snapshot(self) -> pygame.Surface:
        return pygame.display.get_surface().copy()

    def close(self) -> None:
        self._undo.close()
