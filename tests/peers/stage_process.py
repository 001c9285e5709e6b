"""A real stage process at the other end of a socket pair, and a camera whose frames FFmpeg encodes."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Literal, TypeVar

import av
import numpy as np

from receiver import linkio
from receiver.link import AttachStream, KeyframeRequest, Message, StageReady
from receiver.linkio import Link
from receiver.media import Codec, EncodedFrame
from tests.gpu.streams import ENCODERS
from tests.peers.calm import open_calmly

M = TypeVar("M")


class StageProcess:
    """The app's end. Messages that a test does not wait for are kept in ``seen``."""

    patience_s = 20.0

    def __init__(self, process: asyncio.subprocess.Process, link: Link) -> None:
        self.process = process
        self.link = link
        self.seen: list[Message] = []
        self.ready: StageReady

    @classmethod
    async def start(cls, *options: str, module: str = "receiver.stage", session: bool = False) -> "StageProcess":
        """A stage that has not said yet that it is ready; in a ``session`` of its own, as a unit of systemd's is."""
        ours, theirs = linkio.pair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", module, "--link-fd", str(theirs.fileno()), *options),
                pass_fds=(theirs.fileno(),),
                start_new_session=session,
            )
        return cls(process, Link(ours))

    async def is_ready(self) -> None:
        self.ready = await self.expect(StageReady)

    async def expect(self, kind: type[M], where: Callable[[M], bool] = lambda message: True) -> M:
        """The next message of this kind that fits."""

        async def wait() -> M:
            while (message := await self.link.receive()) is not None:
                self.seen.append(message)
                if isinstance(message, kind) and where(message):
                    return message
            raise AssertionError(f"the stage closed its link; exit status {self.process.returncode}")

        return await asyncio.wait_for(wait(), self.patience_s)

    async def kill(self) -> None:
        """Where it has not left by itself."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    def attach(
        self, stream: int, name: str = "Ada", mode: Literal["interactive", "smooth"] = "interactive"
    ) -> "Camera":
        ours, theirs = linkio.media_pair()
        with contextlib.closing(theirs):
            self.link.send(AttachStream(stream, name, mode), theirs.fds)
        return Camera(stream, ours)

    async def stop(self) -> int:
        """Close the link; the exit status."""
        self.link.close()
        return await asyncio.wait_for(self.process.wait(), self.patience_s)


class Camera:
    """Encodes pictures and sends them as an intake would."""

    def __init__(self, stream: int, media: linkio.Media) -> None:
        self.stream = stream
        self.link, self.sound = Link(media.video), Link(media.audio)
        self._encoder: av.VideoCodecContext | None = None
        self._format: tuple[Codec, int, int] | None = None
        self._count = 0
        self._start = time.monotonic_ns()

    def encode(self, luma: np.ndarray, codec: Codec = "VP8", keyframe: bool = False) -> EncodedFrame:
        """A frame of this luma, grey, at the present time."""
        height, width = luma.shape
        if self._encoder is None or self._format != (codec, width, height):
            self._format = (codec, width, height)
            self._encoder = encoder(codec, width, height)
        frame = av.VideoFrame(width, height, "yuv420p")
        plane = np.zeros((height, frame.planes[0].line_size), np.uint8)
        plane[:, :width] = luma
        frame.planes[0].update(plane.tobytes())
        for chroma in frame.planes[1:]:
            chroma.update(bytes([128]) * chroma.buffer_size)
        frame.pts = self._count
        self._count += 1
        frame.pict_type = 1 if keyframe else 0
        packets = self._encoder.encode(frame)
        now = time.monotonic_ns()
        return EncodedFrame(
            stream=self.stream,
            kind="video",
            codec=codec,
            timestamp=(now - self._start) * 90_000 // 1_000_000_000,
            data=b"".join(bytes(packet) for packet in packets),
            keyframe=any(packet.is_keyframe for packet in packets),
            discontinuity=False,
            first_packet_ns=now,
            complete_ns=now,
        )

    def send(self, frame: EncodedFrame) -> None:
        """By the link of its kind."""
        (self.link if frame.kind == "video" else self.sound).send(frame)

    def show(self, luma: np.ndarray, codec: Codec = "VP8", keyframe: bool = False) -> EncodedFrame:
        """Encode and send."""
        frame = self.encode(luma, codec, keyframe)
        self.link.send(frame)
        return frame

    async def asked(self, cause: str) -> None:
        """Wait for a keyframe request of this cause; "attached" may come first where the test is slow to begin."""

        async def wait() -> None:
            while (message := await self.link.receive()) != KeyframeRequest(cause):
                assert message == KeyframeRequest("attached")

        await asyncio.wait_for(wait(), StageProcess.patience_s)


def encoder(codec: Codec, width: int, height: int) -> av.VideoCodecContext:
    name, options = {
        **ENCODERS,
        "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "crf": "10", "b": "4M"}),
        "H264": ("libx264", {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "repeat-headers=1"}),
    }[codec]
    context = av.CodecContext.create(name, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate, context.options = Fraction(1, 30), Fraction(30), options
    context.gop_size = 100_000
    open_calmly(context)
    return context
