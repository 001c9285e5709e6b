"""What is done at a display, done here."""

import asyncio

import pytest

from receiver.input import devices
from receiver.input.hand import EV_KEY, Frame
from scripts.sender.errors import SenderError
from scripts.sender.taking import Taking

DOWN = {"kind": "key", "code": "KeyA", "action": "down"}


class Written(devices.Null):
    def __init__(self) -> None:
        self.keys: list[tuple[int, int]] = []
        self.closed = False

    def report(self, frames: list[Frame]) -> None:
        self.keys += [(code, value) for _, reports in frames for kind, code, value in reports if kind == EV_KEY]

    def close(self) -> None:
        self.closed = True


async def test_what_comes_is_done_and_nothing_stays_down() -> None:
    written = Written()
    taking = Taking(written)
    for event in (DOWN, {"kind": "text", "text": "rm"}, {"kind": "gamepad", "buttons": [1]}, {"kind": "key"}, {}):
        taking.take("input.event", event)
    taking.take("display.stats", DOWN)
    assert written.keys == [(30, 1)], "no more than a person at the display can do"
    taking.take("input.back", {"active": False})
    assert written.keys == [(30, 1), (30, 0)]
    taking.take("input.event", {"kind": "touch", "finger": 0, "action": "down", "x": 0.5, "y": 0.5})
    await asyncio.sleep(0.6)
    taking.close()
    assert (written.keys[2:], written.closed) == ([(0x14A, 1), (0x14A, 0)], True)


async def test_a_held_key_repeats_here() -> None:
    written = Written()
    taking = Taking(written)
    taking.take("input.event", DOWN)
    await asyncio.sleep(0.7)
    taking.close()
    assert (30, 2) in written.keys
    assert written.keys[-1] == (30, 0)


def test_a_machine_without_uinput_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "lack", lambda node: "/dev/uinput doesn't exist.")
    with pytest.raises(SenderError, match=r"can't be done here. /dev/uinput doesn't exist"):
        Taking.begin()
