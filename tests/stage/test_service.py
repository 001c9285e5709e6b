"""A stage as a unit: systemd's socket, one app after the other, and what is on the screen meanwhile."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from receiver.link import Scene, Snapshot, StageReady, StreamLive, TakeSnapshot
from receiver.linkio import Link
from tests.peers.stage_process import StageProcess

SCENE = Scene("Room 2", "https://192.0.2.7:8443", "https://192.0.2.7:8443/#s", "Office", network_ok=True)


class Unit:
    """What systemd does for it: the socket as descriptor 3, and an ear for its notifications."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, ear: socket.socket) -> None:
        self.process = process
        self._folder = folder
        self._ear = ear

    @classmethod
    async def start(cls, folder: Path) -> "Unit":
        (folder / "config.toml").write_text('[display]\nname = "Room 2"\n[output]\nkind = "headless"\n')
        ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ear.bind(str(folder / "notify"))
        ear.setblocking(False)
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(folder / "stage"))
            door.listen()
            fd = door.fileno()
            shell = f'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@" 3<&{fd}'
            config = folder / "ddp-receiver"
            config.mkdir()
            (folder / "config.toml").rename(config / "config.toml")
            process = await asyncio.create_subprocess_exec(
                *("bash", "-c", shell, "bash", sys.executable, "-m", "receiver.stage", "--listen", "--sound", "null"),
                pass_fds=(fd,),
                env={
                    "PATH": "/usr/bin:/bin",
                    "NOTIFY_SOCKET": str(folder / "notify"),
                    "WATCHDOG_USEC": "1000000",
                    "XDG_CONFIG_HOME": str(folder),
                    "HOME": str(folder),
                },
            )
        return cls(process, folder, ear)

    async def heard(self, word: bytes) -> None:
        async def hear() -> None:
            while word not in await asyncio.get_running_loop().sock_recv(self._ear, 1000):
                pass

        await asyncio.wait_for(hear(), StageProcess.patience_s)

    async def app(self) -> StageProcess:
        """A new app at its door."""
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(self._folder / "stage"))
        app = StageProcess(self.process, Link(sock))
        await app.is_ready()
        return app


@pytest.fixture
async def unit(tmp_path: Path) -> AsyncIterator[Unit]:
    unit = await Unit.start(tmp_path)
    yield unit
    if unit.process.returncode is None:
        unit.process.kill()
    await unit.process.wait()


async def seen(app: StageProcess) -> bytes:
    app.link.send(TakeSnapshot(7))
    return (await app.expect(Snapshot)).image


async def test_it_is_ready_before_any_app_and_pings_its_watchdog(unit: Unit) -> None:
    await unit.heard(b"READY=1")
    await unit.heard(b"WATCHDOG=1")


async def test_it_outlives_an_app_and_obeys_the_next(unit: Unit, flat: Callable[..., np.ndarray]) -> None:
    first = await unit.app()
    first.link.send(SCENE)
    first.attach(1).show(flat(200), keyframe=True)
    await first.expect(StreamLive)
    casting = await seen(first)
    first.link.close()

    second = await unit.app()
    assert isinstance(second.ready, StageReady)
    second.link.send(SCENE)
    idle = await seen(second)
    assert idle != casting
    second.attach(1).show(flat(60), keyframe=True)  # the same number means another stream
    await second.expect(StreamLive)
    assert unit.process.returncode is None


async def test_it_leaves_in_order(unit: Unit) -> None:
    await unit.heard(b"READY=1")
    unit.process.terminate()
    assert await asyncio.wait_for(unit.process.wait(), StageProcess.patience_s) == 0


async def test_it_needs_systemds_socket(start_stage: Callable[..., Awaitable[StageProcess]]) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "receiver.stage", "--listen"), stderr=asyncio.subprocess.PIPE
    )
    _, told = await asyncio.wait_for(process.communicate(), StageProcess.patience_s)
    assert (process.returncode, b"ddp-stage.socket" in told) == (69, True)
