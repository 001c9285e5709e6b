"""docs/ddp-examples.md shows every method and notification, as they are today."""

import re
from pathlib import Path

from receiver.ddp.commands import COMMANDS
from tests.peers import examples

APP = Path(__file__).parents[2] / "receiver/app"
NAME = re.compile(r'"((?:ddp|pair|auth|rtc|floor|input|data|session|keys|quic)\.[a-z]+)"')


def test_nothing_is_left_out() -> None:
    named = {name for file in APP.glob("*.py") for name in NAME.findall(file.read_text())}
    named |= {spec.method for spec in COMMANDS.values()} | {"display.stats", "display.state"}
    named |= {f"data.{kind}" for kind in ("added", "changed", "removed", "ready", "nosub", "updated")}
    text = examples.FILE.read_text()
    assert {name for name in named if f'"method": "{name}"' not in text} == set()


async def test_the_file_is_current(tmp_path: Path) -> None:
    recorded = await examples.record(tmp_path)
    assert recorded == examples.FILE.read_text(), "run python -m tests.peers.examples and commit what it writes"
