"""Links as sockets: the thin shell around ``receiver.link``.

Three ways to use one, by the thread that asks:

* ``Link`` lives on an asyncio loop: ``send`` never waits and is bounded, ``receive`` waits.
* ``FrameSender`` may be called from any thread and never blocks: a frame goes out whole, or not at all.
* ``Reader`` is for a thread that has nothing else to wait for.
"""

import array
import asyncio
import contextlib
import os
import select
import socket
import threading
from collections import deque
from typing import NamedTuple

from receiver.link import Framer, LinkError, Message, encode

READ_SIZE = 256 * 1024
MAX_FDS = 4
OUTBOX_BYTES = 8 * 1024 * 1024
"""Drop rule: a link whose reader is this far behind is broken; ``send`` raises and the owner restarts the peer."""


def pair() -> tuple[socket.socket, socket.socket]:
    """Two joined stream sockets with buffers that hold a large keyframe."""
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    for end in (a, b):
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * 1024 * 1024)
    return a, b


class Media(NamedTuple):
    """One end of a stream's two links: of its pictures, for which keyframes are asked on it too, and of its sound. Who
    decodes a picture reads nothing meanwhile, and sound is not to wait for that."""

    video: socket.socket
    audio: socket.socket

    @property
    def fds(self) -> tuple[int, int]:
        return self.video.fileno(), self.audio.fileno()

    def close(self) -> None:
        for sock in self:
            sock.close()


def media_pair() -> tuple[Media, Media]:
    """Both ends of a stream's links."""
    (a, b), (c, d) = pair(), pair()
    return Media(a, c), Media(b, d)


class Link:
    """One end of a link on the running asyncio loop."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._framer = Framer()
        self._inbox: deque[Message] = deque()
        self._fds: deque[int] = deque()
        self._outbox: deque[tuple[memoryview, tuple[int, ...]]] = deque()
        self._outbox_bytes = 0
        self._writing = False
        self._buffer = bytearray(READ_SIZE)
        self._waiter: asyncio.Future[None] | None = None
        self._watched = False
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    def send(self, message: Message, fds: tuple[int, ...] = ()) -> None:
        """Queue a message; descriptors in ``fds`` are duplicated to the peer (the caller may close its own after).

        Raises LinkError where the link is closed or the peer is ``OUTBOX_BYTES`` behind.
        """
        if self._closed:
            raise LinkError(f"the link is closed; {type(message).__name__} was not sent")
        data = encode(message)
        if self._outbox_bytes + len(data) > OUTBOX_BYTES:
            raise LinkError(f"the peer of this link is {self._outbox_bytes} bytes behind; it has stopped reading")
        self._outbox.append((memoryview(data), tuple(os.dup(fd) for fd in fds)))
        self._outbox_bytes += len(data)
        self._flush()

    def _flush(self) -> None:
        while self._outbox:
            view, fds = self._outbox[0]
            try:
                ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
                sent = self._sock.sendmsg([view], ancillary)
            except BlockingIOError:
                if not self._writing:
                    self._writing = True
                    self._loop.add_writer(self._sock.fileno(), self._flush)
                return
            except OSError:
                self.close()
                return
            for fd in fds:
                os.close(fd)
            self._outbox_bytes -= sent
            if sent == len(view):
                self._outbox.popleft()
            else:
                self._outbox[0] = (view[sent:], ())
        if self._writing:
            self._writing = False
            self._loop.remove_writer(self._sock.fileno())

    async def receive(self) -> Message | None:
        """The next message, or None when the peer is gone."""
        while not self._inbox:
            if self._closed:
                return None
            self._waiter = self._loop.create_future()
            if not self._watched:
                self._watched = True
                self._loop.add_reader(self._sock.fileno(), self._readable)
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._inbox.popleft()

    def _readable(self) -> None:
        """Read for whoever waits; where nobody does, the socket's own buffer keeps it, and is not watched meanwhile."""
        if self._waiter is None or self._waiter.done():
            self._watched = False
            self._loop.remove_reader(self._sock.fileno())
            return
        try:
            size = self._read()
        except BlockingIOError:
            return
        except OSError:
            size = 0
        if not size:
            self.close()
            return
        try:
            self._inbox.extend(self._framer.feed(memoryview(self._buffer)[:size]))
        except LinkError as error:
            self._waiter.set_exception(error)
            return
        if self._inbox:
            self._waiter.set_result(None)

    def _read(self) -> int:
        size, ancillary, _, _ = self._sock.recvmsg_into([self._buffer], socket.CMSG_SPACE(MAX_FDS * 4))
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds = array.array("i")
                fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
                self._fds.extend(fds)
        return size

    def take_fd(self) -> int:
        """The descriptor that came with the message just received; the caller owns it from here."""
        if not self._fds:
            raise LinkError("a message that needs a descriptor came without one")
        return self._fds.popleft()

    def take_media(self) -> Media:
        """The two descriptors that came with the message just received, as ``take_fd``."""
        video, audio = (socket.socket(fileno=self.take_fd()) for _ in Media._fields)
        return Media(video, audio)

    def close(self) -> None:
        """Close at once; unsent messages are lost, unclaimed descriptors are closed."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._sock.fileno())
        self._loop.remove_writer(self._sock.fileno())
        self._sock.close()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        for fd in self._fds:
            os.close(fd)
        for _, fds in self._outbox:
            for fd in fds:
                os.close(fd)
        self._outbox.clear()
        self._fds.clear()


class Reader:
    """Receives messages on a thread of its own. ``end`` is for any thread, and ends a ``receive`` that waits."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._framer = Framer()
        self._buffer = memoryview(bytearray(READ_SIZE))
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)

    def receive(self, timeout_s: float | None) -> list[Message] | None:
        """What has come; where nothing has, after a wait: None is for ever. None when the peer is gone, or after
        ``end``. Raises LinkError."""
        if timeout_s != 0:
            self._poll.poll(None if timeout_s is None else timeout_s * 1000)
        try:
            size = self._sock.recv_into(self._buffer)
        except BlockingIOError:
            return []
        except OSError:
            return None
        return self._framer.feed(self._buffer[:size]) if size else None

    def end(self) -> None:
        with contextlib.suppress(OSError):  # the peer has gone before
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """For the thread that receives."""
        self._sock.close()


class FrameSender:
    """Sends messages from any thread without ever blocking.

    Drop rule: while the rest of an earlier message has not gone out, a new one is refused (``send`` returns False);
    the caller counts it and asks for a keyframe.
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._rest = memoryview(b"")
        self._lock = threading.Lock()
        self.broken = False

    def send(self, message: Message) -> bool:
        """True if the message went out or is on its way whole; False if it was refused."""
        with self._lock:
            if not self._push():
                return False
            self._rest = memoryview(encode(message))
            self._push()
            return not self.broken

    @property
    def pending(self) -> bool:
        """Whether a part of the last message has not gone out yet."""
        return bool(self._rest)

    def close(self) -> None:
        """Close the socket; what has not gone out is lost."""
        with self._lock:
            self.broken = True
            self._rest = memoryview(b"")
            self._sock.close()

    def flush(self) -> None:
        """Push what is left of the last message; call it from a timer."""
        with self._lock:
            self._push()

    def _push(self) -> bool:
        while self._rest and not self.broken:
            try:
                self._rest = self._rest[self._sock.send(self._rest) :]
            except BlockingIOError:
                return False
            except OSError:
                self.broken = True
        return not self.broken
