"""Setting a mode and flipping pages: atomically, or by the older calls where the driver has no other."""

import contextlib
from collections.abc import Mapping
from ctypes import addressof
from typing import Protocol

from receiver.present.drm import abi
from receiver.present.drm.card import Card
from receiver.present.drm.modes import Mode, Route

FIXED = 16
"""SRC_* are 16.16 fixed point."""


State = Mapping[int, Mapping[str, int]]
"""Objects of the card to the properties that change."""

OFF: Mapping[str, int] = {"FB_ID": 0, "CRTC_ID": 0}
"""A plane that shows nothing."""

DARK: Mapping[int, Mapping[str, int]] = {
    abi.OBJECT_CONNECTOR: {"CRTC_ID": 0},
    abi.OBJECT_CRTC: {"MODE_ID": 0, "ACTIVE": 0},
    abi.OBJECT_PLANE: OFF,
}
"""What turns an object off, by its kind."""

LINK_GOOD = 0
"""Asks that the link to a DisplayPort screen be trained again, where it had gone bad."""


def placed(framebuffer: int, crtc: int, source: tuple[int, int], place: tuple[int, int, int, int]) -> dict[str, int]:
    """A plane that shows the top left ``source`` pixels of a frame buffer, stretched over ``place`` of the screen."""
    x, y, width, height = place
    return {
        "FB_ID": framebuffer,
        "CRTC_ID": crtc,
        "SRC_X": 0,
        "SRC_Y": 0,
        "SRC_W": source[0] << FIXED,
        "SRC_H": source[1] << FIXED,
        "CRTC_X": x,
        "CRTC_Y": y,
        "CRTC_W": width,
        "CRTC_H": height,
    }


class Scanout(Protocol):
    """One route that is fed. Every method raises OSError where the kernel refuses."""

    waits: bool
    """Whether ``flip`` comes back only once it is shown."""

    def start(self, mode: Mode, framebuffer: int) -> None:
        """Set the mode, showing this frame buffer, and turn off all else that the card shows, where the driver lets us.
        Where it raises, nothing has changed."""

    def change(self, mode: Mode) -> None:
        """Set another mode of the same size; what is shown stays. Where it raises, nothing has changed."""

    def stop(self) -> None:
        """Turn the screen off, so that whatever is lit next is set up from the ground."""

    def flip(self, state: State) -> None:
        """Ask for what ``state`` says from the next vblank on. The card tells of it by an event, until which a further
        flip raises EBUSY."""

    def test(self, state: State) -> None:
        """Whether the driver would take it; nothing changes."""

    def close(self) -> None:
        """Forget what was made for this; what is shown stays."""


class LegacyScanout:
    """SETCRTC and PAGE_FLIP."""

    waits = False

    def __init__(self, card: Card, route: Route) -> None:
        self._card = card
        self._route = route

    def start(self, mode: Mode, framebuffer: int) -> None:
        self._set(mode, framebuffer)
        for number, kind in self._card.objects():
            if kind == abi.OBJECT_CRTC and number != self._route.crtc and self._card.crtc(number).mode_valid:
                with contextlib.suppress(OSError):
                    self._card.set_crtc(abi.Crtc(id=number), [])

    def _set(self, mode: Mode, framebuffer: int) -> None:
        raw = abi.ModeInfo.from_buffer_copy(mode.raw)
        state = abi.Crtc(id=self._route.crtc, fb=framebuffer, mode_valid=1, mode=raw)
        self._card.set_crtc(state, [self._route.connector.id])

    def change(self, mode: Mode) -> None:
        self._set(mode, self._card.crtc(self._route.crtc).fb)

    def stop(self) -> None:
        self._card.set_crtc(abi.Crtc(id=self._route.crtc), [])

    def flip(self, state: State) -> None:
        framebuffer = state[self._route.plane]["FB_ID"]
        self._card.ioctl(abi.PAGE_FLIP, abi.PageFlip(self._route.crtc, framebuffer, abi.FLIP_EVENT))

    def test(self, state: State) -> None:
        pass

    def close(self) -> None:
        pass


class AtomicScanout:
    """One commit for each change. A mode is tried (TEST_ONLY) before it is set.

    A flip waits in the kernel until it is shown. Where it would not (ATOMIC_NONBLOCK), a worker of the kernel does the
    driver's part of it, and on a busy machine that waits for a processor behind everybody's processes, until the vblank
    is over. This way this thread does it, at once, and with its priority.
    """

    waits = True

    def __init__(self, card: Card, route: Route) -> None:
        self._card = card
        self._route = route
        self._ids: dict[int, dict[str, int]] = {}
        self._mine: State = {
            route.connector.id: DARK[abi.OBJECT_CONNECTOR],
            route.crtc: DARK[abi.OBJECT_CRTC],
            **{plane.id: {**OFF, **plane.upright} for plane in route.layers},
        }
        self._blob = 0

    def start(self, mode: Mode, framebuffer: int) -> None:
        crtc, connector, others = self._route.crtc, self._route.connector.id, self._others()
        train = {"link-status": LINK_GOOD} if "link-status" in self._ids[connector] else {}
        state = {**self._mine, connector: {"CRTC_ID": crtc, **train}}
        size = mode.width, mode.height
        state[self._route.plane] = {**state[self._route.plane], **placed(framebuffer, crtc, size, (0, 0, *size))}
        try:
            self._set(mode, {**others, **state})
        except OSError:
            if not others:
                raise
            self._set(mode, state)  # a driver that does not turn off what is not ours keeps nobody from showing

    def change(self, mode: Mode) -> None:
        self._set(mode, {})

    def _set(self, mode: Mode, state: State) -> None:
        raw = abi.ModeInfo.from_buffer_copy(mode.raw)
        blob = self._card.ioctl(abi.CREATE_BLOB, abi.CreateBlob(addressof(raw), len(mode.raw))).id
        state = {**state, self._route.crtc: {"MODE_ID": blob, "ACTIVE": 1}}
        try:
            self._commit(state, abi.ATOMIC_TEST_ONLY | abi.ATOMIC_ALLOW_MODESET)
            self._commit(state, abi.ATOMIC_ALLOW_MODESET)
            blob, self._blob = self._blob, blob
        finally:
            self._forget(blob)

    def _others(self) -> dict[int, Mapping[str, int]]:
        """All else that is on, to be turned off: it may hold this CRTC, or lie over its picture."""
        state = {}
        for number, kind in self._card.objects():
            found = self._card.properties(number, kind)
            self._ids[number] = {name: pair[0] for name, pair in found.items()}
            if number not in self._mine and any(found[name][1] for name in DARK[kind]):
                state[number] = DARK[kind]
        return state

    def stop(self) -> None:
        self._commit(self._mine, abi.ATOMIC_ALLOW_MODESET)

    def flip(self, state: State) -> None:
        self._commit(state, abi.FLIP_EVENT)

    def test(self, state: State) -> None:
        self._commit(state, abi.ATOMIC_TEST_ONLY)

    def _commit(self, state: State, flags: int) -> None:
        changes = [(self._ids[number][name], value) for number in state for name, value in state[number].items()]
        objects = (abi.u32 * len(state))(*state)
        counts = (abi.u32 * len(state))(*map(len, state.values()))
        ids = (abi.u32 * len(changes))(*(change[0] for change in changes))
        values = (abi.u64 * len(changes))(*(change[1] for change in changes))
        commit = abi.Atomic(
            flags=flags,
            object_count=len(state),
            object_ptr=addressof(objects),
            prop_count_ptr=addressof(counts),
            prop_ptr=addressof(ids),
            value_ptr=addressof(values),
        )
        self._card.ioctl(abi.ATOMIC, commit)

    def _forget(self, blob: int) -> None:
        if blob:
            with contextlib.suppress(OSError):
                self._card.ioctl(abi.DESTROY_BLOB, abi.u32(blob))

    def close(self) -> None:
        self._forget(self._blob)
        self._blob = 0
