"""Where a stream's encoded pictures come from: one intake's link after another, read on the decode thread itself.

To read on the loop and hand over would wake two threads for each picture, and one of them late.
"""

import logging
import socket
import threading

import msgspec

from receiver.link import KeyframeRequest, LinkError, Message
from receiver.linkio import FrameSender, Reader
from receiver.media import EncodedFrame

log = logging.getLogger(__name__)


class Inlet:
    """``receive``, ``request`` and ``close`` are for the decode thread, the rest for any other."""

    def __init__(self, stream: int, sock: socket.socket) -> None:
        self._stream = stream
        self._wake = threading.Condition()
        self._next: socket.socket | None = None
        self._ended = False
        self._take(sock)

    def _take(self, sock: socket.socket) -> None:
        self._reader, self._sender, self._open, self._fresh = Reader(sock), FrameSender(sock), True, True

    def renew(self, sock: socket.socket) -> None:
        """Another intake sends from now on; what the one before has sent already still comes."""
        with self._wake:
            old, self._next = self._next, sock
            self._reader.end()
            self._wake.notify()
        if old is not None:
            old.close()

    def end(self) -> None:
        """Let ``receive`` wait no more."""
        with self._wake:
            self._ended = True
            self._reader.end()
            self._wake.notify()

    def receive(self, timeout_s: float | None) -> list[EncodedFrame]:
        """What has come, after a wait if nothing has; the first of each intake's is marked as a discontinuity."""
        if self._open:
            if (messages := self._messages(timeout_s)) is not None:
                return self._frames(messages)
            self._shut()
        with self._wake:
            self._wake.wait_for(lambda: self._ended or self._next is not None, timeout_s)
            if self._next is None:
                return []
            self.close()
            self._take(self._next)
            self._next = None
        return []

    def _messages(self, timeout_s: float | None) -> list[Message] | None:
        try:
            return self._reader.receive(timeout_s)
        except LinkError as error:
            log.error("stream %d: %s", self._stream, error)
            return None

    def _frames(self, messages: list[Message]) -> list[EncodedFrame]:
        frames: list[EncodedFrame] = []
        for message in messages:
            if not isinstance(message, EncodedFrame) or message.kind != "video":
                log.error("a link for pictures carried %s and is closed", type(message).__name__)
                self._shut()
                break
            frames.append(msgspec.structs.replace(message, discontinuity=True) if self._fresh else message)
            self._fresh = False
        return frames

    def _shut(self) -> None:
        """Take nothing more of this intake, and let it see that."""
        self._open = False
        self._reader.end()

    def request(self, cause: str) -> None:
        """Ask for a keyframe; an intake that reads nothing has no use for it."""
        self._sender.send(KeyframeRequest(cause))

    def close(self) -> None:
        self._reader.close()
