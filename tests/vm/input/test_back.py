"""The way back: what is done at the display ends at the sender whose picture is shown, and on its machine."""

import asyncio
from pathlib import Path
from typing import Literal

import pytest
from evdev import ecodes as e

from receiver.link import LocalEvent, LocalKey, SetUpHands, WatchingLocal, WatchLocal
from receiver.link.hands import Key, LocalInput, Pointer, Touch, Wheel
from receiver.session.way_back import KINDS
from receiver.supervise import Child, spawn
from scripts.sender.taking import Taking
from tests.peers.url_servers import web
from tests.vm.guest.host import Host
from tests.vm.input.display import display
from tests.vm.input.readback import PATIENCE_S, Reader, ours, until
from tests.vm.input.room import Room
from tests.vm.input.sender import BACK, film, told

DOWN_UP: tuple[Literal["down"], Literal["up"]] = ("down", "up")


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
        assert isinstance(await asyncio.wait_for(child.link.receive(), PATIENCE_S), WatchingLocal)
        for x, y in ((0.5, 0.25), (1.0, 0.0)):
            room.point(x, y)
            assert near(await event(child), Pointer, "move", x, y)
        for button in ("left", "right", "middle"):
            for action in DOWN_UP:
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
        for _ in range(2):
            lifted = await event(child)
            assert isinstance(lifted, Touch)
            assert lifted.action == "up"

        for code, name in (("a", "KeyA"), ("ret", "Enter"), ("up", "ArrowUp")):
            for action in DOWN_UP:
                room.key(code, action == "down")
                assert await event(child) == Key(name, action)
    finally:
        await child.stop(PATIENCE_S)


@pytest.mark.timeout(240)
async def test_what_is_done_at_the_display_reaches_the_sender(tmp_path: Path, host: Host) -> None:
    room = Room(host)
    (tmp_path / "films").mkdir()
    film(tmp_path / "films/a.mp4")
    with web(tmp_path / "films") as server:
        async with display(tmp_path, "always") as tv, await tv.pair("Anna", BACK) as anna:
            displays = await until(lambda: ours("keyboard"))
            assert await anna.request("input.accept") == {"kinds": [*KINDS], "active": False}
            await anna.request("display.cast", {"url": server.url("a.mp4")})
            assert await anna.notification("input.back") == {"active": True}
            assert tv.status()["input"]["back"] == {"accepted": ["Anna"], "to": "Anna"}

            room.point(0.5, 0.5)  # hands have opened what there is by now
            await told(anna, kind="pointer", action="move")
            room.touch((0, 1, 0.05, 0.5), touched=True)  # beside the picture
            room.touch((0, -1, 0.05, 0.5), (1, 2, 0.25, 0.75), touched=True)
            touched = await told(anna, kind="touch")
            assert (touched["kind"], touched["finger"], touched["action"]) == ("touch", 1, "down")
            assert abs(touched["x"] - (0.25 * 1280 - 160) / 960) < 0.002, "of the picture, which has bars at its sides"
            assert abs(touched["y"] - 0.75) < 0.002
            room.touch((1, -1, 0.25, 0.75), touched=False)
            await told(anna, kind="touch", finger=1, action="up")

            # A key that ends remote control is for nobody, and neither is what is typed with it.
            await anna.request("input.request")
            for code in ("b", "c"):
                room.key(code, True)
                room.key(code, False)
            await until(lambda: tv.status()["input"]["granted"] == [])
            room.button("left", True)  # whoever clicks the picture means it
            assert (await anna.notification("input.event"))["kind"] == "pointer"
            room.button("left", False)
            await told(anna, kind="pointer", action="up")

            # A sender may do it on its own machine: this one, whose display does not take that for its own again.
            taking = Taking.begin()
            mine = Reader(await until(lambda: ours("keyboard", besides=displays)))
            for action in ("down", "up"):
                room.key("a", action == "down")
                taking.take("input.event", await told(anna, kind="key", code="KeyA", action=action))
            await mine.pressed(e.KEY_A)
            taking.close()

            room.key("shift", True)
            await told(anna, kind="key", code="ShiftLeft", action="down")
            await anna.request("display.pause")
            await told(anna, kind="key", code="ShiftLeft", action="up")
            assert await anna.notification("input.back") == {"active": False}
            room.key("shift", False)
