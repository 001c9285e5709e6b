"""Decoding on a V4L2 memory-to-memory device (Raspberry Pi 4's H.264, many ARM boards), by FFmpeg's ``*_v4l2m2m``.

FFmpeg doesn't wait for the device: a picture that is not ready when its frame was handed in comes out with the next
one. Where the device is not at once ready the proof says so, and the CPU decodes: a slide must not wait for the next
one. No such device was at hand to try it on.
"""

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from receiver.decode.ffmpeg import FfmpegDecoder
from receiver.decode.hwaccel import without_node
from receiver.errors import BackendUnavailable
from receiver.media import Codec

DECODERS: dict[Codec, str] = {
    "VP8": "vp8_v4l2m2m",
    "H264": "h264_v4l2m2m",
    "VP9": "vp9_v4l2m2m",
    "H265": "hevc_v4l2m2m",
}


class V4l2M2m:
    """A backend. FFmpeg looks for the device file by itself, and for one that takes the codec."""

    name = "v4l2m2m"
    title = "V4L2 M2M"
    hardware = True

    def open(self, codec: Codec) -> FfmpegDecoder:
        """A decoder on the device. Raises BackendUnavailable, with the first thing that is missing."""
        if codec not in DECODERS:
            raise BackendUnavailable(f"FFmpeg's V4L2 M2M decoders don't take {codec}")
        if absence := without_node("/dev/video*", "V4L2 decoder", "video"):
            raise BackendUnavailable(absence)
        try:
            context = av.CodecContext.create(DECODERS[codec], "r")
            assert isinstance(context, VideoCodecContext)
            decoder = FfmpegDecoder(codec, context, DECODERS[codec], device=True)
            context.open()
        except (FFmpegError, ValueError) as error:
            raise BackendUnavailable(f"no V4L2 device takes {codec} ({error})") from error
        return decoder
