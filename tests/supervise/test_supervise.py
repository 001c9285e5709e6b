"""Back-off by a fake clock, and real children."""

import asyncio
import socket
from pathlib import Path

import pytest

from receiver.errors import ReceiverError
from receiver.supervise import FIRST_DELAY, LONGEST_DELAY, SECOND, STABLE_AFTER, Backoff, spawn


def test_backoff_starts_at_once_then_doubles_to_its_bound() -> None:
    backoff, now, delays = Backoff(), 0, []
    for _ in range(12):
        backoff.started(now)
        delays.append(backoff.died(now := now + SECOND))
    assert delays[:4] == [0, FIRST_DELAY, 2 * FIRST_DELAY, 4 * FIRST_DELAY]
    assert delays[-1] == LONGEST_DELAY


def test_a_long_life_forgives() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.started(0)
        backoff.died(1)
    backoff.started(0)
    assert backoff.died(STABLE_AFTER) == 0


async def test_a_child_that_ignores_its_closed_link_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stubborn_child.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    child = await spawn("stubborn", "stubborn_child")
    await child.stop(0.2)
    assert child.epitaph() == "killed by SIGKILL"


async def test_a_child_that_fails_says_how() -> None:
    child = await spawn("mistaken", "http.server", "not-a-port")
    assert child.process is not None
    await asyncio.wait_for(child.process.wait(), 20)
    await child.stop(0.1)
    assert child.epitaph() == "exit status 2"


async def test_a_unit_is_connected_to_and_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DDP_LINKS", str(tmp_path))
    with pytest.raises(ReceiverError, match="The unit of the stage does not answer"):
        await spawn("stage", "receiver.stage")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "stage"))
        door.listen()
        stage = await spawn("stage", "receiver.stage", "--output", "kms")
        with door.accept()[0] as unit:
            await stage.stop(0.1)
            assert unit.recv(1) == b""
    assert (stage.status, stage.link.closed) == (None, True)
