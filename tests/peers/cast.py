"""The command-line sender in a process of its own, by the script that people call."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "cast"
WAIT_S = 30.0


class Cast:
    """One running command. ``told``: what it has said to its person."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.told = ""
        self._said = asyncio.Condition()
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self.process.stderr is not None
        while text := await self.process.stderr.read(4096):
            async with self._said:
                self.told += text.decode()
                self._said.notify_all()

    async def says(self, pattern: str) -> None:
        """Wait until it has said what matches."""
        async with self._said:
            try:
                await asyncio.wait_for(self._said.wait_for(lambda: re.search(pattern, self.told)), WAIT_S)
            except TimeoutError:
                raise AssertionError(f"not said: {pattern}; but: {self.told}") from None

    def types(self, text: str) -> None:
        """A line from the keyboard."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n".encode())

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    async def ends(self) -> int:
        """The exit status."""
        status = await asyncio.wait_for(self.process.wait(), WAIT_S)
        await self._listening
        return status

    async def output(self) -> str:
        """All that it prints until it ends."""
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.read(), WAIT_S)).decode()

    async def line(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.readline(), WAIT_S)).decode()


@asynccontextmanager
async def cast(state: Path, *words: str, before: tuple[str, ...] = (), **variables: str) -> AsyncIterator[Cast]:
    """``scripts/cast WORDS`` with its memory in ``state``; ``before``: the command to run it by."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    process = await asyncio.create_subprocess_exec(
        *(*before, str(SCRIPT), *words),
        env=kept | {"XDG_STATE_HOME": str(state), "VENV": sys.prefix} | variables,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    sender = Cast(process)
    try:
        yield sender
    finally:
        if process.returncode is None:
            process.kill()
        await sender.ends()
