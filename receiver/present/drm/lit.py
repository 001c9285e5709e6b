"""One connector that shows one mode: a view becomes the state of planes, and one commit puts it on the glass."""

import contextlib
import errno
import logging
import time
from contextlib import ExitStack

from receiver.errors import BackendUnavailable, ReceiverError
from receiver.present.api import View
from receiver.present.compose import Composer
from receiver.present.drm.buffer import Buffer
from receiver.present.drm.card import Card
from receiver.present.drm.direct import Direct
from receiver.present.drm.modes import Mode, Route, Wanted, at_other_rates, by_preference
from receiver.present.drm.scanout import OFF, AtomicScanout, LegacyScanout, Scanout, State, placed
from receiver.present.drm.spent import ThreadClock, done_ns

log = logging.getLogger(__name__)

EVENT_TIMEOUT_S = 0.25
"""A flip comes within two periods, and the slowest screens show 23.976 pictures a second."""

STUCK_NS = 2_000_000_000
"""A driver that takes no new picture for so long is broken; a new process is the only cure."""

NO_MODE = "the driver {driver} of {path} takes none of the modes of {connector} ({error})"


class Lit:
    """Raises BackendUnavailable where the driver takes no mode. What was shown before is the caller's to restore."""

    def __init__(self, card: Card, route: Route, wanted: Wanted | None) -> None:
        self._card = card
        self.route = route
        with ExitStack() as undo:
            self._scanout: Scanout = AtomicScanout(card, route) if card.atomic else LegacyScanout(card, route)
            undo.callback(self._scanout.close)
            self._clock = ThreadClock()
            undo.callback(self._clock.close)
            self.mode = self.own_mode = self._start(undo, wanted)
            self.rates = at_other_rates(route.connector.modes, self.mode) | {self.mode.refresh_mhz: self.mode}
            """Modes of this size by their rates in mHz."""
            self._composer = Composer()
            self._direct: Direct | None = None
            if any(len(plane.formats) > 1 for plane in route.layers):
                self._direct = Direct(card, route, self._scanout, self.size)
                undo.callback(self._direct.close)
            self._undo = undo.pop_all()
        self.vblank_ns = self._vblank()
        """When a vblank was; None where the driver has none, and flips at once."""
        self._shown: State = {}
        self._next: State = {}
        self._flipping = False
        self._layers = {plane.id: {**OFF, **plane.upright} for plane in route.layers}
        whole, upright = (0, 0, *self.size), self._layers.get(route.plane, {})
        self._whole = [upright | placed(buffer.framebuffer, route.crtc, self.size, whole) for buffer in self._buffers]
        self.direct = False
        """Whether the view that was drawn last went into planes uncomposed."""

    @property
    def size(self) -> tuple[int, int]:
        return self.mode.width, self.mode.height

    def _start(self, undo: ExitStack, wanted: Wanted | None) -> Mode:
        """The first mode that the driver takes. Buffers live until ``undo``."""
        refusal = ""
        for mode in by_preference(self.route.connector.modes, wanted):
            with ExitStack() as attempt:
                try:
                    self._buffers = [self._buffer(mode, attempt) for _ in range(2)]
                    self._scanout.start(mode, self._buffers[0].framebuffer)
                except OSError as error:
                    refusal = error.strerror or str(error)
                    continue
                undo.push(attempt.pop_all())
                return mode
        card, name = self._card, self.route.connector.name
        raise BackendUnavailable(NO_MODE.format(driver=card.driver, path=card.path, connector=name, error=refusal))

    def _buffer(self, mode: Mode, attempt: ExitStack) -> Buffer:
        buffer = Buffer(self._card, (mode.width, mode.height))
        attempt.callback(buffer.close)
        return buffer

    def __str__(self) -> str:
        return f"{self.route.connector.name} of {self._card.path.name} ({self._card.driver}), {self.mode}"

    def next_vsync(self, after_ns: int) -> int:
        """On the grid of vblanks; at once where there is none."""
        return after_ns if self.vblank_ns is None else after_ns + (self.vblank_ns - after_ns) % self.period_ns

    def measure(self) -> None:
        """Look at the grid anew: the screen's clock and ours drift apart."""
        if self.vblank_ns is not None:
            self.vblank_ns = self._card.vblank(self.route.crtc) or self.vblank_ns

    def draw(self, view: View) -> None:
        """Make the state that ``flip`` commits."""
        shown = frozenset(plane["FB_ID"] for plane in self._shown.values())
        state = None
        if self._direct is not None:
            self._direct.keep({one.picture.stream for one in view.pictures}, shown)
            with contextlib.suppress(OSError):  # no memory, or no longer the master: the flip tells of the latter
                state = self._direct.state(view, shown)
        self.direct = state is not None
        if state is None:
            back = 1 if self._whole[0]["FB_ID"] in shown else 0
            self._composer.draw(view, self._buffers[back].surface)
            state = {**self._layers, self.route.plane: self._whole[back]}
        self._next = state

    def flip(self) -> tuple[int, int | None]:
        """Commit what was drawn and wait until it is shown: when the card had taken it, and when it was shown; None if
        the card does not tell in time.

        Raises ReceiverError where the card takes no more pictures; PermissionError where we are no longer its master.
        """
        before, handed = self._clock.read(), time.monotonic_ns()
        self._commit(self._next, handed + STUCK_NS)
        taken, spent = time.monotonic_ns(), self._clock.read().since(before)
        self._shown = self._next
        self._flipping = True
        shown = self._flipped()
        if self._scanout.waits:
            taken = done_ns(handed, spent, taken, shown)
        if shown is not None and self.vblank_ns is not None:
            self.vblank_ns = shown
        return taken, shown

    def _commit(self, state: State, until_ns: int) -> None:
        """Hand over what differs from what is shown. An earlier flip that was never told of may still be under way."""
        changed = {number: new for number, new in state.items() if self._shown.get(number) != new} or state
        while True:
            if self._flipping:
                self._flipped()
            try:
                return self._scanout.flip(changed)
            except PermissionError:
                raise
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

    def _vblank(self) -> int | None:
        vblank = self._card.vblank(self.route.crtc)
        return None if vblank is None else vblank or time.monotonic_ns()

    @property
    def period_ns(self) -> int:
        return 10**12 // self.mode.refresh_mhz

    def change(self, refresh_mhz: int) -> None:
        """Show at another one of ``rates``. One that the driver refuses is none of them any more."""
        mode = self.rates[refresh_mhz]
        try:
            self._scanout.change(mode)
        except OSError as error:
            log.warning("%s can't show %s: %s", self, mode, error)
            del self.rates[refresh_mhz]
            return
        self.mode = mode
        self.vblank_ns = self._vblank()

    def stop(self) -> None:
        """Turn the screen off."""
        try:
            self._scanout.stop()
        except OSError as error:
            log.debug("%s can't be turned off: %s", self, error)

    def close(self) -> None:
        """Free the buffers; what is shown by then is the caller's."""
        self._shown = {}
        self._undo.close()
