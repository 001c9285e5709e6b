"""The way back: what hands tell of the display's own mouse, touch screen and keyboard."""

import asyncio

from receiver.link import LocalEvent, LocalKey, SetUpHands, WatchLocal
from receiver.link.hands import Key, LocalInput, Pointer, Touch, Wheel
from receiver.supervise import Child, spawn
from tests.vm.guest.host import Host
from tests.vm.input.readback import PATIENCE_S
from tests.vm.input.room import Room


async def event(child: Child) -> LocalInput:
    """What hands tell next, apart from signs of life."""
    while True:
        told = await asyncio.wait_for(child.link.receive(), PATIENCE_S)
        if isinstance(told, LocalEvent) and told.event not in held:
            held[:] = [told.event] if getattr(told.event, "action", "") == "down" else []
            return told.event
        assert isinstance(told, LocalEvent | LocalKey), told


held: list[LocalInput] = []


def near(event: LocalInput, kind: type[Pointer | Touch], action: str, x: float, y: float) -> bool:
    return isinstance(event, kind) and event.action == action and abs(event.x - x) + abs(event.y - y) < 0.001


async def test_hands_tell_what_each_device_says(host: Host) -> None:
    room = Room(host)
    child = await spawn("hands", "receiver.hands")
    try:
        child.link.send(SetUpHands("auto"))
        await asyncio.wait_for(child.link.receive(), PATIENCE_S)
        child.link.send(WatchLocal(True, 1280, 720))
        await asyncio.sleep(1)
        for x, y in ((0.5, 0.25), (1.0, 0.0)):
            room.point(x, y)
            assert near(await event(child), Pointer, "move", x, y)
        for button in ("left", "right", "middle"):
            for action in ("down", "up"):
                room.button(button, action == "down")
                assert await event(child) == Pointer(1.0, 0.0, action, button)
        for way, turned in (("wheel-down", 1), ("wheel-up", -1)):
            room.button(way, True)
            room.button(way, False)
            assert await event(child) == Wheel(0, turned)

        room.touch((0, 1, 0.5, 0.25), (1, 2, 1.0, 1.0), touched=True)
        assert near(await event(child), Touch, "down", 0.5, 0.25)
        assert await event(child) == Touch(1, "down", 1.0, 1.0)
        room.touch((0, 1, 0.25, 0.25), touched=True)
        while not near(await event(child), Touch, "move", 0.25, 0.25):
            continue
        room.touch((0, -1, 0.25, 0.25), (1, -1, 1.0, 1.0), touched=False)
        assert {(await event(child)).action for _ in range(2)} == {"up"}

        for code, name in (("a", "KeyA"), ("ret", "Enter"), ("up", "ArrowUp")):
            for action in ("down", "up"):
                room.key(code, action == "down")
                assert await event(child) == Key(name, action)
    finally:
        await child.stop(PATIENCE_S)
