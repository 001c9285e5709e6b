"""Meteor clients that others have written, under node, at a real display: npm's simpleddp and ddp."""

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.peers.display import DISPLAY_ID, FakeDisplay

PEERS = Path(__file__).parent.parent / "peers" / "meteor"
INSTALL_S = 240


@pytest.fixture(scope="session")
def modules(pytestconfig: pytest.Config) -> Path:
    """The clients, fetched once by npm and kept in pytest's cache."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node or npm is not installed here")
    package = (PEERS / "package.json").read_bytes()
    cache = pytestconfig.cache
    assert cache is not None
    folder = cache.mkdir(f"meteor-{hashlib.sha256(package).hexdigest()[:16]}")
    if not (folder / "done").exists():
        (folder / "package.json").write_bytes(package)
        command = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
        try:
            installed = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_S)
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm could not fetch the clients within {INSTALL_S} s")
        if installed.returncode:
            pytest.skip(f"npm can't fetch the clients: {installed.stderr.strip().splitlines()[-1:]}")
        (folder / "done").touch()
    return folder / "node_modules"


async def run(modules: Path, *arguments: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        "node",
        *arguments,
        env=os.environ | {"NODE_PATH": str(modules)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 60)
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode == 0, err.decode()
    seen: dict[str, Any] = json.loads(out)
    return seen


@pytest.mark.timeout(INSTALL_S + 60)
@pytest.mark.parametrize("client", [("simpleddp.js",), ("ddp.js", "1"), ("ddp.js", "pre2"), ("ddp.js", "pre1")])
async def test_a_foreign_client_reads_writes_and_is_told_why_not(
    display: FakeDisplay, modules: Path, client: tuple[str, ...]
) -> None:
    frames = iter(range(1_000_000))
    display.desk.data.server.sources["streams"] = lambda: {"7": {"fps": next(frames), "codec": "VP8"}}
    script, *version = client
    seen = await run(modules, str(PEERS / script), f"{display.ws}websocket", *version)
    assert seen["displays"][0]["display_id"] == DISPLAY_ID
    assert seen["streams"] == 1
    assert seen["reached"] == {"reached": 1}
    assert seen["room"] == {"isDate": True, "when": 10**12, "data": [1, 2, 3]}
    assert seen["streamsAfter"] == 0
    assert seen["badSub"]["error"] == -32011
    assert "publish" in seen["badMethod"]["reason"]
    assert seen["audit"]["error"] == -32002
