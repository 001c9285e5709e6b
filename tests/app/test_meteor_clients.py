"""Meteor clients that others have written, under node, at a real display: npm's simpleddp and ddp."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.peers.display import DISPLAY_ID, FakeDisplay
from tests.peers.npm import INSTALL_S, npm_modules

PEERS = Path(__file__).parent.parent / "peers" / "meteor"


@pytest.fixture(scope="session")
def modules(pytestconfig: pytest.Config) -> Path:
    """The clients, fetched once by npm and kept in pytest's cache."""
    return npm_modules(pytestconfig, PEERS / "package.json")


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
