"""A receive thread that hangs while all else goes on: ptrace stops a single thread."""

import asyncio
import ctypes
import os
import time
from pathlib import Path

import pytest

from tests.intake.conftest import IntakeUnderTest
from tests.intake.test_aiortc_peer import Peer, cast, peer  # noqa: F401 - a fixture

PTRACE_ATTACH = 16
WALL = 0x40000000
"""__WALL of <linux/wait.h>: threads too."""


def threads(process: int) -> set[int]:
    return {int(path.name) for path in Path(f"/proc/{process}/task").iterdir()}


def is_over(thread: int) -> bool:
    """Whether a thread that we trace has ended. It and its process last until we have asked."""
    found, how = os.waitpid(thread, WALL | os.WNOHANG)
    return found != 0 and not os.WIFSTOPPED(how)


async def test_the_stream_ends_with_a_reason_and_so_does_the_process(intake: IntakeUnderTest, peer: Peer) -> None:  # noqa: F811
    before = threads(intake.process.pid)
    await cast(intake, peer)
    (receiving,) = threads(intake.process.pid) - before
    if ctypes.CDLL(None).ptrace(PTRACE_ATTACH, receiving, None, None) != 0:
        pytest.skip("this machine lets nobody stop a thread")
    began = time.monotonic()
    await intake.until(lambda: intake.states()[-1] == "failed")
    assert 3 < time.monotonic() - began < 10
    await intake.until(lambda: is_over(receiving), 5)
    await asyncio.wait_for(intake.process.wait(), 5)
