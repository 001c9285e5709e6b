"""An X server without a screen."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

PATIENCE_S = 20.0


@asynccontextmanager
async def x_server(size: str) -> AsyncIterator[str]:
    """A display of our own with nothing on it, of so many pixels ("900x600"); the name for DISPLAY."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is needed for a screen; install the package xvfb")
    server = await asyncio.create_subprocess_exec(
        *("Xvfb", "-displayfd", "1", "-screen", "0", f"{size}x24", "-nolisten", "tcp"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert server.stdout is not None
    try:
        number = await asyncio.wait_for(server.stdout.readline(), PATIENCE_S)
        yield f":{number.decode().strip()}"
    finally:
        server.terminate()  # it takes its lock and socket away
        try:
            await asyncio.wait_for(server.wait(), PATIENCE_S)
        except TimeoutError:
            server.kill()
            await server.wait()
