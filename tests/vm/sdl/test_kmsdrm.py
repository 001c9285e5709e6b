"""SDL's kmsdrm by Debian's SDL and Mesa's software renderer: what a copy of the screen from outside has."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from receiver.errors import BackendUnavailable
from receiver.present.drm import terminal as vt
from receiver.present.drm.terminal import front
from receiver.present.kms import KmsPresenter
from receiver.present.kmsdrm import DRIVER, KmsdrmPresenter
from receiver.present.sdl import SystemSdlNeeded, drivers
from tests.peers.stage_process import StageProcess
from tests.vm.devices.test_presenter import CONSOLE, GLASS, card, copied_within, pattern, rgb
from tests.vm.devices.test_terminal import FRONT, OTHER, activate, mode
from tests.vm.guest.checkers import HEIGHT, SCENE, WIDTH, idle_cast_and_idle, same
from tests.vm.guest.host import Host

PICTURES = 4
NAME = f"Virtual-1 of card0 (virtio_gpu), {WIDTH}x{HEIGHT} at "


@asynccontextmanager
async def started(*options: str) -> AsyncIterator[StageProcess]:
    stage = await StageProcess.start(
        "--sound", "null", "--software", "--terminal", str(CONSOLE), *options, session=True
    )
    try:
        await stage.is_ready()
        yield stage
    finally:
        await stage.kill()


def console(host: Host) -> np.ndarray:
    CONSOLE.write_text("\033[?25l\033[2J\033[Hbefore and after SDL\n" * 3)
    time.sleep(1)
    shown = host.screen("virtio", "console")
    assert 0 < np.mean(shown > 100) < 0.1, "some letters on black"
    return shown


async def within(seconds: float, what: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not await asyncio.to_thread(what):
        await asyncio.sleep(0.005)
        if time.monotonic() > until:
            return False
    return True


def test_an_sdl_without_the_driver_asks_for_the_systems() -> None:
    assert DRIVER not in drivers()
    with pytest.raises(SystemSdlNeeded):
        KmsdrmPresenter(card("virtio_gpu"))


def test_a_screen_in_use_is_left_alone() -> None:
    path = card("virtio_gpu")
    presenter = KmsPresenter(path)
    try:
        with pytest.raises(BackendUnavailable, match=f"another program.*holds the screen of {path}"):
            KmsdrmPresenter(path)
    finally:
        presenter.close()


ONE_PATTERN = """
import sys
from pathlib import Path
from receiver.present.api import View
from receiver.present.kmsdrm import KmsdrmPresenter
from tests.vm.devices.test_presenter import pattern

presenter = KmsdrmPresenter(Path(sys.argv[1]))
presenter.draw(View(pattern(presenter.size, 3)))
presenter.flip()
print(*presenter.size, flush=True)
sys.stdin.read()
presenter.close()
"""


@pytest.mark.parametrize("driver", GLASS)
def test_what_is_drawn_is_on_the_screen(host: Host, driver: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ONE_PATTERN, str(card(driver))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | SystemSdlNeeded().environ,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        width, height = map(int, process.stdout.readline().split())
        copied_within(host, GLASS[driver], rgb(pattern((width, height), 3)))
        process.stdin.close()
    assert process.returncode == 0


async def test_from_console_to_cast_and_back(host: Host) -> None:
    before = await asyncio.to_thread(console, host)
    async with started("--output", "kmsdrm") as stage:
        ready = stage.ready
        assert (ready.output, ready.width, ready.height) == ("kmsdrm", WIDTH, HEIGHT)
        assert ready.output_reason.startswith(f"SDL's kmsdrm on {NAME}")
        assert ready.output_reason.endswith(" Hz, as asked for.")
        assert (ready.sleeps, ready.console) == (False, "tty1")

        await idle_cast_and_idle(stage, host, "kmsdrm", PICTURES, 0.05)
        assert await stage.stop() == 0
    assert await within(5, lambda: np.array_equal(host.screen("virtio", "kmsdrm-after"), before)), "no console any more"


async def test_it_steps_in_where_kms_can_not_have_the_screen(host: Host) -> None:
    async with started("--output", "auto", "--connector", "DP-9") as stage:
        assert stage.ready.output == "kmsdrm"
        assert stage.ready.output_reason.startswith(f"SDL's kmsdrm on {NAME}")
        assert " Hz, because /dev/dri/card0 has no connector DP-9; " in stage.ready.output_reason
        stage.link.send(SCENE)
        await same(stage, host, "kmsdrm-auto")
        assert await stage.stop() == 0


async def test_another_terminal_gets_the_screen_and_gives_it_back(host: Host) -> None:
    async with started("--output", "kmsdrm") as stage:
        stage.link.send(SCENE)
        await same(stage, host, "kmsdrm-front")
        try:
            activate(OTHER)
            Path(f"/dev/tty{OTHER}").write_text("a technician's work\n" * 30)
            away = await within(20, lambda: 1 < len(np.unique(host.screen("virtio", "kmsdrm-console"))) < 10)
            assert away, "the other terminal's text is not on the screen"
        finally:
            activate(FRONT)
        await asyncio.sleep(3)
        await same(stage, host, "kmsdrm-back")
        for _ in range(2):
            activate(OTHER)
            assert await within(20, lambda: front() == f"tty{OTHER}")
            activate(FRONT)  # before anybody could look at the other one
            await asyncio.sleep(3)  # SDL forgets one of two such signals that come at once
        await same(stage, host, "kmsdrm-back-at-once")
        assert await stage.stop() == 0
    assert mode() == (vt.KD_TEXT, vt.VT_AUTO)
