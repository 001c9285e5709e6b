"""A person at the display.

QEMU has a mouse that says where it is and a keyboard; it has no touch screen, so that one is made by uinput, as another
program's.
"""

from typing import Any

import evdev
from evdev import ecodes as e

from tests.vm.guest.host import Host

FULL = 0x7FFF
"""Places go from 0 to here, as QEMU has them."""


class Room:
    """What they do; places are the screen's, from 0 to 1."""

    def __init__(self, host: Host) -> None:
        self._host = host
        axes = {e.ABS_MT_SLOT: 9, e.ABS_MT_TRACKING_ID: 65535, e.ABS_MT_POSITION_X: FULL, e.ABS_MT_POSITION_Y: FULL}
        ranges = [(axis, evdev.AbsInfo(0, 0, most, 0, 0, 0)) for axis, most in axes.items()]
        events = {e.EV_KEY: [e.BTN_TOUCH], e.EV_ABS: ranges}
        self._screen = evdev.UInput(events, name="Touch screen", input_props=[e.INPUT_PROP_DIRECT])

    def touch(self, *fingers: tuple[int, int, float, float], touched: bool) -> None:
        """Each with slot, number (-1: lifted) and place."""
        for slot, number, x, y in fingers:
            for axis, value in (
                *((e.ABS_MT_SLOT, slot), (e.ABS_MT_TRACKING_ID, number)),
                *((e.ABS_MT_POSITION_X, round(x * FULL)), (e.ABS_MT_POSITION_Y, round(y * FULL))),
            ):
                self._screen.write(e.EV_ABS, axis, value)
        self._screen.write(e.EV_KEY, e.BTN_TOUCH, int(touched))
        self._screen.syn()

    def _send(self, *events: tuple[str, dict[str, Any]]) -> None:
        self._host.ask("input-send-event", events=[{"type": kind, "data": data} for kind, data in events])

    def _place(self, x: float, y: float) -> list[dict[str, Any]]:
        return [{"axis": axis, "value": round(part * FULL)} for axis, part in (("x", x), ("y", y))]

    def point(self, x: float, y: float) -> None:
        self._send(*(("abs", place) for place in self._place(x, y)))

    def button(self, button: str, down: bool) -> None:
        self._send(("btn", {"button": button, "down": down}))

    def key(self, code: str, down: bool) -> None:
        self._send(("key", {"key": {"type": "qcode", "data": code}, "down": down}))
