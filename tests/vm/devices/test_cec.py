"""CEC by the kernel's own interface: vivid's HDMI input is the TV, its output, joined to it by a cable, is ours."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from receiver.errors import BackendUnavailable
from receiver.input.cec import BROADCAST, TV, Frame, Key, Opcode, Playback
from receiver.input.cec_adapter import CecAdapter, Where
from receiver.link import SetUpHands, SetUpTv, TurnTv, TvKey, TvState
from receiver.linkio import Link
from receiver.supervise import spawn
from tests.vm.guest.television import PATH, frames, plug, television, until


@pytest.fixture(scope="module")
def bus() -> Iterator[tuple[CecAdapter, CecAdapter]]:
    """The TV and us."""
    tv, on_box = television()
    us = CecAdapter(on_box, "Boardroom 4 of this house")
    yield tv, us
    tv.close()


def test_a_cable_gives_an_address_and_the_tv_is_woken_and_sent_to_sleep(bus: tuple[CecAdapter, CecAdapter]) -> None:
    tv, us = bus
    assert us.where == Where(BROADCAST, 0xFFFF)
    player = Playback()
    assert player.wake() == []
    plug(True)
    until(us, lambda where: where.path == PATH and where.address != BROADCAST)
    until(tv, lambda where: where == Where(TV, 0))
    assert us.changed()
    player.moved(*us.where)
    assert player.address in (4, 8, 11)

    for frame in player.wake():
        assert us.send(frame)
    assert frames(tv, Opcode.IMAGE_VIEW_ON).initiator == player.address
    assert frames(tv, Opcode.ACTIVE_SOURCE).operands == PATH.to_bytes(2)

    tv.send(Frame(TV, player.address, Opcode.USER_CONTROL_PRESSED, b"\x00"))
    player.take(frames(us, Opcode.USER_CONTROL_PRESSED), 0)
    tv.send(Frame(TV, player.address, Opcode.USER_CONTROL_RELEASED))
    player.take(frames(us, Opcode.USER_CONTROL_RELEASED), 1)
    assert player.keys == [Key("select", True), Key("select", False)]

    for frame in player.sleep():
        assert us.send(frame)
    assert frames(tv, Opcode.STANDBY).initiator == player.address

    plug(False)
    until(us, lambda where: where.path == 0xFFFF)
    player.moved(*us.where)
    assert player.wake() == []


def test_what_is_no_adapter_says_why(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="can't be opened"):
        CecAdapter(tmp_path / "cec0", "x")
    with pytest.raises(BackendUnavailable, match="does not work as a CEC adapter"):
        CecAdapter(Path("/dev/null"), "x")


async def test_hands_wake_the_tv_and_hear_its_remote_control(bus: tuple[CecAdapter, CecAdapter]) -> None:
    """The real process, over its own link, with the cable put in while it runs."""
    tv, us = bus
    us.close()  # hands take the adapter
    child = await spawn("hands", "receiver.hands")
    try:
        child.link.send(SetUpHands("null"))
        child.link.send(SetUpTv("Boardroom 4"))

        async def state(reached: Callable[[TvState], bool]) -> TvState:
            async with asyncio.timeout(60):
                while True:
                    message = await child.link.receive()
                    if isinstance(message, TvState) and reached(message):
                        return message

        await state(lambda one: not one.connected)
        plug(True)
        print((await state(lambda one: one.connected)).reason)
        tv.read()
        child.link.send(TurnTv(True))
        woken = await asyncio.to_thread(frames, tv, Opcode.IMAGE_VIEW_ON)
        assert (await state(lambda one: one.shows_us)).connected
        tv.send(Frame(TV, woken.initiator, Opcode.USER_CONTROL_PRESSED, b"\x01"))
        async with asyncio.timeout(60):
            keys = [message async for message in anext_keys(child.link, 2)]
        assert keys == [TvKey("up", True), TvKey("up", False)], "released, although the TV never said so"
    finally:
        await child.stop(5)


async def anext_keys(link: Link, count: int) -> AsyncIterator[TvKey]:
    while count:
        message = await link.receive()
        if isinstance(message, TvKey):
            count -= 1
            yield message
