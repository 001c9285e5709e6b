"""In a guest: the other processes of a busy box. A stage decodes a cast of 640x360, and two want a processor each.

``python -m tests.vm.guest.load`` says "busy" once it is, and goes on until it is ended.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import numpy as np

from receiver.link import StreamLive
from tests.peers.stage_process import Camera, StageProcess

SIZE = (640, 360)
FPS = 15
LOOP = 30
"""Encoded once, and sent over and over."""
SPIN = "while True: sum(range(1000))"


async def send(camera: Camera) -> None:
    """A moving pattern, for ever."""
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    lumas = [((x + y // 2 + 8 * step) % 200 + 20).astype(np.uint8) for step in range(LOOP)]
    frames = [camera.encode(luma, keyframe=step == 0) for step, luma in enumerate(lumas)]
    began = time.monotonic()
    for count in range(10**9):
        await asyncio.sleep(max(0, began + count / FPS - time.monotonic()))
        now = time.monotonic_ns()
        frame = msgspec.structs.replace(
            frames[count % LOOP], timestamp=count * 90_000 // FPS, first_packet_ns=now, complete_ns=now
        )
        camera.link.send(frame)


async def cast() -> None:
    StageProcess.patience_s = 150
    stage = await StageProcess.start("--output", "headless", "--size", "640x360", "--sound", "null")
    await stage.is_ready()
    sending = asyncio.create_task(send(stage.attach(1)))
    await stage.expect(StreamLive)
    print("busy", flush=True)
    while await stage.link.receive() is not None:
        pass
    sending.cancel()


@contextmanager
def loaded() -> Iterator[None]:
    """Stage and cast of the same priority as the caller's, the others of a user's."""
    spinning = [subprocess.Popen(["nice", "-n", "10", sys.executable, "-c", SPIN]) for _ in range(2)]
    with subprocess.Popen([sys.executable, "-m", "tests.vm.guest.load"], stdout=subprocess.PIPE, text=True) as casting:
        try:
            assert casting.stdout is not None
            assert casting.stdout.readline() == "busy\n"
            yield
        finally:
            busy: list[subprocess.Popen[bytes] | subprocess.Popen[str]] = [*spinning, casting]
            for process in busy:
                process.kill()
                process.wait()


if __name__ == "__main__":
    asyncio.run(cast())
