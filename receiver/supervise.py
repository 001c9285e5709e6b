"""Child processes: start one on a socket pair, stop it in order, start it again with back-off.

Each child is ``python -m MODULE --link-fd N ...`` and leaves when its link closes, so nothing outlives us even if we
are killed. Children ignore SIGINT: a terminal's Ctrl-C reaches the whole group, but we decide the order.
"""

import asyncio
import contextlib
import logging
import signal
import sys
from dataclasses import dataclass

from receiver import linkio
from receiver.linkio import Link

log = logging.getLogger(__name__)

SECOND = 1_000_000_000
FIRST_DELAY = SECOND // 10
LONGEST_DELAY = 10 * SECOND
STABLE_AFTER = 30 * SECOND
"""A child that lived this long had a single accident: it is started again at once."""


class Backoff:
    """How long to wait before starting a child again. Pure: ``now`` is monotonic ns.

    The first restart is immediate, then 0.1 s, doubling up to 10 s while the child keeps dying young.
    """

    def __init__(self) -> None:
        self._delay = 0
        self._started = 0

    def started(self, now: int) -> None:
        self._started = now

    def died(self, now: int) -> int:
        """Nanoseconds to wait before the next start."""
        if now - self._started >= STABLE_AFTER:
            self._delay = 0
        delay = self._delay
        self._delay = min(max(FIRST_DELAY, delay * 2), LONGEST_DELAY)
        return delay


@dataclass(frozen=True)
class Child:
    """A running child and our end of its link."""

    name: str
    process: asyncio.subprocess.Process
    link: Link

    async def stop(self, grace_s: float) -> None:
        """Close the link and wait ``grace_s`` for the child to leave by itself; then kill it."""
        self.link.close()
        try:
            await asyncio.wait_for(self.process.wait(), grace_s)
        except TimeoutError:
            log.warning("%s did not stop within %.1f s and was killed", self.name, grace_s)
            self.kill()
            await self.process.wait()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    def epitaph(self) -> str:
        """How it ended, for the log."""
        code = self.process.returncode
        if code is None:
            return "still running"
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"exit status {code}"


async def spawn(name: str, module: str, *arguments: str) -> Child:
    """Start ``python -m module`` with one end of a fresh link."""
    ours, theirs = linkio.pair()
    with theirs:
        fd = theirs.fileno()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            "--link-fd",
            str(fd),
            *arguments,
            pass_fds=(fd,),
            stdin=asyncio.subprocess.DEVNULL,
        )
    return Child(name, process, Link(ours))
