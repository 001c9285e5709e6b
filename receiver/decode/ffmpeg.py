"""Decoding in software with FFmpeg's own decoders, through PyAV, which releases the interpreter lock meanwhile."""

import os
from fractions import Fraction

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from receiver.decode.api import DecodeError
from receiver.errors import BackendUnavailable
from receiver.media import CLOCK_RATE, Codec, EncodedFrame, Picture, Stamps

DECODERS: dict[Codec, str] = {"VP8": "vp8", "H264": "h264"}

MAX_PIXELS = 4096 * 2304
"""A hostile header could announce 16384 x 16384; FFmpeg refuses a picture above this before it allocates."""

MAX_PENDING = 32
"""Frames whose picture has not come out; the oldest stamps are forgotten beyond it (frames that are never shown)."""

TIME_BASE = Fraction(1, CLOCK_RATE["video"])


class FfmpegDecoder:
    """VP8 or H.264 on the CPU. Slices in parallel: frame threads would add a frame of delay for each thread."""

    def __init__(self, codec: Codec) -> None:
        if codec not in DECODERS:
            raise BackendUnavailable(f"{codec} can't be decoded in software here; VP8 and H.264 can")
        self.codec = codec
        self.name = f"{DECODERS[codec]} (FFmpeg, software)"
        try:
            context = av.CodecContext.create(DECODERS[codec], "r")
        except (FFmpegError, ValueError) as error:
            raise BackendUnavailable(
                f"this FFmpeg has no {codec} decoder ({error}); install PyAV from its wheels, or FFmpeg with {codec}"
            ) from error
        assert isinstance(context, VideoCodecContext)
        context.thread_type = "SLICE"
        context.thread_count = min(4, os.cpu_count() or 1)
        context.flags |= int(av.codec.context.Flags.low_delay)
        context.options = {"max_pixels": str(MAX_PIXELS)}
        self._context = context
        self._pending: dict[int, Stamps] = {}

    def decode(self, frame: EncodedFrame) -> list[Picture]:
        if not frame.data:
            raise DecodeError(f"an empty {frame.codec} frame can't be decoded")
        packet = av.Packet(frame.data)
        packet.pts = frame.timestamp
        packet.time_base = TIME_BASE
        packet.is_keyframe = frame.keyframe
        self._pending[frame.timestamp] = Stamps(frame.capture_ns, frame.first_packet_ns, frame.complete_ns)
        while len(self._pending) > MAX_PENDING:
            del self._pending[next(iter(self._pending))]
        try:
            decoded = self._context.decode(packet)
        except FFmpegError as error:
            self._pending.clear()
            raise DecodeError(f"this {frame.codec} frame can't be decoded ({error.strerror})") from error
        if any(out.is_corrupt for out in decoded):
            self._pending.clear()
            raise DecodeError(f"this {frame.codec} frame is damaged; FFmpeg could only guess its picture")
        pictures = []
        for out in decoded:
            timestamp = frame.timestamp if out.pts is None else out.pts
            stamps = self._pending.pop(timestamp, None)
            if stamps is not None:
                pictures.append(Picture(frame.stream, timestamp, out.width, out.height, out, stamps))
        return pictures

    def close(self) -> None:
        self._context.flush_buffers()
        self._pending.clear()
