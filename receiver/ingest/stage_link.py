"""The media links to the stage: pictures and sound out, keyframe requests in."""

import asyncio
import fcntl
import logging
import socket
import struct
import termios
from collections.abc import Callable

from receiver.clock import Clock
from receiver.link import Framer, KeyframeRequest, LinkError
from receiver.linkio import READ_SIZE, FrameSender, Media
from receiver.media import EncodedFrame

MAX_BEHIND_NS = 400_000_000
"""Drop rule: a socket holds megabytes, which may be seconds of picture; so frames are refused to a stage that has not
caught up with what it was sent for this long."""

log = logging.getLogger(__name__)


class _Way:
    """One of the links."""

    def __init__(self, sock: socket.socket, clock: Clock) -> None:
        self._sock = sock
        self._sender = FrameSender(sock)
        self._clock = clock
        self._caught_up_ns = clock.now()

    @property
    def ready(self) -> bool:
        return not self._sender.broken and not self._sender.pending and not self.late()

    def send(self, frame: EncodedFrame) -> bool:
        return not self.late() and self._sender.send(frame)

    def flush(self) -> bool:
        if not self._sender.pending:
            return False
        self._sender.flush()
        self.late()
        return self._sender.pending

    def late(self) -> bool:
        """Whether the stage has had something unread for too long."""
        now = self._clock.now()
        try:
            unread = struct.unpack("i", fcntl.ioctl(self._sock.fileno(), termios.TIOCOUTQ, bytes(4)))[0]
        except (OSError, ValueError):  # closed meanwhile: nobody reads
            return True
        if unread == 0:
            self._caught_up_ns = now
        return now - self._caught_up_ns > MAX_BEHIND_NS

    def close(self) -> None:
        self._sender.close()


class StageLink:
    """Both links. ``ready``, ``send`` and ``flush`` are for the receive thread, the rest for the loop."""

    def __init__(self, media: Media, clock: Clock, on_keyframe_request: Callable[[], None]) -> None:
        self._sock = media.video
        self._video, self._audio = _Way(media.video, clock), _Way(media.audio, clock)
        self._framer = Framer()
        self._on_keyframe_request = on_keyframe_request
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._sock.fileno(), self._readable)

    @property
    def ready(self) -> bool:
        """Whether a picture would be taken now."""
        return self._video.ready

    def send(self, frame: EncodedFrame) -> bool:
        return (self._video if frame.kind == "video" else self._audio).send(frame)

    def flush(self) -> bool:
        """Send on what has not gone out yet; whether there still is something."""
        return self._video.flush() | self._audio.flush()

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
            self._video.close()
            self._audio.close()
