"""A driver without a vblank timer (virtio-gpu before Linux 6.19): it says of each flip that it is done, at once.

The presenter must keep the screen's rate by a clock of its own there: pictures on an even grid, no busy loop.
"""

import asyncio
import os
from pathlib import Path

import numpy as np

from receiver.link import Scene, SetTap, TapPicture
from tests.peers.stage_process import StageProcess
from tests.vm.guest.checkers import shown_ns
from tests.vm.guest.host import Host

SCENE = Scene("Boardroom 4", "https://192.0.2.7:8443", "https://192.0.2.7:8443/#s", "By cable", True)
PICTURES = 20
SECONDS = 5


def ticks(process: int) -> int:
    """Of the processor, spent so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


async def test_pictures_keep_the_screens_rate(host: Host) -> None:
    stage = await StageProcess.start("--output", "kms", "--sound", "null")
    try:
        await stage.is_ready()
        stage.link.send(SCENE)
        stage.link.send(SetTap(True, 0, 0, 2, 2))
        camera = stage.attach(1)
        shown = []
        for step in range(PICTURES):
            camera.show(np.full((180, 320), 40 + 8 * step, np.uint8), keyframe=step == 0)
            shown.append(shown_ns(await stage.expect(TapPicture)))
        steps = np.diff(shown) * stage.ready.refresh_mhz / 1e12
        print("periods from one picture to the next:", np.round(steps, 3).tolist())
        assert steps.min() > 0.5, "two pictures within one period of the screen"
        before = ticks(stage.process.pid)
        await asyncio.sleep(SECONDS)
        assert ticks(stage.process.pid) - before < SECONDS * os.sysconf("SC_CLK_TCK") * 0.8, "a busy loop"
        assert await stage.stop() == 0
    finally:
        await stage.kill()
