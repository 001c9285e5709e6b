"""A real receiver, headless, in processes of its own, with its admin socket at hand."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import psutil

from receiver.admin import SOCKET_NAME
from receiver.link import (
    AdminKeys,
    AdminKeysReply,
    AdminStatus,
    AdminStatusReply,
    Message,
    SetTap,
    Snapshot,
    TakeSnapshot,
    TapPicture,
    TapSound,
)
from receiver.linkio import Link
from tests.peers import pattern

START_TIMEOUT_S = 30.0


class Box:
    """A running receiver."""

    def __init__(self, process: asyncio.subprocess.Process, runtime_dir: Path) -> None:
        self.process = process
        self._socket = str(runtime_dir / SOCKET_NAME)

    async def _connect(self) -> Link:
        _, writer = await asyncio.open_unix_connection(self._socket)
        sock = writer.get_extra_info("socket")
        link = Link(sock.dup())
        writer.close()
        return link

    async def _ask(self, question: Message) -> Message:
        link = await self._connect()
        try:
            link.send(question)
            answer = await asyncio.wait_for(link.receive(), 10)
            assert answer is not None
            return answer
        finally:
            link.close()

    async def status(self) -> dict[str, Any]:
        answer = await self._ask(AdminStatus())
        assert isinstance(answer, AdminStatusReply)
        return answer.status

    async def snapshot(self, max_width: int = 0, image_format: Literal["png", "jpeg"] = "png") -> Snapshot:
        answer = await self._ask(TakeSnapshot(1, max_width, image_format))
        assert isinstance(answer, Snapshot)
        return answer

    async def until(self, wanted: Callable[[dict[str, Any]], Any], timeout_s: float = 10.0) -> Any:
        """Wait until ``wanted(status)`` is truthy and return it."""
        deadline = time.monotonic() + timeout_s
        while not (found := wanted(await self.status())):
            assert time.monotonic() < deadline, f"not reached in {timeout_s} s; status: {await self.status()}"
            await asyncio.sleep(0.05)
        return found

    async def keys(self, action: Literal["list", "make", "revoke"], **given: Any) -> AdminKeysReply:
        """``ddp-receiver keys``."""
        answer = await self._ask(AdminKeys(action, **given))
        assert isinstance(answer, AdminKeysReply)
        return answer

    async def make_key(self, name: str) -> dict[str, Any]:
        """A new stream key and what goes with it, once the box has a certificate."""
        while (answer := await self.keys("make", name=name)).error:
            assert "starting" in answer.error
            await asyncio.sleep(0.05)
        return answer.made

    async def pin(self) -> str:
        """The PIN that the TV shows."""
        return str(await self.until(lambda status: status["pin"]))

    @asynccontextmanager
    async def tap(self) -> AsyncIterator[Link]:
        """A link that carries TapPicture (the pattern's rows) and TapSound for all that is shown and played."""
        link = await self._connect()
        link.send(SetTap(True, 0, 0, pattern.WIDTH, pattern.SIZE))
        try:
            yield link
        finally:
            link.close()

    def children(self) -> list[tuple[psutil.Process, str]]:
        """The receiver's own processes that run now, each with its module; without those that just begin or end."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.Error, IndexError):
                found.append((child, child.cmdline()[2]))
        return found

    async def stop(self) -> int:
        """Ctrl-C, as a terminal sends it; the exit status."""
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGINT)
        return await asyncio.wait_for(self.process.wait(), 10)


Sample = TapPicture | TapSound


async def collect(link: Link, seconds: float) -> list[Sample]:
    """All samples of a tap for a while."""
    samples: list[Sample] = []
    deadline = asyncio.get_running_loop().time() + seconds
    while (left := deadline - asyncio.get_running_loop().time()) > 0:
        try:
            message = await asyncio.wait_for(link.receive(), left)
        except TimeoutError:
            break
        assert isinstance(message, TapPicture | TapSound)
        samples.append(message)
    return samples


def readings(samples: list[Sample]) -> list[tuple[float, int]]:
    """(age on glass in ms, frame number) of every picture whose pattern could be read."""
    mono_to_wall = time.time_ns() - time.monotonic_ns()
    found = []
    for sample in samples:
        if isinstance(sample, TapPicture) and (read := pattern.read_picture(sample.luma, pattern.WIDTH)):
            assert sample.stamps.on_screen is not None
            found.append((pattern.age_ms(read[0], sample.stamps.on_screen + mono_to_wall), read[1]))
    return found


CONFIG = """
[display]
name = "Test room"
[http]
port = 0
https_port = 0
[output]
kind = "headless"
[sound]
device = "null"
[input]
device = "null"
[discovery]
ssdp = false
mdns = false
[paths]
state_dir = "{folder}/state"
runtime_dir = "{folder}/run"
[log]
level = "debug"
"""


@asynccontextmanager
async def box(
    folder: Path, extra: tuple[str, ...] = (), config: str = CONFIG, before: tuple[str, ...] = ()
) -> AsyncIterator[Box]:
    """Start a receiver with its state in ``folder``; its log is ``folder/log``. ``before``: what runs the command."""
    file = folder / "config.toml"
    file.write_text(config.format(folder=folder))
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(*before, sys.executable, "-m", "receiver", "run", "--config", str(file), *extra),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    running = Box(process, folder / "run")
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            with contextlib.suppress(OSError, AssertionError):
                await running.status()
                break
            text = (folder / "log").read_text()
            assert process.returncode is None, f"the receiver ended at once:\n{text}"
            assert time.monotonic() < deadline, f"the receiver did not start:\n{text}"
            await asyncio.sleep(0.05)
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            if process.returncode is None:
                await running.stop()
            os.killpg(process.pid, signal.SIGKILL)
