"""Hands as a process: over a real link, and in a real receiver that outlives them."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Literal

from receiver.link import HandsReady, Inject, LetGo, Message, SetUpHands
from receiver.link.hands import Key, Text
from receiver.supervise import Child, spawn
from tests.peers import examples
from tests.peers.box import Box, box

ENTER = {"kind": "key", "code": "Enter"}


async def started(device: Literal["off", "null"]) -> tuple[Child, HandsReady]:
    child = await spawn("hands", "receiver.hands")
    child.link.send(SetUpHands(device))
    ready: Message | None = await asyncio.wait_for(child.link.receive(), 20)
    assert isinstance(ready, HandsReady)
    return child, ready


async def test_it_says_what_it_can_do_and_leaves_with_its_link() -> None:
    child, ready = await started("null")
    assert (ready.able, "null" in ready.reason) == (True, True)
    child.link.send(Inject("anna", Key("KeyA", "down")))
    child.link.send(Inject("anna", Text("Hello")))
    child.link.send(LetGo("anna"))
    child.link.close()
    assert child.process is not None
    assert await asyncio.wait_for(child.process.wait(), 20) == 0


async def test_it_says_why_it_can_do_nothing() -> None:
    child, ready = await started("off")
    assert (ready.able, ready.reason) == (False, "Remote control is turned off here (input.device).")
    child.link.send(Inject("anna", Key("KeyA", "down")))
    await child.stop(20)
    assert child.process is not None
    assert child.process.returncode == 0


async def hands(tv: Box, but: int = 0) -> int:
    """Its process id, once it is able."""
    await tv.until(lambda status: status["input"]["able"])
    return next((child.pid for child, module in tv.children() if module == "receiver.hands"), but)


async def test_control_outlives_hands(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, await examples.connect(tv, "Anna") as anna:
        first = await hands(tv)
        await anna.pair(tv.pin)
        await anna.request("input.request")
        await anna.request("input.event", ENTER)
        os.kill(first, signal.SIGKILL)
        await tv.until(lambda status: status["input"]["restarts"] == 1)
        assert await hands(tv) != first
        await anna.request("input.event", ENTER)
        assert (await tv.status())["input"]["granted"] == ["Anna"]
