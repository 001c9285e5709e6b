"""Straight to the screen through the kernel (KMS), without a display server, through pulled plugs.

Where there are several screens, one shows: that of ``output.connector``, else the first that is plugged in. The others
are off. When its plug is pulled, another one of the card takes over, and keeps the picture until it is pulled itself or
the owner's choice is back; while there is none, time goes on as at 60 Hz, as it does while another virtual terminal is
in front of ours.
"""

import logging
import time
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pygame

from receiver.errors import BackendUnavailable
from receiver.present.api import Flip, Output, View
from receiver.present.compose import Composer
from receiver.present.drm import abi
from receiver.present.drm.card import Card
from receiver.present.drm.lit import EVENT_TIMEOUT_S, Lit
from receiver.present.drm.modes import Route, Wanted, choose_route
from receiver.present.drm.terminal import Terminal
from receiver.present.drm.uevent import Hotplug

log = logging.getLogger(__name__)

LOOK_NS = 1_000_000_000
"""How often plugs and the grid of VSyncs are looked at."""

SETTLE_NS = 300_000_000
"""A plug that is pushed in slowly tells so several times."""

RETRY_NS = 5_000_000_000
"""A screen that could not be used is tried again."""

PERIOD_NS = 16_666_667
NO_SIZE, NO_RATE_MHZ = (1280, 720), 60_000
"""While there has been no screen to tell."""

SLEPT_NS = 200_000_000
"""The clock that counts suspended time is ahead by so much more: the machine slept, and its screen may be another."""

NO_CONNECTOR = "no screen is connected to {path}; plug one in and turn it on"
NO_SUCH = "{path} has no connector {connector}; there are {others}"


@dataclass(frozen=True, slots=True)
class Wish:
    """``connector``: its name, such as HDMI-A-1, which goes before all others; empty: the first. ``mode``: None for the
    screen's own. ``keep_rate``: whatever is shown."""

    connector: str = ""
    mode: Wanted | None = None
    keep_rate: bool = False


class KmsPresenter:
    """A screen of one card. Raises BackendUnavailable where there is no such card, no screen on it, or another process
    has it. ``patient``: a card without a screen will do, until one is plugged in. ``terminal``: the one that we are at;
    it is claimed, and while it is not in front nothing is shown."""

    output: Output = "kms"

    def __init__(
        self, path: Path, wish: Wish | None = None, patient: bool = False, terminal: Terminal | None = None
    ) -> None:
        self._wish = wish or Wish()
        self._terminal: Terminal | None = None
        self._away = self._robbed = False
        self._lit: Lit | None = None
        self._before: list[tuple[abi.Crtc, list[int]]] | None = None
        self._at = ""
        with ExitStack() as undo:
            undo.callback(self._leave_terminal)
            card = self._card = Card(path)
            undo.callback(card.close)
            undo.callback(self._go_dark)
            undo.callback(self._restore)
            self._hotplug = Hotplug(path)
            undo.callback(self._hotplug.close)
            self.size, self.refresh_mhz, self.size_mm = NO_SIZE, NO_RATE_MHZ, (0, 0)
            self._name = f"{path.name} ({card.driver}), which waits for a screen to be plugged in"
            names, wanted = [one.name for one in card.connectors_and_crtcs()[0]], self._wish.connector
            if wanted and wanted not in names:
                raise BackendUnavailable(NO_SUCH.format(path=path, connector=wanted, others=", ".join(names)))
            route = self._route()
            if route is None and not patient:
                raise BackendUnavailable(NO_CONNECTOR.format(path=path))
            if terminal is not None and terminal.claim():
                self._terminal = terminal
            if self._terminal is not None and not self._terminal.in_front:
                self._step_back()
            elif route is not None:
                self._light(route)
            self._undo = undo.pop_all()
        self._asleep = False
        self._anew = False
        self._silent = False
        self._looked_ns = self._start_ns = time.monotonic_ns()
        self._look_at: int | None = None
        self._slept_ns = _slept()
        self._view: View | None = None
        self._composer = Composer()

    def _light(self, route: Route) -> Lit:
        """Raises BackendUnavailable where the driver takes no mode."""
        if self._before is None:
            self._before = self._card.shown()
        lit = self._lit = Lit(self._card, route, self._wish.mode)
        self._at = route.connector.name
        self.size = lit.size
        self.size_mm = lit.route.connector.size_mm
        self._tell(lit)
        return lit

    def _tell(self, lit: Lit) -> None:
        self.refresh_mhz = lit.mode.refresh_mhz
        self._name = str(lit)

    def _route(self) -> Route | None:
        """To the screen that the owner chose, else to the one that has shown last."""
        connectors, crtcs = self._card.connectors_and_crtcs()
        planes = self._card.planes() if self._card.atomic else []
        return choose_route(connectors, crtcs, planes, [self._wish.connector, self._at])

    def __str__(self) -> str:
        return self._name

    @property
    def direct(self) -> bool:
        """Whether the last view went to the screen's planes without being composed."""
        return self._lit is not None and self._lit.direct

    def next_vsync(self, after_ns: int) -> int:
        lit = self._lit
        return after_ns + (self._start_ns - after_ns) % PERIOD_NS if lit is None else lit.next_vsync(after_ns)

    def poll(self) -> bool:
        if self._terminal is not None:
            self._follow(self._terminal)
        now = time.monotonic_ns()
        if now - self._looked_ns > LOOK_NS:
            self._looked_ns = now
            slept, self._slept_ns = _slept() - self._slept_ns, _slept()
            if self._hotplug.changed() or slept > SLEPT_NS:
                self._look_at = now + SETTLE_NS
                self._anew |= slept > SLEPT_NS
            elif self._lit is not None and not self._away:
                self._lit.measure()
            if self._robbed and self._card.take():
                self._come_back()
        if self._look_at is not None and now >= self._look_at and not self._away and not self._asleep:
            self._look_at = None
            self._look()
        return True

    def _follow(self, terminal: Terminal) -> None:
        """Another terminal gets the screen when we have let go; it is set up anew when ours has it again."""
        turn = terminal.turn()
        if turn == "leave":
            log.info("%s gives way to another terminal", self)
            self._step_back()
            terminal.left()
        elif turn == "come" and self._card.take():
            self._come_back()
        elif turn == "come":
            self._away = self._robbed = True

    def _step_back(self) -> None:
        self._away, self._robbed = True, False
        self._card.drop()

    def _leave_terminal(self) -> None:
        if self._terminal is not None:
            self._terminal.restore()

    def _come_back(self) -> None:
        """Others have shown what they liked: start anew."""
        self._away = self._robbed = False
        self._go_dark()
        self._look()
        if self._asleep:
            self.sleep()
        log.info("%s is ours again", self)

    def _look(self) -> None:
        """See what is plugged in, and show on that."""
        route, lit, size = self._route(), self._lit, self.size
        if lit is not None and route is not None and not self._anew and self._same(lit, route):
            return
        self._anew = False  # some cards lose in suspend what was shown, and even its memory
        if lit is not None and route is None:
            log.warning("the screen of %s is gone", self)
        if lit is not None:
            lit.stop()
        self._go_dark()
        if route is None:
            return
        try:
            lit = self._light(route)
        except (BackendUnavailable, OSError) as error:
            log.warning("the screen that was plugged in can't be used: %s", error)
            self._look_at = time.monotonic_ns() + RETRY_NS
            return
        log.info("shows on %s", self)
        if self._view is not None and lit.size == size:  # else a view of the new size is on its way
            lit.draw(self._view)
            lit.flip()

    def _same(self, lit: Lit, route: Route) -> bool:
        before, now = lit.route.connector, route.connector
        _, broken = self._card.properties(now.id, abi.OBJECT_CONNECTOR).get("link-status", (0, 0))
        return (before.id, before.modes) == (now.id, now.modes) and not broken

    def _go_dark(self) -> None:
        if self._lit is not None:
            self._lit.close()
            self._lit = None

    def draw(self, view: View) -> None:
        self._view = view
        if self._lit is not None and not self._away:
            self._lit.draw(view)

    def flip(self) -> Flip:
        began = time.monotonic_ns()
        if self._lit is None or self._away:
            vsync = self.next_vsync(began)
            time.sleep(max(0, vsync - began) / 1e9)
            return Flip(vsync, began, began, time.monotonic_ns())
        try:
            taken, shown = self._lit.flip()
        except PermissionError:
            log.warning("another program has taken %s", self)
            self._away = self._robbed = True
            return Flip(began, began, began, began)
        if shown is None and not self._silent:
            log.warning("%s did not tell within %.2f s that a picture was shown", self, EVENT_TIMEOUT_S)
        self._silent = shown is None
        told = time.monotonic_ns()
        return Flip(told if shown is None else shown, began, taken, told)

    @property
    def rates(self) -> Collection[int]:
        chosen = self._wish.mode is not None and self._wish.mode.refresh_mhz
        if self._lit is None or self._away or self._wish.keep_rate or chosen:
            return ()
        return self._lit.rates.keys()

    @property
    def own_rate(self) -> int:
        return self.refresh_mhz if self._lit is None else self._lit.own_mode.refresh_mhz

    def set_rate(self, refresh_mhz: int) -> None:
        if self._lit is not None and refresh_mhz in self.rates:
            self._lit.change(refresh_mhz)
            self._tell(self._lit)
            log.info("shows on %s", self)

    def sleep(self) -> None:
        self._asleep = self._lit is None or self._card.power(self._lit.route.connector.id, on=False)
        if not self._asleep:
            log.warning("%s can't be sent to standby; it shows black", self)

    def wake(self) -> None:
        if self._asleep and self._lit is not None:
            self._card.power(self._lit.route.connector.id, on=True)
        self._asleep = False

    def snapshot(self) -> pygame.Surface:
        """Composed anew: reading the card's memory back is slow on most boards."""
        surface = pygame.Surface(self.size, pygame.SRCALPHA, 32)
        if self._view is not None:
            self._composer.draw(self._view, surface)
        return surface

    def _restore(self) -> None:
        """What was there before us: the console, or nothing."""
        if self._before is None or self._away:
            return
        if self._lit is not None and not any(crtc.id == self._lit.route.crtc for crtc, _ in self._before):
            self._lit.stop()
        for crtc, connectors in self._before:
            try:
                self._card.set_crtc(crtc, connectors)
            except OSError as error:
                log.warning("what %s showed before can't be shown again (%s)", self, error.strerror)

    def close(self) -> None:
        self._view = None
        self._undo.close()


def _slept() -> int:
    """Since the machine started, in ns."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
