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

    def start(self, mode: Mode, framebuffer: int) -> None:
        """Set the mode, showing this frame buffer; nothing has changed where it raises."""

    def flip(self, state: State) -> None:
        """Ask for what ``state`` says from the next vblank on. The card tells of it by an event, until which a further
        flip raises EBUSY."""

    def test(self, state: State) -> None:
        """Whether the driver would take it; nothing changes."""

    def close(self) -> None:
        """Forget what was made for this; what is shown stays."""


class LegacyScanout:
    """SETCRTC and PAGE_FLIP."""

    def __init__(self, card: Card, route: Route) -> None:
        self._card = card
        self._route = route

    def start(self, mode: Mode, framebuffer: int) -> None:
        state = abi.Crtc(
            id=self._route.crtc, fb=framebuffer, mode_valid=1, mode=abi.ModeInfo.from_buffer_copy(mode.raw)
        )
        self._card.set_crtc(state, [self._route.connector.id])

    def flip(self, state: State) -> None:
        framebuffer = state[self._route.plane]["FB_ID"]
        self._card.ioctl(abi.PAGE_FLIP, abi.PageFlip(self._route.crtc, framebuffer, abi.FLIP_EVENT))

    def test(self, state: State) -> None:
        pass

    def close(self) -> None:
        pass


class AtomicScanout:
    """One commit for each change. A mode is tried (TEST_ONLY) before it is set."""

    def __init__(self, card: Card, route: Route) -> None:
        self._card = card
        self._route = route
        self._ids: dict[int, dict[str, int]] = {}
        for number, kind in (
            (route.connector.id, abi.OBJECT_CONNECTOR),
            (route.crtc, abi.OBJECT_CRTC),
        ):
            self._ids[number] = {name: pair[0] for name, pair in card.properties(number, kind).items()}
        self._ids |= {plane.id: plane.properties for plane in route.layers}
        self._blob = 0

    def start(self, mode: Mode, framebuffer: int) -> None:
        self.close()
        raw = abi.ModeInfo.from_buffer_copy(mode.raw)
        blob = abi.CreateBlob(addressof(raw), len(mode.raw))
        self._blob = self._card.ioctl(abi.CREATE_BLOB, blob).id
        crtc = self._route.crtc
        state = {
            self._route.connector.id: {"CRTC_ID": crtc},
            crtc: {"MODE_ID": self._blob, "ACTIVE": 1},
            **{plane.id: OFF for plane in self._route.layers},
            self._route.plane: placed(framebuffer, crtc, (mode.width, mode.height), (0, 0, mode.width, mode.height)),
        }
        self._commit(state, abi.ATOMIC_TEST_ONLY | abi.ATOMIC_ALLOW_MODESET)
        self._commit(state, abi.ATOMIC_ALLOW_MODESET)

    def flip(self, state: State) -> None:
        self._commit(state, abi.ATOMIC_NONBLOCK | abi.FLIP_EVENT)

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

    def close(self) -> None:
        if self._blob:
            with contextlib.suppress(OSError):
                self._card.ioctl(abi.DESTROY_BLOB, abi.u32(self._blob))
            self._blob = 0
