"""What a child process does first: the other side of ``receiver.supervise``."""

import argparse
import asyncio
import contextlib
import ctypes
import gc
import signal
import socket
from collections.abc import Callable
from typing import Protocol

from receiver.linkio import Link
from receiver.notify import Notify

_PR_SET_PDEATHSIG = 1


class Work(Protocol):
    """What a child does at its end of the link."""

    async def run(self) -> None:
        """Until the link ends, or the work."""

    def alive(self) -> bool:
        """Whether all of its threads go on that the loop can't feel; while they don't, the watchdog hears nothing."""


def parser(name: str, description: str, *, listens: bool = False) -> argparse.ArgumentParser:
    """The command line of ``python -m receiver.NAME``, with the ``--link-fd`` that all children have, or the
    ``--listen`` of one that is a unit for longer than a link lasts."""
    parser = argparse.ArgumentParser(prog=f"receiver.{name}", description=f"{description}; started by the receiver.")
    ways = parser.add_mutually_exclusive_group(required=True)
    ways.add_argument("--link-fd", type=int, help="descriptor of the link to the app")
    if listens:
        ways.add_argument("--listen", action="store_true", help="be a unit: take the app's links at systemd's socket")
    return parser


def settle() -> None:
    """Leave Ctrl-C to the app, since a terminal sends it to all and the app stops us in its order; die with the app."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def serve(link_fd: int, make: Callable[[Link], Work]) -> None:
    """Do this work at this end of the link until it ends; SIGTERM ends it too."""
    gc.collect()
    gc.freeze()  # what is loaded now lives as long as we do: spare the collector walking it in mid-stream
    asyncio.run(_serve(socket.socket(fileno=link_fd), make))


async def _serve(sock: socket.socket, make: Callable[[Link], Work]) -> None:
    notify = Notify()
    work = make(Link(sock))
    guard = asyncio.create_task(notify.guard(work.alive))
    notify.ready("Serving one link")
    running = asyncio.ensure_future(work.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running
    guard.cancel()
