"""Two machines on a cable: this process in one network namespace, whom it likes in another, ``rough_link`` between.

Both namespaces have no name and end with their processes, so nothing is left behind. This process leaves the network
it was in for good: it is for programs, not for tests that share a process. Needs root and /dev/net/tun.
"""

import asyncio
import contextlib
import ctypes
import dataclasses
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from tests.peers.rough_link import Conditions

HERE, THERE = "10.78.0.1", "10.78.0.2"
_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000


def _cable_end() -> int:
    """A new TUN device of this thread's namespace."""
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH", b"cable", _IFF_TUN | _IFF_NO_PI))
    return tun


def _new_namespace() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, f"no network namespace of our own ({os.strerror(number)}); run it as root")


class TwoMachines:
    """``prefix``: what runs a command on the other machine."""

    def __init__(self) -> None:
        self._resident = ThreadPoolExecutor(1, "the other machine")  # moved there, for what must be made there
        _new_namespace()
        own = _cable_end()
        ends: list[int] = []
        self.namespace = -1

        def move() -> None:
            _new_namespace()
            self.namespace = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
            ends.append(_cable_end())

        self._there(move)
        self.prefix = ("nsenter", f"--net=/proc/{os.getpid()}/fd/{self.namespace}")
        for prefix, address in (((), HERE), (self.prefix, THERE)):
            for command in (
                "link set lo up",
                "link set cable addrgenmode none",
                f"addr add {address}/24 dev cable",
                "link set cable up",
                "route add default dev cable",
            ):
                subprocess.run((*prefix, "ip", *command.split()), check=True)
        self._ends = (own, ends[0])
        self._relay: subprocess.Popen[bytes] | None = None

    def _there(self, work: Callable[[], None]) -> None:
        self._resident.submit(work).result()

    def cable(self, seed: int) -> None:
        """A fresh relay in perfect conditions."""
        self.unplug()
        command = (sys.executable, "-m", "tests.peers.rough_link", *map(str, self._ends), str(seed))
        self._relay = subprocess.Popen(("nice", "-n", "-12", *command), stdin=subprocess.PIPE, pass_fds=self._ends)

    def unplug(self) -> None:
        if self._relay is not None and self._relay.stdin is not None:
            self._relay.stdin.close()
            self._relay.wait()
            self._relay = None

    def change(self, conditions: Conditions) -> None:
        """From now on."""
        assert self._relay is not None
        assert self._relay.stdin is not None
        self._relay.stdin.write(json.dumps(dataclasses.asdict(conditions)).encode() + b"\n")
        self._relay.stdin.flush()

    @asynccontextmanager
    async def same_port(self, port: int) -> AsyncIterator[None]:
        """The other machine's loopback reaches ours at this TCP port: pages stay on ``localhost``, where they may
        capture, and don't suffer from the cable."""
        listeners: list[socket.socket] = []
        self._there(lambda: listeners.append(socket.create_server(("127.0.0.1", port), reuse_port=True)))
        joined: set[asyncio.Task[None]] = set()

        async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                back, forth = await asyncio.open_connection("127.0.0.1", port)
                for pair in ((reader, forth), (back, writer)):
                    task = asyncio.create_task(_pump(*pair))
                    joined.add(task)
                    task.add_done_callback(joined.discard)

        server = await asyncio.start_server(join, sock=listeners[0])
        try:
            yield
        finally:
            server.close()
            for task in list(joined):
                task.cancel()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
