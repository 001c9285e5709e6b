"""Each device that hands make, read back by evdev: codes, values, frames and ranges as every program gets them."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Literal

import pytest
import pytest_asyncio
from evdev import InputDevice
from evdev import ecodes as e

from receiver.input import keymap
from receiver.input.hand import PAD
from receiver.link import HandsReady, Inject, LetGo, SetUpHands
from receiver.link.hands import Gamepad, InputEvent, Key, MouseClick, Pointer, Text, Touch, Wheel
from receiver.supervise import Child, spawn
from tests.vm.input.readback import PATIENCE_S, Reader, Report, axis, key, ours, taken_for, until, wheel

Layout = Literal["us", "gb", "de", "fr"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Box:
    """Hands that type on one layout, and who reads what they do."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self.readers: dict[str, Reader] = {}

    async def find(self) -> None:
        for name in ("keyboard", "pointer", "touch", "gamepad"):
            self.readers[name] = Reader(await until(partial(ours, name)))

    def do(self, *events: InputEvent, who: str = "anna") -> None:
        for event in events:
            self._child.link.send(Inject(who, event))

    def let_go(self, who: str = "anna") -> None:
        self._child.link.send(LetGo(who))

    def kill(self) -> None:
        self._child.kill()

    async def see(self, name: str, *frames: list[Report]) -> None:
        """The device reports just these frames next."""
        assert await self.readers[name].frames(len(frames)) == [*frames]


async def started(layout: Layout) -> tuple[Box, Child]:
    child = await spawn("hands", "receiver.hands")
    child.link.send(SetUpHands("auto", layout))
    ready = await asyncio.wait_for(child.link.receive(), PATIENCE_S)
    assert isinstance(ready, HandsReady)
    assert ready.able, ready.reason
    box = Box(child)
    await box.find()
    return box, child


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def box() -> AsyncIterator[Box]:
    box, child = await started("us")
    yield box
    await child.stop(PATIENCE_S)


def is_taken(device: InputDevice, kind: str) -> bool:
    return kind in taken_for(device)


def is_down(device: InputDevice, code: int) -> bool:
    return code in device.active_keys()


def is_gone(name: str) -> bool:
    return ours(name) is None


async def test_the_system_takes_each_for_what_it_is(box: Box) -> None:
    devices = {name: reader.device for name, reader in box.readers.items()}
    assert {device.info.bustype for device in devices.values()} == {e.BUS_VIRTUAL}
    for name, kind in {
        "keyboard": "KEYBOARD",
        "pointer": "MOUSE",
        "touch": "TOUCHSCREEN",
        "gamepad": "JOYSTICK",
    }.items():
        await until(partial(is_taken, devices[name], kind))
    assert "TOUCHPAD" not in taken_for(devices["touch"])

    def ranges(name: str) -> dict[int, tuple[int, int]]:
        return {code: (info.min, info.max) for code, info in devices[name].capabilities()[e.EV_ABS]}

    place, stick, pull = (0, 65535), (-32767, 32767), (0, 255)
    assert ranges("pointer") == {e.ABS_X: place, e.ABS_Y: place}
    multi = {e.ABS_MT_SLOT: (0, 9), e.ABS_MT_POSITION_X: place, e.ABS_MT_POSITION_Y: place}
    assert ranges("touch") == {e.ABS_X: place, e.ABS_Y: place, **multi, e.ABS_MT_TRACKING_ID: (0, 65535)}
    sticks = dict.fromkeys((e.ABS_X, e.ABS_Y, e.ABS_RX, e.ABS_RY), stick)
    assert ranges("gamepad") == {**sticks, e.ABS_Z: pull, e.ABS_RZ: pull}
    assert e.EV_REP not in devices["keyboard"].capabilities(), "hands repeat, so that a lost sender repeats nothing"


async def test_every_key_of_keyboard_and_tv_remote(box: Box) -> None:
    for name, code in keymap.CODES.items():
        box.do(Key(name))
        assert await box.readers["keyboard"].frames(2) == [[key(code, 1)], [key(code, 0)]], name
    named = {"Ok": e.KEY_ENTER, "Back": e.KEY_BACK, "HomePage": e.KEY_HOMEPAGE, "Guide": e.KEY_PROGRAM}
    named |= {"MediaPause": e.KEY_PAUSECD, "ChannelUp": e.KEY_CHANNELUP, "Red": e.KEY_RED, "Subtitle": e.KEY_SUBTITLE}
    assert {name: keymap.CODES[name] for name in named} == named


async def test_a_held_key_repeats_and_a_held_modifier_does_not(box: Box) -> None:
    box.do(Key("KeyA", "down"))
    keyboard = box.readers["keyboard"]
    await box.see("keyboard", [key(e.KEY_A, 1)], [key(e.KEY_A, 2)], [key(e.KEY_A, 2)])
    down, first, second = keyboard.times[-3:]
    assert first - down >= 0.45
    assert second - first >= 0.02
    box.do(Key("KeyA", "up"))
    while (frame := await keyboard.frame()) != [key(e.KEY_A, 0)]:
        assert frame == [key(e.KEY_A, 2)]
    box.do(Key("ShiftLeft", "down"))
    await asyncio.sleep(0.8)
    box.do(Key("ShiftLeft", "up"))
    await box.see("keyboard", [key(e.KEY_LEFTSHIFT, 1)], [key(e.KEY_LEFTSHIFT, 0)])


async def test_the_pointer_goes_there_and_its_buttons(box: Box) -> None:
    box.do(Pointer(0.5, 1.0))
    await box.see("pointer", [axis(e.ABS_X, 32768), axis(e.ABS_Y, 65535)])
    box.do(Pointer(0.25, 1.0, "down", "right"), Pointer(0.25, 0.0, "up", "right"))
    await box.see("pointer", [axis(e.ABS_X, 16384)], [key(e.BTN_RIGHT, 1)], [axis(e.ABS_Y, 0)], [key(e.BTN_RIGHT, 0)])
    box.do(Pointer(0.25, 0.0, "click", "middle"), MouseClick(1.0, 0.0))
    await box.see("pointer", [key(e.BTN_MIDDLE, 1)], [key(e.BTN_MIDDLE, 0)])
    await box.see("pointer", [axis(e.ABS_X, 65535)], [key(e.BTN_LEFT, 1)], [key(e.BTN_LEFT, 0)])


async def test_the_wheel_turns_by_notches_and_by_parts(box: Box) -> None:
    box.do(Wheel(dy=1), Wheel(dy=-0.5), Wheel(dy=-0.5), Wheel(dx=1))
    await box.see(
        "pointer",
        [wheel(e.REL_WHEEL_HI_RES, -120), wheel(e.REL_WHEEL, -1)],
        [wheel(e.REL_WHEEL_HI_RES, 60)],
        [wheel(e.REL_WHEEL_HI_RES, 60), wheel(e.REL_WHEEL, 1)],
        [wheel(e.REL_HWHEEL_HI_RES, 120), wheel(e.REL_HWHEEL, 1)],
    )


async def test_fingers_have_slots(box: Box) -> None:
    x, y, slot, track = e.ABS_MT_POSITION_X, e.ABS_MT_POSITION_Y, e.ABS_MT_SLOT, e.ABS_MT_TRACKING_ID
    box.do(Touch(3, "down", 0.5, 1.0))
    (first,) = await box.readers["touch"].frames(1)
    number = {code: value for _, code, value in first}[track]
    assert first == [
        *(key(e.BTN_TOUCH, 1), axis(track, number), axis(x, 32768), axis(y, 65535)),
        *(axis(e.ABS_X, 32768), axis(e.ABS_Y, 65535)),
    ]
    box.do(Touch(0, "down", 1.0, 1.0), Touch(3, "move", 0.25, 1.0), who="ben")  # nobody moves another's finger
    await box.see("touch", [axis(slot, 1), axis(track, number + 1), axis(x, 65535), axis(y, 65535)])
    box.do(Touch(3, "move", 0.25, 1.0))
    await box.see("touch", [axis(slot, 0), axis(x, 16384), axis(e.ABS_X, 16384)])
    box.do(Touch(3, "up"))
    await box.see("touch", [axis(track, -1)])
    box.let_go("ben")
    await box.see("touch", [key(e.BTN_TOUCH, 0), axis(slot, 1), axis(track, -1)])


async def test_a_pad_has_buttons_triggers_and_sticks(box: Box) -> None:
    assert (PAD[0], PAD[3], PAD[12], PAD[16]) == (e.BTN_SOUTH, e.BTN_NORTH, e.BTN_DPAD_UP, e.BTN_MODE)
    for index, code in enumerate(PAD):
        box.do(Gamepad(tuple(float(at == index) for at in range(len(PAD)))), Gamepad((0.0,) * len(PAD)))
        pull = {6: e.ABS_Z, 7: e.ABS_RZ}.get(index)
        down, up = [[key(code, 1)]], [[key(code, 0)]]
        if pull is not None:
            down, up = [*down, [axis(pull, 255)]], [*up, [axis(pull, 0)]]
        await box.see("gamepad", *down, *up)
    box.do(Gamepad(axes=(-1.0, 1.0, 0.5, -0.5)))
    sticks = {e.ABS_X: -32767, e.ABS_Y: 32767, e.ABS_RX: 16384, e.ABS_RY: -16384}
    await box.see("gamepad", *([axis(code, value)] for code, value in sticks.items()))
    box.let_go()
    assert sorted(await box.readers["gamepad"].frames(4)) == [[axis(code, 0)] for code in sorted(sticks)]


async def test_what_nobody_vouches_for_goes_up_on_every_device(box: Box) -> None:
    box.do(Key("ControlLeft", "down"), Pointer(1.0, 0.0, "down"), Touch(0, "down"), Gamepad((1.0,), (0.5,)))
    readers = [box.readers[name] for name in ("keyboard", "pointer", "touch", "gamepad")]
    down = [await reader.frame() for reader in readers]
    assert [frame[0] for frame in down[:2]] == [key(e.KEY_LEFTCTRL, 1), key(e.BTN_LEFT, 1)]
    assert (down[2][0], down[3]) == (key(e.BTN_TOUCH, 1), [key(e.BTN_SOUTH, 1)])
    await box.see("gamepad", [axis(e.ABS_X, 16384)])
    up = [await reader.frame() for reader in readers]
    assert up[:2] == [[key(e.KEY_LEFTCTRL, 0)], [key(e.BTN_LEFT, 0)]]
    assert (up[2][0], up[3]) == (key(e.BTN_TOUCH, 0), [key(e.BTN_SOUTH, 0)])
    await box.see("gamepad", [axis(e.ABS_X, 0)])
    held = readers[0].times[-1] - readers[0].times[-2]
    assert 2.9 < held < 10


async def test_the_devices_of_killed_hands_go_with_what_they_hold(box: Box) -> None:
    box.do(Key("KeyA", "down"), Touch(0, "down", 0.5, 0.5), Pointer(0.0, 0.5, "down"), Gamepad((1.0,)))
    held = {"keyboard": e.KEY_A, "touch": e.BTN_TOUCH, "pointer": e.BTN_LEFT, "gamepad": e.BTN_SOUTH}
    for name, code in held.items():
        await until(partial(is_down, box.readers[name].device, code))
    box.kill()
    for name in held:
        with pytest.raises(OSError, match="No such device"):  # so nothing of it counts any more
            await box.readers[name].frames(10)
        await until(partial(is_gone, name))


@pytest.mark.parametrize("layout", keymap.LAYOUTS)
async def test_text_is_the_strokes_of_its_layout(layout: Layout) -> None:
    box, child = await started(layout)
    try:
        text = "Az@€é\n" if layout in ("gb", "de") else "Az@\n"
        box.do(Text(text))
        for letter in text:
            for stroke in keymap.strokes(letter, layout) or ():
                order = [*((code, 1) for code in stroke.held), (stroke.code, 1), (stroke.code, 0)]
                order += [(code, 0) for code in reversed(stroke.held)]
                await box.see("keyboard", *([key(code, value)] for code, value in order))
    finally:
        await child.stop(PATIENCE_S)
