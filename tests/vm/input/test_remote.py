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
from scripts.sender.taking import Taking
from tests.peers.url_servers import web
from tests.vm.guest.television import Television, frames, plug, television
from tests.vm.input.display import Display, display
from tests.vm.input.readback import Reader, ours, until
from tests.vm.input.sender import BACK, film, told

UP, OK = 0x01, 0x00
REPEATED_S = 0.3
"""How often a TV says again that a key is held: every 0.2 to 0.5 s."""


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
    tv, _ = television()
    plug(True)
    (tmp_path / "films").mkdir()
    film(tmp_path / "films/a.mp4")
    with web(tmp_path / "films") as server:
        async with display(tmp_path, "always") as box, await box.pair("Anna", BACK) as anna:
            await until(lambda: box.status()["tv"]["connected"])
            displays = await until(lambda: ours("keyboard"))
            await anna.request("input.accept")
            tv.read()
            await anna.request("display.cast", {"url": server.url("a.mp4")})
            remote = Remote(tv, (await asyncio.to_thread(frames, tv, Opcode.IMAGE_VIEW_ON)).initiator)
            assert await anna.notification("input.back") == {"active": True}

            # A key that ends remote control is for nobody.
            await anna.request("input.request")
            remote.press(OK)
            remote.release()
            await until(lambda: box.status()["input"]["granted"] == [])
            await asyncio.sleep(QUIET / 1e9)

            # Onto the sender's machine, this one, as scripts/cast --take-input does it.
            taking = Taking.begin()
            mine = Reader(await until(lambda: ours("keyboard", besides=displays)))
            remote.press(UP)
            event = await anna.notification("input.event")
            assert event == {"kind": "key", "code": "ArrowUp", "action": "down"}, "and nothing of the key before"
            taking.take("input.event", event)
            remote.release()
            taking.take("input.event", await told(anna, kind="key", code="ArrowUp", action="up"))
            await mine.pressed(e.KEY_UP)

            # For as long as it is held, which is longer than a sender holds what it hears no more of.
            async with remote.held(UP):
                began, signs = time.monotonic(), 0
                while time.monotonic() - began < 4:
                    taking.take("input.event", await told(anna, kind="key", code="ArrowUp", action="down"))
                    signs += 1
                assert signs > 3
                assert e.KEY_UP in mine.device.active_keys()
                plug(False)
                taking.take("input.event", await told(anna, kind="key", code="ArrowUp", action="up"))
            assert mine.device.active_keys() == []
            await until(lambda: not box.status()["tv"]["connected"])
            plug(True)
            await until(lambda: box.status()["tv"]["connected"])

            async with remote.held(OK):
                taking.take("input.event", await told(anna, kind="key", code="Ok", action="down"))
                os.kill(hands_of(box), signal.SIGKILL)
                taking.take("input.event", await told(anna, kind="key", code="Ok", action="up"))
                assert await anna.notification("input.back") == {"active": False}
            assert mine.device.active_keys() == []
            assert await anna.notification("input.back") == {"active": True}, "other hands"
            taking.close()
    plug(False)
    tv.close()
