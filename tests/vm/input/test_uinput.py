"""Real devices by uinput, read back by evdev, and a real keyboard whose keys are pressed from outside of the guest."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import evdev
from evdev import ecodes

from receiver.admin import SOCKET_NAME, ask
from receiver.errors import ReceiverError
from receiver.link import AdminStatus, AdminStatusReply, HandsReady, Inject, LocalKey, Message, SetUpHands
from receiver.link.hands import Key
from receiver.supervise import Child, spawn
from tests.peers.ddp_client import DdpClient
from tests.vm.guest.host import Host

PATIENCE_S = 60.0
T = TypeVar("T")


async def until(find: Callable[[], T | None]) -> T:
    """What ``find`` finds, once it does."""
    end = time.monotonic() + PATIENCE_S
    while not (found := find()):
        assert time.monotonic() < end, "it does not come"
        await asyncio.sleep(0.05)
    return found


def ours(name: str) -> evdev.InputDevice | None:
    for path in evdev.list_devices():
        try:
            device = evdev.InputDevice(path)
        except OSError:
            continue
        if device.name == f"ddp-receiver {name}":
            return device
        device.close()
    return None


async def seen(device: evdev.InputDevice, count: int) -> list[tuple[int, int, int]]:
    """The next ``count`` events without the marks between frames."""
    found: list[tuple[int, int, int]] = []
    while len(found) < count:
        event = await asyncio.wait_for(anext(device.async_read_loop()), PATIENCE_S)
        if event.type != ecodes.EV_SYN:
            found.append((event.type, event.code, event.value))
    return found


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


async def test_a_held_key_repeats_and_goes_up_in_silence() -> None:
    async with hands() as child:
        keyboard = await until(lambda: ours("keyboard"))
        child.link.send(Inject("anna", Key("KeyA", "down")))
        values = [value for _, _, value in await seen(keyboard, 2)]
        while values[-1] == 2:
            values += [value for _, _, value in await seen(keyboard, 1)]
        assert (values[0], values[-1]) == (1, 0)
        assert len(values) > 5, "repeats between"
        assert keyboard.active_keys() == []


async def test_hands_that_are_killed_leave_no_key_down() -> None:
    async with hands() as child:
        keyboard = await until(lambda: ours("keyboard"))
        child.link.send(Inject("anna", Key("KeyA", "down")))
        await until(lambda: keyboard.active_keys())
        child.kill()
        await until(lambda: ours("keyboard") is None)


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


CONFIG = """
[output]
kind = "headless"
[sound]
device = "null"
[http]
port = 0
https_port = 0
[discovery]
ssdp = false
mdns = false
[paths]
state_dir = "{folder}/state"
runtime_dir = "{folder}/run"
"""


def status(folder: Path) -> dict[str, object] | None:
    if not (folder / "run" / SOCKET_NAME).exists():
        return None
    try:
        return ask(folder / "run", AdminStatus(), AdminStatusReply).status
    except ReceiverError:
        return None


async def test_no_key_is_stuck_after_the_sender_or_the_app_is_killed(tmp_path: Path, host: Host) -> None:
    (tmp_path / "config").write_text(CONFIG.format(folder=tmp_path))
    command = (sys.executable, "-m", "receiver", "run", "--config", str(tmp_path / "config"))
    receiver = await asyncio.create_subprocess_exec(*command)
    try:
        state = await until(lambda: (now := status(tmp_path)) and now["input"]["able"] and now)
        keyboard = await until(lambda: ours("keyboard"))
        anna = await DdpClient.connect(f"ws://localhost:{state['port']}/", name="Anna")

        async def pin() -> str:
            return str((await until(lambda: (now := status(tmp_path)) and now["pin"] and now))["pin"])

        await anna.pair(pin)
        await anna.request("input.request")
        down = {"kind": "key", "code": "KeyA", "action": "down"}
        await anna.request("input.event", down)
        await until(lambda: keyboard.active_keys() == [ecodes.KEY_A])
        host.ask("send-key", keys=[{"type": "qcode", "data": "b"}])
        await until(lambda: not keyboard.active_keys())
        await until(lambda: status(tmp_path)["input"]["granted"] == [])
        await asyncio.sleep(11)  # for so long nobody is let by asking alone
        await anna.request("input.request")
        await anna.request("input.event", down)
        await until(lambda: keyboard.active_keys() == [ecodes.KEY_A])
        await anna.close()
        await until(lambda: not keyboard.active_keys())
        os.kill(receiver.pid, signal.SIGKILL)
        await until(lambda: ours("keyboard") is None)
    finally:
        if receiver.returncode is None:
            receiver.kill()
            await receiver.wait()
