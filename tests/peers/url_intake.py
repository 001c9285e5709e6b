"""A real intake process of a URL at the other end of a real link, and a stage that keeps what it is sent."""

import asyncio
import contextlib
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Literal

import numpy as np

from receiver.decode.api import Decoder
from receiver.decode.backends import SOFTWARE
from receiver.link import AttachStage, Framer, IntakeReady, Message, UrlCommand, UrlOpen, UrlState
from receiver.linkio import Link, media_pair, pair
from receiver.media import Codec, EncodedFrame
from tests.peers import films

STREAM = 7
LOOPBACK = ("127.0.0.0/8",)


class Player:
    """The app's part of the conversation, and a stage that keeps what it gets."""

    def __init__(self, process: asyncio.subprocess.Process, link: Link) -> None:
        self.process = process
        self.link = link
        self.messages: list[Message] = []
        self.frames: list[tuple[float, EncodedFrame]] = []
        self._loop = asyncio.get_running_loop()
        self._reader = asyncio.create_task(self._read())
        self._open()

    async def _read(self) -> None:
        while (message := await self.link.receive()) is not None:
            self.messages.append(message)

    def _open(self) -> None:
        self._media, self.far_end = media_pair()
        for sock in self._media:
            self._loop.add_reader(sock.fileno(), self._readable, sock, Framer())

    def _readable(self, sock: socket.socket, framer: Framer) -> None:
        data = sock.recv(1 << 20)
        if not data:
            self._loop.remove_reader(sock.fileno())
        now = time.monotonic()
        self.frames += [(now, message) for message in framer.feed(data) if isinstance(message, EncodedFrame)]

    def _close(self) -> None:
        for sock in self._media:
            self._loop.remove_reader(sock.fileno())
        self._media.close()
        self.far_end.close()

    async def until(self, condition: Callable[[], object], within_s: float = 20.0) -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"did not happen within {within_s} s; got {self.messages}")
            await asyncio.sleep(0.005)

    def open(
        self,
        url: str,
        codecs: tuple[Codec, ...] = ("VP8", "H264"),
        allow: tuple[str, ...] = LOOPBACK,
        attach: bool = True,
    ) -> None:
        if attach:
            self.link.send(AttachStage(STREAM), self.far_end.fds)
        self.link.send(UrlOpen(STREAM, url, codecs, allow))

    def attach_anew(self) -> None:
        """Another stage, as after a restart; what the first one got is forgotten."""
        self._close()
        self.frames.clear()
        self._open()
        self.link.send(AttachStage(STREAM), self.far_end.fds)

    def command(self, action: Literal["play", "pause", "seek"], position_ms: int = 0) -> None:
        self.link.send(UrlCommand(STREAM, action, position_ms))

    def states(self) -> list[UrlState]:
        return [message for message in self.messages if isinstance(message, UrlState)]

    async def state(self, state: str) -> UrlState:
        await self.until(lambda: any(message.state == state for message in self.states()))
        return next(message for message in self.states() if message.state == state)

    def of(self, kind: str) -> list[tuple[float, EncodedFrame]]:
        return [(at, frame) for at, frame in self.frames if frame.kind == kind]

    def numbers(self) -> list[int]:
        """Which pictures came, in the order in which they are shown."""
        decoder: Decoder | None = None
        found = []
        for _, frame in self.of("video"):
            decoder = decoder or SOFTWARE.open(frame.codec)
            for shown in decoder.decode(frame):
                luma = np.frombuffer(memoryview(shown.frame.planes[0]), np.uint8).reshape(shown.height, -1)
                found.append(films.number(luma[:, : shown.width]))
        return found

    async def close(self) -> None:
        self._reader.cancel()
        self.link.close()
        self._close()
        await asyncio.wait_for(self.process.wait(), 5)


@contextlib.asynccontextmanager
async def url_intake() -> AsyncIterator[Player]:
    """A process that waits for its URL."""
    ours, theirs = pair()
    with theirs:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "receiver.intake_url", "--link-fd", str(theirs.fileno())),
            pass_fds=(theirs.fileno(),),
        )
    player = Player(process, Link(ours))
    await player.until(lambda: player.messages == [IntakeReady()])
    try:
        yield player
    finally:
        await player.close()
