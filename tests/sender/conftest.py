"""Senders that remember what they have paired with, before a real display."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest

from tests.peers.box import Box, box
from tests.peers.cast import Cast, cast
from tests.peers.x_server import x_server


class Person(Protocol):
    """Somebody at a command line: ``person("test", name="Ben")``."""

    def __call__(self, *words: str, name: str = ..., **variables: str) -> AbstractAsyncContextManager[Cast]: ...


@pytest.fixture
async def tv(tmp_path: Path) -> AsyncIterator[Box]:
    """A real receiver."""
    async with box(tmp_path) as running:
        yield running


@pytest.fixture
def person(tv: Box, tmp_path: Path) -> Person:
    """Runs a command and types the PIN that the display shows, if it is asked for."""

    @asynccontextmanager
    async def run(*words: str, name: str = "Anna", **variables: str) -> AsyncIterator[Cast]:
        address = f"127.0.0.1:{(await tv.status())['https_port']}"
        command, *rest = words
        at = 1 if command in ("file", "url") else 0
        placed = (command, *rest[:at], address, *rest[at:], "--name", name)
        async with cast(tmp_path / name, *placed, before=(), **variables) as sender:
            if not (tmp_path / name).exists():
                await sender.says("PIN on Test room: ")
                sender.types(await tv.pin())
            yield sender

    return run


@pytest.fixture
async def desktop() -> AsyncIterator[str]:
    """An X server of our own that shows the moving pattern; its DISPLAY."""
    async with x_server("1280x720") as name:
        window = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.peers.x_pattern"), env=os.environ | {"DISPLAY": name}
        )
        try:
            yield name
        finally:
            window.kill()
            await window.wait()
