"""Decoding on the CPU, with FFmpeg's own decoders and dav1d.

Several threads share one picture (slices, tiles, rows of blocks): threads that take a picture each would add a picture
of delay for each thread. dav1d keeps two pictures back unless it is told otherwise.
"""

import os

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from receiver.decode.ffmpeg import FfmpegDecoder
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

    def open(self, codec: Codec) -> FfmpegDecoder:
        """A decoder on the CPU. Raises BackendUnavailable where this FFmpeg was built without it."""
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
        context.thread_count = min(MAX_THREADS, os.cpu_count() or 1)
        context.options = dict(OPTIONS.get(codec, {}))
        return FfmpegDecoder(codec, context, f"{DECODERS[codec]} (FFmpeg, software)")
