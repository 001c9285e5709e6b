"""Listening sockets that bound how many connections are open, before TLS and HTTP cost anything."""

import resource
import socket
from collections import Counter

from receiver.errors import ReceiverError

MAX_OPEN = 1280
MAX_OPEN_PER_ADDRESS = 48
"""Drop rule: one more is accepted and closed at once. Chromium opens some ten for a page over HTTP/1.1."""
MAX_FILES = 4096
"""Descriptors that the process may hold, where the system allows it; its usual 1024 are fewer than ``MAX_OPEN``."""
BACKLOG = 128
USER_TIMEOUT_MS = 15_000
"""A peer that takes nothing for this long is dropped by the kernel."""


def allow_files() -> None:
    """Raise this process's own limit of open files as far as ``MAX_FILES``."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(MAX_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Open:
    """The connections that are open on all listeners of a server."""

    def __init__(self, most: int = MAX_OPEN, most_per_address: int = MAX_OPEN_PER_ADDRESS) -> None:
        self._most = most
        self._most_per_address = most_per_address
        self._by_address: Counter[str] = Counter()
        self.refused = 0

    def admit(self, address: str) -> bool:
        if self._by_address.total() >= self._most or self._by_address[address] >= self._most_per_address:
            self.refused += 1
            return False
        self._by_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        self._by_address[address] -= 1
        if self._by_address[address] <= 0:
            del self._by_address[address]


class _Accepted(socket.socket):
    """Counts itself out when it is closed."""

    _open: Open | None = None
    _address = ""

    def counted(self, open_: Open, address: str) -> "_Accepted":
        self._open, self._address = open_, address
        return self

    def close(self) -> None:
        if self._open is not None:
            self._open.leave(self._address)
            self._open = None
        super().close()


class Listener(socket.socket):
    """A listening TCP socket; asyncio calls ``accept``."""

    def __init__(self, family: socket.AddressFamily, open_: Open) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._open = open_

    def accept(self) -> tuple[socket.socket, tuple[object, ...]]:
        """The next connection within bounds; raises BlockingIOError when there is none."""
        while True:
            fd, address = self._accept()  # type: ignore[attr-defined]
            accepted = _Accepted(self.family, self.type, self.proto, fileno=fd)
            if self._open.admit(address[0]):
                return accepted.counted(self._open, address[0]), address
            accepted.close()

    @property
    def port(self) -> int:
        return int(self.getsockname()[1])


def listen(host: str, port: int, open_: Open) -> Listener:
    """Listen on ``host`` (an IPv4 or IPv6 address) and ``port`` (0: any free one). Raises ReceiverError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = Listener(family, open_)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise ReceiverError(
            f"Port {port} on {host} can't be opened ({error.strerror}). Another program may use it, or ports below "
            "1024 may need permission: choose another port in the configuration, section [http]"
        ) from error
    return listener
