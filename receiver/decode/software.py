"""Decoding on the CPU, with FFmpeg's own decoders and dav1d.

Where one thread is not enough (``threads``) several share a picture (slices, tiles, rows of blocks): threads that take
a picture each would add a picture of delay for each thread. dav1d keeps two back unless it is told otherwise.
"""

import os
from functools import partial

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from receiver.decode.ffmpeg import FfmpegDecoder
from receiver.decode.threads import AsNeeded
from receiver.errors import BackendUnavailable
from receiver.media import Codec

DECODERS: dict[Codec, str] = {"VP8": "vp8", "H264": "h264", "VP9": "vp9", "AV1": "libdav1d", "H265": "hevc"}
OPTIONS: dict[Codec, dict[str, str]] = {"AV1": {"max_frame_delay": "1"}}

MAX_THREADS = 4


class Software:
    """A backend that any machine has."""

    name = "software"
    title = "the CPU"
    hardware = False

    def __init__(self) -> None:
        self._heavy: set[Codec] = set()

    def open(self, codec: Codec) -> AsNeeded:
        """A decoder on the CPU. Raises BackendUnavailable where this FFmpeg was built without it."""
        return AsNeeded(codec, partial(self._open, codec), min(MAX_THREADS, os.cpu_count() or 1), self._heavy)

    def _open(self, codec: Codec, threads: int) -> FfmpegDecoder:
        if codec not in DECODERS:
            raise BackendUnavailable(f"{codec} can't be decoded in software here; {', '.join(DECODERS)} can")
        try:
            context = av.CodecContext.create(DECODERS[codec], "r")
        except (FFmpegError, ValueError) as error:
            raise BackendUnavailable(
                f"this FFmpeg has no {DECODERS[codec]}, which decodes {codec}; install PyAV from its wheels, or FFmpeg "
                f"with {DECODERS[codec]}"
            ) from error
        assert isinstance(context, VideoCodecContext)
        context.thread_type = "SLICE"
        context.thread_count = threads
        context.options = dict(OPTIONS.get(codec, {}))
        return FfmpegDecoder(codec, context, f"{DECODERS[codec]} (FFmpeg, software)")
