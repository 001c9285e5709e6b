"""A real intake process at the other end of a real link, and a stage that reads what it sends."""

import asyncio
import random
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import pytest

from receiver.link import (
    AttachStage,
    Framer,
    IntakeReady,
    IntakeStats,
    KeyframeRequest,
    Message,
    RtcAnswer,
    RtcOffer,
    RtcRefused,
    TransportState,
    encode,
)
from receiver.linkio import Link, media_pair, pair
from receiver.media import Codec, EncodedFrame

STREAM = 7
Wanted = TypeVar("Wanted")


class FakeStage:
    """Reads frames from the media links, unless told not to."""

    def __init__(self) -> None:
        self._near, self.far_end = media_pair()
        self._framers = {sock: Framer() for sock in self._near}
        self.frames: list[EncodedFrame] = []
        self._loop = asyncio.get_running_loop()
        self.resume()

    def resume(self) -> None:
        for sock in self._near:
            self._loop.add_reader(sock.fileno(), self._readable, sock)

    def pause(self) -> None:
        for sock in self._near:
            if sock.fileno() >= 0:
                self._loop.remove_reader(sock.fileno())

    def _readable(self, sock: socket.socket) -> None:
        data = sock.recv(1 << 20)
        if not data:
            self.pause()
        self.frames += [message for message in self._framers[sock].feed(data) if isinstance(message, EncodedFrame)]

    def request_keyframe(self) -> None:
        self._near.video.send(encode(KeyframeRequest("test")))

    def close(self) -> None:
        self.pause()
        self._near.close()
        self.far_end.close()

    def video(self) -> list[EncodedFrame]:
        return [frame for frame in self.frames if frame.kind == "video"]

    def audio(self) -> list[EncodedFrame]:
        return [frame for frame in self.frames if frame.kind == "audio"]


class LossyRelay:
    """A network between sender and intake: both see only its addresses. ``loss`` is a probability, for each way;
    ``refuses`` says what of the sender's it never carries."""

    def __init__(self) -> None:
        self.loss = 0.0
        self.refuses: Callable[[bytes], bool] = lambda _: False
        self.delay_s, self.jitter_s = 0.020, 0.003
        self.lost = self.carried = 0
        self._dice = random.Random(1)
        self._loop = asyncio.get_running_loop()
        self._near = self._bind(self._from_sender)
        self._far = self._bind(self._from_intake)
        self._sender: tuple[str, int] | None = None
        self._intake: tuple[str, int] | None = None

    def _bind(self, reader: Callable[[], None]) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind(("0.0.0.0", 0))
        self._loop.add_reader(sock.fileno(), reader)
        return sock

    def divert(self, answer: str) -> str:
        """The answer with the relay's address as its only candidate."""
        found = re.search(r"a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host", answer)
        assert found is not None
        self._intake = (found[1], int(found[2]))
        ours = f"a=candidate:9 1 udp 2113929471 {found[1]} {self._near.getsockname()[1]} typ host"
        lines = [line for line in answer.split("\r\n") if not line.startswith("a=candidate")]
        return "\r\n".join(ours + "\r\n" + line if line == "a=end-of-candidates" else line for line in lines)

    def _from_sender(self) -> None:
        data, self._sender = self._near.recvfrom(2048)
        if not self.refuses(data):
            self._carry(self._far, data, self._intake)

    def _from_intake(self) -> None:
        self._carry(self._near, self._far.recv(2048), self._sender)

    def _carry(self, sock: socket.socket, data: bytes, address: tuple[str, int] | None) -> None:
        if address is None or self._dice.random() < self.loss:
            self.lost += 1
            return
        self.carried += 1
        self._loop.call_later(self.delay_s + self._dice.random() * self.jitter_s, self._send, sock, data, address)

    def _send(self, sock: socket.socket, data: bytes, address: tuple[str, int]) -> None:
        if sock.fileno() >= 0:
            sock.sendto(data, address)

    def close(self) -> None:
        for sock in (self._near, self._far):
            self._loop.remove_reader(sock.fileno())
            sock.close()


class IntakeUnderTest:
    """The app's part of the conversation."""

    def __init__(self, process: asyncio.subprocess.Process, link: Link) -> None:
        self.process = process
        self.link = link
        self.messages: list[Message] = []
        self._stages: list[FakeStage] = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while (message := await self.link.receive()) is not None:
            self.messages.append(message)

    def all(self, kind: type[Wanted]) -> list[Wanted]:
        return [message for message in self.messages if isinstance(message, kind)]

    async def until(self, condition: Callable[[], object], within_s: float = 15.0) -> None:
        """Wait for a condition on what came from the other side."""
        deadline = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"did not happen within {within_s} s; got {[str(m)[:300] for m in self.messages]}")
            await asyncio.sleep(0.005)

    async def offer(self, sdp: str, codecs: tuple[Codec, ...] = ("VP8", "H264")) -> RtcAnswer | RtcRefused:
        self.link.send(RtcOffer(STREAM, sdp, codecs))
        await self.until(lambda: self.all(RtcAnswer) or self.all(RtcRefused))
        answers: list[RtcAnswer | RtcRefused] = [*self.all(RtcAnswer), *self.all(RtcRefused)]
        return answers[0]

    def attach_stage(self) -> FakeStage:
        stage = FakeStage()
        self._stages.append(stage)
        self.link.send(AttachStage(STREAM), stage.far_end.fds)
        return stage

    def states(self) -> list[str]:
        return [message.state for message in self.all(TransportState)]

    async def stats(self, condition: Callable[[IntakeStats], object] = lambda _: True) -> IntakeStats:
        """The first statistics from now on that fulfil the condition."""
        count = len(self.all(IntakeStats))
        await self.until(lambda: any(condition(stats) for stats in self.all(IntakeStats)[count:]))
        return self.all(IntakeStats)[-1]

    async def close(self) -> None:
        self._reader.cancel()
        self.link.close()
        for stage in self._stages:
            stage.close()
        try:
            await asyncio.wait_for(self.process.wait(), 3)
        except TimeoutError:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()
            raise


@pytest.fixture
async def relay() -> AsyncIterator[LossyRelay]:
    relay = LossyRelay()
    yield relay
    relay.close()


@pytest.fixture
async def intake() -> AsyncIterator[IntakeUnderTest]:
    ours, theirs = pair()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "receiver.intake", "--link-fd", str(theirs.fileno()), pass_fds=(theirs.fileno(),)
    )
    theirs.close()
    under_test = IntakeUnderTest(process, Link(ours))
    await under_test.until(lambda: under_test.all(IntakeReady))
    yield under_test
    await under_test.close()
