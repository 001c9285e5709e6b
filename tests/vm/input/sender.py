"""Senders that are told what is done at the display, and what they cast meanwhile."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.peers import ddp_client
from tests.peers.ddp_client import CAPABILITY, DdpClient
from tests.vm.input.display import Display
from tests.vm.input.readback import PATIENCE_S, until

BACK = CAPABILITY + ", back=(key pointer wheel touch)"

ddp_client.TIMEOUT_S = 60.0  # emulated processors are slow


def film(path: Path) -> None:
    """Ten minutes at a picture a second, 4:3: bars are left and right of it on the screen."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options, stream.time_base = {"preset": "ultrafast", "tune": "zerolatency"}, Fraction(1, 1)
        for index in range(600):
            frame = av.VideoFrame.from_ndarray(np.full((72, 64), 128, np.uint8), "yuv420p")
            frame.pts = index
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


async def told(anna: DdpClient, **fields: Any) -> dict[str, Any]:
    """The next event like that; others are passed over."""
    while True:
        event = await anna.notification("input.event")
        if {name: event.get(name) for name in fields} == fields:
            return event


def network() -> None:
    """An address to be cast to at; nothing is beyond it."""
    for words in ("link add room type dummy", "address add 192.0.2.7/24 dev room", "link set room up"):
        subprocess.run(["ip", *words.split()], check=True)


@asynccontextmanager
async def taking_input(folder: Path, display: Display) -> AsyncIterator[None]:
    """``scripts/cast test --take-input``, once it is told; few pictures, for the processor is an emulated one."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "scripts.sender", "test", f"localhost:{display.status()['https_port']}"),
        *("--take-input", "--size", "160x90", "--fps", "1", "--name", "Ben"),
        env=os.environ | {"XDG_STATE_HOME": str(folder)},
        stdin=asyncio.subprocess.PIPE,
    )
    try:
        pin = await until(lambda: display.status().get("pin"))
        assert process.stdin is not None
        process.stdin.write(f"{pin}\n".encode())
        await until(lambda: display.status()["input"]["back"]["to"] == "Ben")
        yield
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
