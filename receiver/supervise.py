"""Child processes: start one on a socket pair, stop it in order, start it again with back-off.

On a box each is a systemd unit instead, which nobody starts: ``$DDP_LINKS`` is the folder of their sockets, and to
connect to one is to have that process.

Each child is ``python -m MODULE --link-fd N ...`` and leaves when its link closes, so nothing outlives us even if we
are killed. Children ignore SIGINT: a terminal's Ctrl-C reaches the whole group, but we decide the order.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from receiver import linkio
from receiver.errors import ReceiverError
from receiver.linkio import Link

log = logging.getLogger(__name__)

SECOND = 1_000_000_000
FIRST_DELAY = SECOND // 10
LONGEST_DELAY = 10 * SECOND
LINKS = "DDP_LINKS"
"""The variable that says where the units' sockets are; the app's own unit sets it."""
DIAL_TIMEOUT_S = 10.0
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
    """A running child and our end of its link. ``process`` is None where it is a unit: systemd starts and ends it."""

    name: str
    process: asyncio.subprocess.Process | None
    link: Link

    async def stop(self, grace_s: float) -> None:
        """Close the link and wait ``grace_s`` for the child to leave by itself; then kill it."""
        self.link.close()
        if self.process is None:
            return
        try:
            await asyncio.wait_for(self.process.wait(), grace_s)
        except TimeoutError:
            log.warning("%s did not stop within %.1f s and was killed", self.name, grace_s)
            self.kill()
            await self.process.wait()

    def kill(self) -> None:
        """End it, or our link with it: a unit that no longer reads is for its watchdog."""
        if self.process is None:
            self.link.close()
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    @property
    def status(self) -> int | None:
        """How it exited; None while it runs, and for a unit."""
        return self.process.returncode if self.process else None

    def epitaph(self) -> str:
        """How it ended, for the log."""
        if self.process is None:
            return "its unit's journal says how"
        code = self.status
        if code is None:
            return "still running"
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"exit status {code}"


def are_units() -> bool:
    """Whether the other processes are units, which start in their own time."""
    return LINKS in os.environ


async def spawn(name: str, module: str, *arguments: str) -> Child:
    """Start ``python -m module`` with one end of a fresh link; on a box, connect to its unit, whose arguments are its
    own. Raises ReceiverError where that does not answer."""
    if are_units():
        return await _dial(name, Path(os.environ[LINKS]) / module.rpartition(".")[2])
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


async def _dial(name: str, path: Path) -> Child:
    sock = socket.socket(socket.AF_UNIX)
    sock.setblocking(False)
    try:
        await asyncio.wait_for(asyncio.get_running_loop().sock_connect(sock, str(path)), DIAL_TIMEOUT_S)
    except (OSError, TimeoutError) as error:
        sock.close()
        raise ReceiverError(
            f"The unit of the {name} does not answer at {path}: {error or 'it is too busy'}."
        ) from error
    return Child(name, None, Link(sock))
