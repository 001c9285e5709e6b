"""The media link to the stage: frames out, keyframe requests in."""

import asyncio
import fcntl
import logging
import socket
import struct
import termios
from collections.abc import Callable

from receiver.clock import Clock
from receiver.link import Framer, KeyframeRequest, LinkError
from receiver.linkio import READ_SIZE, FrameSender
from receiver.media import EncodedFrame

MAX_BEHIND_NS = 400_000_000
"""Drop rule: a socket holds megabytes, which may be seconds of picture; so frames are refused to a stage that has not
caught up with what it was sent for this long."""

log = logging.getLogger(__name__)


class StageLink:
    """One media link. ``ready``, ``send`` and ``flush`` are for the receive thread, the rest for the loop."""

    def __init__(self, fd: int, clock: Clock, on_keyframe_request: Callable[[], None]) -> None:
        self._sock = socket.socket(fileno=fd)
        self._sender = FrameSender(self._sock)
        self._clock = clock
        self._caught_up_ns = clock.now()
        self._framer = Framer()
        self._on_keyframe_request = on_keyframe_request
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._sock.fileno(), self._readable)

    @property
    def ready(self) -> bool:
        return not self._sender.broken and not self._sender.pending and not self._late()

    def send(self, frame: EncodedFrame) -> bool:
        return not self._late() and self._sender.send(frame)

    def flush(self) -> bool:
        if not self._sender.pending:
            return False
        self._sender.flush()
        self._late()
        return self._sender.pending

    def _late(self) -> bool:
        """Whether the stage has had something unread for too long."""
        now = self._clock.now()
        try:
            unread = struct.unpack("i", fcntl.ioctl(self._sock.fileno(), termios.TIOCOUTQ, bytes(4)))[0]
        except (OSError, ValueError):  # closed meanwhile: nobody reads
            return True
        if unread == 0:
            self._caught_up_ns = now
        return now - self._caught_up_ns > MAX_BEHIND_NS

    def _readable(self) -> None:
        try:
            data = self._sock.recv(READ_SIZE)
            messages = self._framer.feed(data)
        except BlockingIOError:
            return
        except ConnectionError:
            data, messages = b"", []
        except LinkError as error:
            log.error("the stage sent what is no message: %s", error)
            data, messages = b"", []
        if any(isinstance(message, KeyframeRequest) for message in messages):
            self._on_keyframe_request()
        if not data:  # the stage is gone; app starts it anew and attaches us again
            self.close()

    def close(self) -> None:
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._sender.close()
