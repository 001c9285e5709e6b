"""The kernel's input devices, by python-uinput (GPLv3+): the only file that imports it."""

import contextlib
from typing import Any

import uinput

from receiver.input import hand, keymap
from receiver.input.hand import EV_ABS, EV_KEY, EV_REL, Frame

BUS_VIRTUAL = 6
PLACE = (0, hand.RANGE, 0, 0)
STICK = (-hand.STICK, hand.STICK, 0, 0)

SPECS: dict[str, tuple[tuple[int, ...], ...]] = {
    hand.KEYBOARD: tuple((EV_KEY, code) for code in sorted(set(keymap.CODES.values()))),
    hand.POINTER: (
        *((EV_KEY, code) for code in keymap.BUTTONS.values()),
        *((EV_REL, code) for notch, fine, _ in hand.WHEELS for code in (notch, fine)),
        *((EV_ABS, axis, *PLACE) for axis in (hand.ABS_X, hand.ABS_Y)),
    ),
    hand.TOUCH: (
        (EV_KEY, hand.BTN_TOUCH),
        *((EV_ABS, axis, *PLACE) for axis in (hand.ABS_X, hand.ABS_Y, hand.MT_X, hand.MT_Y)),
        (EV_ABS, hand.MT_SLOT, 0, hand.SLOTS - 1, 0, 0),
        (EV_ABS, hand.MT_ID, 0, hand.RANGE, 0, 0),
    ),
    hand.GAMEPAD: (
        *((EV_KEY, code) for code in hand.PAD),
        *((EV_ABS, axis, *STICK) for axis in hand.STICKS),
        *((EV_ABS, axis, 0, 255, 0, 0) for axis in hand.TRIGGERS.values()),
    ),
}
"""What each device can do: type and code, and of an axis its least, greatest, fuzz and flat."""


class Uinput:
    """``Devices`` that every program on this machine sees. ``name``: how theirs begin."""

    def __init__(self, name: str) -> None:
        self._devices: dict[str, Any] = {}
        try:
            for kind, events in SPECS.items():
                self._devices[kind] = uinput.Device(events, f"{name} {kind}", BUS_VIRTUAL)
        except BaseException:
            self.close()
            raise

    @property
    def reason(self) -> str:
        return f"By uinput: {', '.join(self._devices)}."

    def report(self, frames: list[Frame]) -> None:
        for name, reports in frames:
            device = self._devices[name]
            for kind, code, value in reports:
                device.emit((kind, code), value, syn=False)
            device.syn()

    def close(self) -> None:
        for device in self._devices.values():
            with contextlib.suppress(OSError):
                device.destroy()
        self._devices.clear()
