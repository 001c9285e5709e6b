"""Straight to the screen through the kernel (KMS): two frame buffers, turned over at VSync. No display server."""

import errno
import logging
import time
from contextlib import ExitStack
from pathlib import Path

import pygame

from receiver.errors import BackendUnavailable, ReceiverError
from receiver.present.api import Flip, Output, View
from receiver.present.compose import Composer
from receiver.present.drm import abi
from receiver.present.drm.buffer import Buffer
from receiver.present.drm.card import Card
from receiver.present.drm.modes import Mode, Route, by_preference, choose_route
from receiver.present.drm.scanout import AtomicScanout, LegacyScanout, Scanout

log = logging.getLogger(__name__)

EVENT_TIMEOUT_S = 0.25
"""A flip comes within two periods, and the slowest screens show 23.976 pictures a second."""

STUCK_NS = 2_000_000_000
"""A driver that takes no new picture for so long is broken; a new process is the only cure."""

VSYNC_AGE_NS = 1_000_000_000
"""The grid of VSyncs is measured anew when it is older: the screen's clock and ours drift apart."""

NO_CONNECTOR = "no screen is connected to {path}; plug one in and turn it on"
NO_MODE = "the driver {driver} of {path} takes none of the modes of {connector} ({error})"


class KmsPresenter:
    """The first screen of one card, in the screen's preferred mode.

    Raises BackendUnavailable where there is no such card, no screen on it, or another process has it.
    """

    output: Output = "kms"

    def __init__(self, path: Path) -> None:
        with ExitStack() as undo:
            card = self._card = Card(path)
            undo.callback(card.close)
            connectors, crtcs = card.connectors_and_crtcs()
            route = choose_route(connectors, crtcs, card.planes() if card.atomic else [])
            if route is None:
                raise BackendUnavailable(NO_CONNECTOR.format(path=path))
            self._route: Route = route
            self._scanout: Scanout = AtomicScanout(card, route) if card.atomic else LegacyScanout(card, route)
            undo.callback(self._scanout.close)
            before = card.crtc(route.crtc)
            self._mode = self._start(undo)
            undo.callback(self._restore, before)
            self._undo = undo.pop_all()
        self.size = (self._mode.width, self._mode.height)
        self.refresh_mhz = self._mode.refresh_mhz
        self._period_ns = 10**12 // self.refresh_mhz
        vblank = card.vblank(route.crtc)
        self._vblank_ns = None if vblank is None else vblank or time.monotonic_ns()
        self.size_mm = self._route.connector.size_mm
        self._asleep = False
        self._flipping = False
        self._silent = False
        self._view: View | None = None
        self._composer = Composer()

    def _start(self, undo: ExitStack) -> Mode:
        """The first mode that the driver takes. Buffers live until ``undo``."""
        refusal = ""
        for mode in by_preference(self._route.connector.modes):
            with ExitStack() as attempt:
                try:
                    self._buffers = [self._buffer(mode, attempt) for _ in range(2)]
                    self._scanout.start(mode, self._buffers[0].framebuffer)
                except OSError as error:
                    refusal = error.strerror or str(error)
                    continue
                undo.push(attempt.pop_all())
                return mode
        card, name = self._card, self._route.connector.name
        raise BackendUnavailable(NO_MODE.format(driver=card.driver, path=card.path, connector=name, error=refusal))

    def _buffer(self, mode: Mode, attempt: ExitStack) -> Buffer:
        buffer = Buffer(self._card, mode.width, mode.height)
        attempt.callback(buffer.close)
        return buffer

    def __str__(self) -> str:
        return f"{self._route.connector.name} of {self._card.path.name} ({self._card.driver}), {self._mode}"

    def next_vsync(self, after_ns: int) -> int:
        vblank = self._vblank_ns
        return after_ns if vblank is None else after_ns + (vblank - after_ns) % self._period_ns

    def poll(self) -> bool:
        if self._vblank_ns is not None and time.monotonic_ns() - self._vblank_ns > VSYNC_AGE_NS:
            self._vblank_ns = self._card.vblank(self._route.crtc) or self._vblank_ns
        return True

    def draw(self, view: View) -> None:
        self._view = view
        self._composer.draw(view, self._buffers[1].surface)

    def flip(self) -> Flip:
        began = time.monotonic_ns()
        self._commit(began + STUCK_NS)
        self._buffers.reverse()
        asked = time.monotonic_ns()
        self._flipping = True
        shown = self._flipped()
        waited = time.monotonic_ns() - asked
        if shown is None:
            if not self._silent:
                log.warning("%s did not tell within %.2f s that a picture was shown", self, EVENT_TIMEOUT_S)
            self._silent = True
            return Flip(time.monotonic_ns(), waited)
        self._silent = False
        if self._vblank_ns is not None:
            self._vblank_ns = shown
        return Flip(shown, waited)

    def _commit(self, until_ns: int) -> None:
        """Hand the back buffer over. An earlier flip that was never told of may still be under way."""
        while True:
            if self._flipping:
                self._flipped()
            try:
                return self._scanout.flip(self._buffers[1].framebuffer)
            except OSError as error:
                if error.errno != errno.EBUSY or time.monotonic_ns() > until_ns:
                    raise ReceiverError(f"{self} takes no more pictures ({error.strerror})") from error
                self._flipping = True

    def _flipped(self) -> int | None:
        """When the flip under way was shown; None if the card does not tell in time."""
        for flipped in self._card.flips(EVENT_TIMEOUT_S):
            self._flipping = False
            return flipped.ns
        return None

    def sleep(self) -> None:
        self._asleep = self._card.power(self._route.connector.id, on=False)
        if not self._asleep:
            log.warning("%s can't be sent to standby; it shows black", self)

    def wake(self) -> None:
        if self._asleep:
            self._card.power(self._route.connector.id, on=True)
            self._asleep = False

    def snapshot(self) -> pygame.Surface:
        """Composed anew: reading the card's memory back is slow on most boards."""
        surface = pygame.Surface(self.size, pygame.SRCALPHA, 32)
        if self._view is not None:
            self._composer.draw(self._view, surface)
        return surface

    def _restore(self, before: abi.Crtc) -> None:
        """What was there before us: the console, or nothing."""
        shown = before.mode_valid and before.fb
        try:
            self._card.set_crtc(
                before if shown else abi.Crtc(id=before.id), [self._route.connector.id] if shown else []
            )
        except OSError as error:
            log.warning("what %s showed before can't be shown again (%s)", self, error.strerror)

    def close(self) -> None:
        self._view = None
        self._undo.close()
