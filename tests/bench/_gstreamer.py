"""GStreamer's webrtcbin as the receiver, behind the product's own server: a program of its own in Debian's Python.

Pictures count as shown when they leave the decoder: no screen, no VSync, latency 0; the least that a pipeline can do.
"""

import asyncio
import base64
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tests.bench._doorway import Candidate, Signs, doorway
from tests.bench._figures import Seen, Shown
from tests.peers import pattern

PROGRAM = Path(__file__).parent / "gstreamer_receiver"
PYTHON = "/usr/bin/python3"
"""Debian's: it alone has the bindings."""
CODECS = ("VP8", "H264", "VP9")
"""Debian's GStreamer takes no AV1 out of RTP."""
MAX_LINE = 64 * 1024 * 1024


def missing() -> str:
    """Why it can't be measured here; empty where it can."""
    try:
        subprocess.run([PYTHON, PROGRAM, "--check"], check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        told = getattr(error, "stderr", b"") or str(error).encode()
        return f"GStreamer's webrtcbin can't be started: {told.decode(errors='replace').strip().splitlines()[-1]}"
    return ""


class GStreamer:
    """Orders and answers are lines of JSON."""

    name = "GStreamer"

    def __init__(self, running: asyncio.subprocess.Process, width: int) -> None:
        self._running = running
        self._width = width
        self.process = psutil.Process(running.pid)
        self.port = 0
        self.signs: Signs | None = None

    async def pin(self) -> str:
        assert self.signs is not None
        return await self.signs.pin

    async def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        self._running.stdin.write(json.dumps(order).encode() + b"\n")
        line = await self._running.stdout.readline()
        assert line, "GStreamer's program has ended"
        return dict(json.loads(line))

    async def answer(self, sdp: str) -> str:
        return str((await self.ask({"offer": sdp, "width": self._width}))["answer"])

    async def watch(self, seconds: float) -> Seen:
        """Note every picture for a while."""
        await self.ask({"take": True})
        await asyncio.sleep(seconds)
        pictures = []
        for at_ms, encoded in (await self.ask({"take": True}))["readings"]:
            row = np.frombuffer(base64.b64decode(encoded), np.uint8)
            scale = len(row) / self._width
            written, frame = pattern.read_row(row, scale) or (None, None)
            age = None if written is None else pattern.age_ms(written, round(at_ms * 1e6))
            pictures.append(Shown(at_ms, age, frame, age))
        return Seen(pictures, len(pictures))

    async def leave_alone(self) -> None:
        """It copies one row of each picture, which costs nothing."""


@asynccontextmanager
async def gstreamer(size: tuple[int, int]) -> AsyncIterator[GStreamer]:
    """Start it."""
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec(PYTHON, PROGRAM, stdin=pipe, stdout=pipe, limit=MAX_LINE)
    try:
        assert running.stdout is not None
        assert await running.stdout.readline(), "GStreamer's program could not be started"
        receiver = GStreamer(running, size[0])
        async with doorway("GStreamer", receiver.answer, _ignore) as (receiver.port, receiver.signs):
            yield receiver
    finally:
        running.kill()
        await running.wait()


def _ignore(candidate: Candidate) -> None:
    """What the sender trickles is not needed: both are on this machine, and its checks come from where they reach."""
