"""Tells when the network or the machine's sleep changed something: netlink, and the clocks."""

import asyncio
import logging
import socket
import time
from collections.abc import Callable

RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR = 0x1, 0x10, 0x100
DEBOUNCE_S = 0.25
"""One plugged cable makes a dozen messages; they are told as one change, at most this much late."""
TICK_S = 5.0
SLEPT_NS = 2_000_000_000
"""A sleep shorter than this outlived nobody's cache and needs no new announcement."""

log = logging.getLogger(__name__)


def suspended_ns() -> int:
    """Time spent asleep since boot: CLOCK_BOOTTIME goes on in suspend, CLOCK_MONOTONIC does not."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.clock_gettime_ns(time.CLOCK_MONOTONIC)


class Watch:
    """Calls ``on_change`` when links or addresses changed, ``on_wake`` after a sleep, both on the loop.

    Where netlink can't be had, it calls ``on_change`` at each tick instead: its listener must bear idle calls.
    """

    def __init__(
        self,
        on_change: Callable[[], None],
        on_wake: Callable[[], None],
        suspended: Callable[[], int] = suspended_ns,
        tick_s: float = TICK_S,
    ) -> None:
        self._on_change = on_change
        self._on_wake = on_wake
        self._suspended = suspended
        self._tick_s = tick_s
        self._slept = suspended()
        self._sock: socket.socket | None = None
        self._debounce: asyncio.TimerHandle | None = None
        self._ticking: asyncio.Task[None] | None = None
        self.problem = ""

    def start(self) -> None:
        try:
            self._sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
            self._sock.bind((0, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR))
            asyncio.get_running_loop().add_reader(self._sock, self._readable)
        except OSError as error:
            self.problem = (
                f"Network changes can't be followed by netlink ({error.strerror}); every {self._tick_s:g} s is looked "
                "instead. Allow AF_NETLINK in the service's sandbox."
            )
            log.warning(self.problem)
        self._ticking = asyncio.create_task(self._tick(), name="discovery-watch")

    def _readable(self) -> None:
        assert self._sock is not None
        try:
            while self._sock.recv(65536):
                pass
        except BlockingIOError:
            pass
        except OSError as error:
            # ENOBUFS: changes came faster than we read. What was lost does not matter, only that something changed.
            log.debug("netlink: %s", error)
        if self._debounce is None:
            self._debounce = asyncio.get_running_loop().call_later(DEBOUNCE_S, self._changed)

    def _changed(self) -> None:
        self._debounce = None
        self._on_change()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._tick_s)
            slept = self._suspended()
            if slept - self._slept > SLEPT_NS:
                self._on_wake()
            self._slept = slept
            if self.problem:
                self._on_change()

    def close(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
        if self._debounce is not None:
            self._debounce.cancel()
        if self._sock is not None:
            asyncio.get_running_loop().remove_reader(self._sock)
            self._sock.close()
