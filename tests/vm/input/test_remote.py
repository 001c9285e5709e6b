"""The keys of the TV's remote control, from the TV to the sender whose picture it shows, and to its machine."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from evdev import ecodes as e

from receiver.input.cec import TV, Frame, Opcode
from receiver.session.way_back import QUIET
from tests.peers.ddp_client import DdpClient
from tests.peers.url_servers import web
from tests.vm.guest.television import Television, frames, join, plug, television
from tests.vm.input.display import Display, display
from tests.vm.input.readback import all_ours, until
from tests.vm.input.sender import BACK, film, network, taking_input, told

UP, OK = 0x01, 0x00
REPEATED_S = 0.3
"""How often a TV says again that a key is held: every 0.2 to 0.5 s."""
HELD_S = 3.0
"""For so long a sender holds what it does not hear of."""


class Remote:
    """The TV's; ``to``: our address."""

    def __init__(self, tv: Television, to: int) -> None:
        self._tv, self._to = tv, to

    def press(self, code: int) -> None:
        self._tv.send(Frame(TV, self._to, Opcode.USER_CONTROL_PRESSED, bytes((code,))))

    def release(self) -> None:
        self._tv.send(Frame(TV, self._to, Opcode.USER_CONTROL_RELEASED))

    @asynccontextmanager
    async def held(self, code: int) -> AsyncIterator[None]:
        """Until then, and no longer; that it is released is for others to say."""

        async def repeat() -> None:
            while True:
                self.press(code)
                await asyncio.sleep(REPEATED_S)

        repeating = asyncio.create_task(repeat())
        try:
            yield
        finally:
            repeating.cancel()


def hands_of(box: Display) -> int:
    """Their process."""
    children = Path(f"/proc/{box.process.pid}/task/{box.process.pid}/children").read_text().split()
    return next(int(pid) for pid in children if b"receiver.hands" in Path(f"/proc/{pid}/cmdline").read_bytes())


@pytest.mark.timeout(240)
async def test_the_tvs_keys_reach_the_sender_and_none_stays_down(tmp_path: Path) -> None:
    tv, on_box = television()
    join(on_box)
    network()
    (tmp_path / "films").mkdir()
    film(tmp_path / "films/a.mp4")
    with web(tmp_path / "films") as server:
        async with display(tmp_path, "always") as box:
            await until(lambda: box.status()["tv"]["connected"])
            tv.read()
            async with await box.pair("Anna", BACK) as anna:
                await anna.request("input.accept")
                await anna.request("display.cast", {"url": server.url("a.mp4")})
                remote = Remote(tv, (await asyncio.to_thread(frames, tv, Opcode.IMAGE_VIEW_ON)).initiator)
                assert await anna.notification("input.back") == {"active": True}
                await is_told(anna, remote, box)
            async with taking_input(tmp_path / "ben", box):
                await does_it_here(remote)
    plug(False)
    tv.close()


async def is_told(anna: DdpClient, remote: Remote, box: Display) -> None:
    """A key as long as it is held, which is longer than a sender holds what it hears no more of."""
    # One that ends remote control is for nobody.
    await anna.request("input.request")
    remote.press(OK)
    remote.release()
    await until(lambda: box.status()["input"]["granted"] == [])
    await asyncio.sleep(QUIET / 1e9)

    remote.press(UP)
    event = await anna.notification("input.event")
    assert event == {"kind": "key", "code": "ArrowUp", "action": "down"}, "and nothing of the key before"
    remote.release()
    await told(anna, kind="key", code="ArrowUp", action="up")

    async with remote.held(UP):
        began = time.monotonic()
        while time.monotonic() - began < 4:
            async with asyncio.timeout(HELD_S):
                await told(anna, kind="key", code="ArrowUp", action="down")
        os.kill(hands_of(box), signal.SIGKILL)
        await told(anna, kind="key", code="ArrowUp", action="up")
        assert await anna.notification("input.back") == {"active": False}
    assert await anna.notification("input.back") == {"active": True}, "other hands"
    await until(lambda: box.status()["tv"]["connected"])


async def does_it_here(remote: Remote) -> None:
    """A sender's own machine is this one, too: it has a keyboard beside the display's."""
    keyboards = await until(lambda: all_ours("keyboard", 2))

    def down() -> set[int]:
        return {code for keyboard in keyboards for code in keyboard.active_keys()}

    async with remote.held(UP):
        await until(lambda: down() == {e.KEY_UP})
    remote.release()
    await until(lambda: not down())
    async with remote.held(OK):
        await until(lambda: down() == {e.KEY_ENTER})
        plug(False)
        await until(lambda: not down())
