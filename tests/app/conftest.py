"""A display on loopback for every test of a connection."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.peers.display import FakeDisplay, fake_display


@pytest.fixture
def web(tmp_path: Path) -> Path:
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>cast</title>")
    (folder / "tv.html").write_text("<!doctype html><title>tv</title>")
    (folder / "cast.js").write_text("export {};")
    return folder


@pytest.fixture
async def display(tmp_path: Path, web: Path) -> AsyncIterator[FakeDisplay]:
    async with fake_display(tmp_path / "state", web) as running:
        yield running
