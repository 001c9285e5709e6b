"""What systemd is told, and what it gives: sd_notify(3), its watchdog, and sd_listen_fds(3).

A datagram of text and three variables of the environment are all there is to it. The variables are taken out of the
environment, so that no child believes that they are for it. Everywhere else than under systemd this does nothing.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, MutableMapping

log = logging.getLogger(__name__)

FIRST_FD = 3
"""SD_LISTEN_FDS_START of sd-daemon.h."""
PINGS = 4
"""In each watchdog period: systemd advises half of it, and a busy box may be late once."""


def inherited(environ: MutableMapping[str, str] | None = None) -> list[socket.socket]:
    """The sockets that a socket unit hands over, in its order."""
    environ = os.environ if environ is None else environ
    count, pid = environ.pop("LISTEN_FDS", ""), environ.pop("LISTEN_PID", "")
    environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    return [socket.socket(fileno=fd) for fd in range(FIRST_FD, FIRST_FD + int(count))]


class Notify:
    """This process's voice towards systemd. Make one, early: it empties the environment."""

    def __init__(self, environ: MutableMapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        address = environ.pop("NOTIFY_SOCKET", "")
        period, pid = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
        ours = period.isdecimal() and pid in ("", str(os.getpid()))
        self.watchdog_s = int(period) / 1e6 if ours and address else 0.0
        """The longest that may pass between two pings; 0: there is no watchdog."""
        self._address = address.replace("@", "\0", 1) if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None
        if self._socket is not None:
            self._socket.setblocking(False)

    def tell(self, *lines: str) -> None:
        """Send assignments, such as ``READY=1``. One that systemd can't take just now is lost, and logged."""
        if self._socket is None:
            return
        try:
            self._socket.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            log.warning("systemd could not be told %s: %s", lines[0], error)

    def ready(self, status: str) -> None:
        """The process does its work from here on; ``status`` is for ``systemctl status``."""
        self.tell("READY=1", f"STATUS={status}")

    async def guard(self, alive: Callable[[], bool] = lambda: True) -> None:
        """Ping the watchdog as long as this loop runs and ``alive`` is true; for ever. Where there is none, return.

        ``alive`` speaks for threads that the loop can't feel. Once it is false we fall silent, and systemd ends us.
        """
        if not self.watchdog_s:
            return
        while True:
            if alive():
                self.tell("WATCHDOG=1")
            await asyncio.sleep(self.watchdog_s / PINGS)
