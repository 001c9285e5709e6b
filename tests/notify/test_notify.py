"""The notification protocol against a real socket, as systemd would hold it."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from receiver.notify import Notify


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(5)
        yield sock


def test_nothing_happens_without_systemd() -> None:
    notify = Notify({})
    notify.ready("Fine")
    assert notify.watchdog_s == 0
    asyncio.run(asyncio.wait_for(notify.guard(), 1))


def test_ready_is_told_and_the_environment_is_left_empty(manager: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": str(os.getpid())}
    notify = Notify(environ)
    notify.ready("Fine")
    assert manager.recv(100) == b"READY=1\nSTATUS=Fine"
    assert (notify.watchdog_s, environ) == (2.0, {})


def test_an_abstract_address() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(f"\0ddp-test-{os.getpid()}")
        Notify({"NOTIFY_SOCKET": f"@ddp-test-{os.getpid()}"}).tell("STOPPING=1")
        assert sock.recv(100) == b"STOPPING=1"


def test_a_watchdog_of_another_process_is_not_ours(manager: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"}
    assert Notify(environ).watchdog_s == 0


async def test_pings_stop_when_the_work_does(manager: socket.socket) -> None:
    manager.setblocking(False)
    alive = True
    notify = Notify({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "40000"})
    guard = asyncio.create_task(notify.guard(lambda: alive))
    loop = asyncio.get_running_loop()
    for _ in range(3):
        assert await asyncio.wait_for(loop.sock_recv(manager, 100), 5) == b"WATCHDOG=1"
    alive = False
    with contextlib.suppress(BlockingIOError):
        while manager.recv(100):
            pass
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(loop.sock_recv(manager, 100), 0.3)
    guard.cancel()


def test_a_manager_that_is_gone_is_no_reason_to_fall(tmp_path: Path) -> None:
    Notify({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready("Fine")
