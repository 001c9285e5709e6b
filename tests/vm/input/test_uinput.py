"""A sender's events on devices, by the real app, and a real keyboard whose keys are pressed from outside."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from evdev import ecodes

from receiver.input.local import FRONT
from receiver.link import HandsReady, Inject, LocalEvent, LocalKey, Message, SetUpHands, WatchingLocal, WatchLocal
from receiver.link.hands import Key
from receiver.supervise import Child, spawn
from tests.peers.ddp_client import DdpClient
from tests.vm.guest.host import Host
from tests.vm.input.display import display
from tests.vm.input.readback import PATIENCE_S, Reader, axis, key, ours, until, wheel


async def message(child: Child) -> Message:
    told = await asyncio.wait_for(child.link.receive(), PATIENCE_S)
    assert told is not None
    return told


@asynccontextmanager
async def hands() -> AsyncIterator[Child]:
    child = await spawn("hands", "receiver.hands")
    child.link.send(SetUpHands("auto", "de"))
    ready = await message(child)
    assert isinstance(ready, HandsReady)
    assert (ready.able, ready.guarded) == (True, True), ready.reason
    try:
        yield child
    finally:
        await child.stop(PATIENCE_S)


async def test_a_local_key_is_told_and_lets_go(host: Host) -> None:
    async with hands() as child:
        keyboard = await until(lambda: ours("keyboard"))
        child.link.send(Inject("anna", Key("KeyA", "down")))
        await until(lambda: keyboard.active_keys())
        host.ask("send-key", keys=[{"type": "qcode", "data": "b"}])
        told = await message(child)
        assert isinstance(told, LocalKey)
        assert "keyboard" in told.device.lower()
        await until(lambda: not keyboard.active_keys())


async def test_what_is_typed_at_another_console_is_told_to_nobody(host: Host) -> None:
    front = FRONT.read_text().strip()
    async with hands() as child:
        keyboard = await until(lambda: ours("keyboard"))
        for console, told in (("tty9", [LocalKey]), (front, [LocalKey, LocalEvent, LocalEvent])):
            child.link.send(WatchLocal(True, console=console))
            assert isinstance(await message(child), WatchingLocal)
            child.link.send(Inject("anna", Key("KeyA", "down")))
            await until(lambda: keyboard.active_keys())
            host.ask("send-key", keys=[{"type": "qcode", "data": "c"}])
            for kind in told:
                assert isinstance(await message(child), kind)


async def drives_every_device(anna: DdpClient) -> None:
    """What a sender says comes out of the device that it is for."""
    readers = {name: Reader(await until(partial(ours, name))) for name in ("pointer", "touch", "gamepad")}
    for event in (
        {"kind": "pointer", "x": 0.5, "y": 0.25, "action": "click"},
        {"kind": "mouse-click", "x": 1, "y": 0.25},
        {"kind": "wheel", "dy": 1},
        {"kind": "touch", "finger": 1, "action": "down", "x": 1, "y": 1},
        {"kind": "touch", "finger": 1, "action": "up"},
        {"kind": "gamepad", "buttons": [1], "axes": [0, -1]},
        {"kind": "gamepad", "buttons": [0], "axes": [0, 0]},
    ):
        await anna.request("input.event", event)
    left = [[key(ecodes.BTN_LEFT, 1)], [key(ecodes.BTN_LEFT, 0)]]
    assert await readers["pointer"].frames(7) == [
        [axis(ecodes.ABS_X, 32768), axis(ecodes.ABS_Y, 16384)],
        *left,
        [axis(ecodes.ABS_X, 65535)],
        *left,
        [wheel(ecodes.REL_WHEEL_HI_RES, -120), wheel(ecodes.REL_WHEEL, -1)],
    ]
    down, up = await readers["touch"].frames(2)
    assert (down[0], up[0]) == (key(ecodes.BTN_TOUCH, 1), key(ecodes.BTN_TOUCH, 0))
    assert axis(ecodes.ABS_MT_POSITION_X, 65535) in down
    assert await readers["gamepad"].frames(4) == [
        *([key(ecodes.BTN_SOUTH, 1)], [axis(ecodes.ABS_Y, -32767)], [key(ecodes.BTN_SOUTH, 0)]),
        [axis(ecodes.ABS_Y, 0)],
    ]


async def test_no_key_is_stuck_after_the_sender_or_the_app_is_killed(tmp_path: Path, host: Host) -> None:
    async with display(tmp_path) as tv:
        keyboard = await until(lambda: ours("keyboard"))
        anna = await tv.pair("Anna")
        await anna.request("input.request")
        down = {"kind": "key", "code": "KeyA", "action": "down"}
        await anna.request("input.event", down)
        await until(lambda: keyboard.active_keys() == [ecodes.KEY_A])
        await drives_every_device(anna)
        host.ask("send-key", keys=[{"type": "qcode", "data": "b"}])
        await until(lambda: not keyboard.active_keys())
        await until(lambda: tv.status()["input"]["granted"] == [])
        await asyncio.sleep(11)  # for so long nobody is let by asking alone
        await anna.request("input.request")
        await anna.request("input.event", down)
        await until(lambda: keyboard.active_keys() == [ecodes.KEY_A])
        await anna.close()
        await until(lambda: not keyboard.active_keys())
        os.kill(tv.process.pid, signal.SIGKILL)
        await until(lambda: ours("keyboard") is None)
