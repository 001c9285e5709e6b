"""The thread that reads a stream's sockets: decrypts, feeds the reception, sends its feedback.

A thread of its own, because one busy callback on the event loop would delay every packet behind it.
"""

import contextlib
import os
import select
import socket
import struct
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

import pylibsrtp

from receiver.clock import Clock
from receiver.errors import PeerError
from receiver.ingest.reception import Reception
from receiver.threads import NamedThread

RECEIVE_BUFFER = 4 * 1024 * 1024
"""Bytes for each socket: at 30 Mbit/s, with the default buffer, 4 to 9 % of the packets of bursts were lost."""
SWITCH_INTERVAL_S = 0.0005
"""How soon Python takes the interpreter from another thread for this one; 5 ms is its own choice."""
BATCH = 64
"""Datagrams read from one socket before the others, and the feedback, have their turn."""
MAX_DATAGRAM = 2048
MAX_PACKET = 1500
"""What pylibsrtp takes."""

STUCK_NS = 4_000_000_000
"""A round that takes longer than this does not come back: the reception wants to be polled every second."""

FLUSH_NS = 5_000_000
"""How often the rest of a frame is offered to a stage that is behind."""

_SO_RCVBUFFORCE = 33
_SO_MEMINFO, _MEMINFO_DROPS, _MEMINFO_WORDS = 55, 8, 9


class Tap(Protocol):
    """A socket to read, and where to put what is not media."""

    @property
    def socket(self) -> socket.socket: ...

    @property
    def give_back(self) -> Callable[[bytes, tuple[Any, ...]], None]: ...


class Cipher(Protocol):
    """The media's protection, used by this thread alone."""

    @property
    def unprotect_rtp(self) -> Callable[[bytes], bytes]: ...

    def unprotect_rtcp(self, data: bytes) -> bytes: ...

    def send_rtcp(self, data: bytes) -> None: ...


class ReceiveThread:
    """Runs from ``start`` to ``stop``. ``heard_ns``: when the last datagram of any kind came.

    ``flush`` pushes what the sink could not send at once, and returns whether something is still left.
    """

    def __init__(
        self, taps: list[Tap], cipher: Cipher, reception: Reception, clock: Clock, flush: Callable[[], bool]
    ) -> None:
        self._taps = {tap.socket.fileno(): tap for tap in taps}
        self._cipher = cipher
        self._reception = reception
        self._clock = clock
        self._flush = flush
        self._wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._orders: list[Callable[[Reception], None]] = []
        self._orders_lock = threading.Lock()
        self._stopping = False
        self._thread = NamedThread("receive", self._run)
        self.dropped: Counter[str] = Counter()
        self.heard_ns = self._beat_ns = clock.now()

    def start(self) -> None:
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        for tap in self._taps.values():
            _enlarge(tap.socket)
        self._thread.start()

    def order(self, order: Callable[[Reception], None]) -> None:
        """Have something done in this thread, soon. From any thread."""
        with self._orders_lock:
            self._orders.append(order)
        with contextlib.suppress(BlockingIOError):
            os.eventfd_write(self._wake_fd, 1)

    def stop(self) -> None:
        """End the thread; it is gone when this returns."""
        self._stopping = True
        self.order(lambda _: None)
        self._thread.join(0.5)
        if not self._thread.is_alive():
            os.close(self._wake_fd)

    @property
    def alive(self) -> bool:
        """False once it has ended, be it by a bug of ours, whose trace is then in the log; or while it hangs."""
        return self._thread.is_alive() and self._clock.now() - self._beat_ns < STUCK_NS

    def kernel_drops(self) -> int:
        """Datagrams that the kernel dropped because this thread was too slow."""
        drops = 0
        for tap in self._taps.values():
            with contextlib.suppress(OSError, struct.error):
                words = tap.socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 4 * _MEMINFO_WORDS)
                drops += struct.unpack(f"{_MEMINFO_WORDS}I", words)[_MEMINFO_DROPS]
        return drops

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._wake_fd, select.POLLIN)
        for descriptor in self._taps:
            poll.register(descriptor, select.POLLIN)
        while not self._stopping:
            now = self._beat_ns = self._clock.now()
            deadline = self._reception.deadline(now)
            if deadline <= now:
                for packet in self._reception.poll(now):
                    self._cipher.send_rtcp(packet)
                deadline = self._reception.deadline(now)
            unsent = self._flush()
            wait_ns = min(deadline - now, FLUSH_NS) if unsent else deadline - now
            for descriptor, _ in poll.poll(max(0, -(-wait_ns // 1_000_000))):
                if descriptor == self._wake_fd:
                    os.eventfd_read(self._wake_fd)
                    self._obey()
                else:
                    self._read(self._taps[descriptor])

    def _obey(self) -> None:
        with self._orders_lock:
            orders, self._orders = self._orders, []
        for order in orders:
            order(self._reception)

    def _read(self, tap: Tap) -> None:
        receive, unprotect, take = tap.socket.recvfrom, self._cipher.unprotect_rtp, self._reception.rtp
        now = self.heard_ns = self._clock.now()  # one for all: they have waited together
        for _ in range(BATCH):
            try:
                data, address = receive(MAX_DATAGRAM)
            except OSError:  # nothing more; or an ICMP error of an earlier datagram of ours, which is told once
                return
            try:
                if len(data) < 2 or not 127 < data[0] < 192:
                    tap.give_back(data, address)
                elif len(data) > MAX_PACKET:
                    self.dropped["oversized_datagram"] += 1
                elif not 192 <= data[1] <= 223:  # RFC 5761 section 4
                    take(unprotect(data), now)
                else:
                    self._reception.rtcp(self._cipher.unprotect_rtcp(data), now)
            except pylibsrtp.Error:
                self.dropped["srtp_refused"] += 1
            except PeerError:
                self.dropped["malformed_packet"] += 1


def _enlarge(sock: socket.socket) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
