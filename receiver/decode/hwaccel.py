"""Decoding on a device that FFmpeg knows as a hardware accelerator: NVDEC, VA-API, Quick Sync, V4L2's request API.

The device is opened for each stream, without falling back to the CPU behind our back, and its pictures come into
memory (NV12) as the screen takes them from there. Those of V4L2's request API stay where they are (DRM PRIME): a plane
of the screen shows them without a copy. NVDEC was tried on a GPU, VA-API on a driver that decodes in software
(tests/vm/guest/va), the others never: no such device was at hand. These accelerators give each picture with its own
frame; FFmpeg's separate ``*_cuvid`` decoders keep some back, so they aren't used.
"""

import contextlib
import ctypes
import glob
import os
from collections.abc import Callable, Mapping

import av
from av.codec.hwaccel import HWAccel, hwdevices_available
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from receiver.decode.api import Decoder, DecoderFailed
from receiver.decode.ffmpeg import FfmpegDecoder
from receiver.errors import BackendUnavailable
from receiver.media import Codec, EncodedFrame, Picture

DECODERS: dict[Codec, str] = {"VP8": "vp8", "H264": "h264", "VP9": "vp9", "AV1": "av1", "H265": "hevc"}


class Accelerator:
    """A backend. ``device``: FFmpeg's name of its kind of device; ``absence`` says what this machine lacks for it;
    ``prime``: its pictures are DRM PRIME frames, and stay so."""

    hardware = True

    def __init__(
        self,
        name: str,
        title: str,
        device: str,
        absence: Callable[[], str],
        options: Mapping[str, object] | None = None,
        prime: bool = False,
    ) -> None:
        self.name = name
        self.title = title
        self._device = device
        self._absence = absence
        self._options = options or {}
        self._prime = prime
        self._kept: HWAccel | None = None

    def open(self, codec: Codec) -> Decoder:
        """A decoder on the device. Raises BackendUnavailable, with the first thing that is missing."""
        return ResizingVp8(self._open) if codec == "VP8" else self._open(codec)

    def _open(self, codec: Codec) -> FfmpegDecoder:
        if codec not in DECODERS:
            raise BackendUnavailable(f"{self.title} is not asked for {codec}")
        if absence := self._absence():
            raise BackendUnavailable(absence)
        if self._device not in hwdevices_available():
            raise BackendUnavailable(
                f"this PyAV is built without {self._device}; one on the system's FFmpeg may have it (scripts/install)"
            )
        try:
            acceleration = self._accelerate()
            context = av.CodecContext.create(DECODERS[codec], "r", hwaccel=acceleration)
        except (FFmpegError, OSError, ValueError, RuntimeError) as error:
            raise BackendUnavailable(f"the driver of {self.title} does not open its device ({error})") from error
        assert isinstance(context, VideoCodecContext)
        if not context.is_hwaccel:
            raise BackendUnavailable(f"FFmpeg's {codec} decoder is built without {self._device}")
        if self._options and self._kept is None:
            self._kept = acceleration.create(context.codec)
        context.thread_count = 1
        if codec == "AV1":
            context.pix_fmt = "yuv420p"  # PyAV says cuda; then FFmpeg takes the device for set up, and has no buffers
        return FfmpegDecoder(codec, context, f"{DECODERS[codec]} ({self.title})", device=True, failed=self._let_go)

    def _accelerate(self) -> HWAccel:
        options = dict(self._options)
        if self._prime:
            with contextlib.suppress(TypeError):  # PyAV before 18 copies every picture into memory
                return HWAccel(self._device, allow_software_fallback=False, options=options, is_hw_owned=True)
        return HWAccel(self._device, allow_software_fallback=False, options=options)

    def _let_go(self) -> None:
        """A context that has failed stays so for as long as anybody holds it."""
        self._kept = None


class ResizingVp8:
    """VP8 on an accelerator: begun anew at a keyframe of another size, since FFmpeg's vp8 goes on with a device that is
    set up for the old one, and fails (seen with FFmpeg 8.1 and NVDEC)."""

    def __init__(self, open_decoder: Callable[[Codec], Decoder]) -> None:
        self._open = open_decoder
        self._decoder = open_decoder("VP8")
        self._size: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        return self._decoder.name

    def decode(self, frame: EncodedFrame) -> list[Picture]:
        if (size := vp8_size(frame.data)) is not None and size != self._size:
            if self._size is not None:
                self._decoder.close()
                try:
                    self._decoder = self._open("VP8")
                except BackendUnavailable as error:
                    raise DecoderFailed(f"{self.name} can't begin anew for {size[0]}x{size[1]}: {error}") from error
            self._size = size
        return self._decoder.decode(frame)

    def close(self) -> None:
        self._decoder.close()


def vp8_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a VP8 keyframe (RFC 6386, section 9.1); None for any other frame."""
    if len(data) < 10 or data[0] & 1 or data[3:6] != b"\x9d\x01\x2a":
        return None
    return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF


def without_node(pattern: str, what: str, group: str) -> str:
    """Why no device file of this pattern can be opened; empty: one can. ``what`` completes "this machine has no"."""
    nodes = sorted(glob.glob(pattern))
    if not nodes:
        return f"this machine has no {what} ({pattern} is missing), or its kernel driver isn't loaded"
    if not any(os.access(node, os.R_OK | os.W_OK) for node in nodes):
        return f"this user may not open {nodes[0]}; add it to the group {group}"
    return ""


def without_nvidia() -> str:
    """Why NVDEC can't be had; empty: nothing is known against it."""
    if absent := without_node("/dev/nvidia[0-9]*", "NVIDIA GPU", "video"):
        return absent
    for library, what in (("libcuda.so.1", "itself"), ("libnvcuvid.so.1", "for decoding")):
        with contextlib.suppress(OSError):
            ctypes.CDLL(library)
            continue
        return (
            f"{library}, a part of the NVIDIA driver ({what}), is missing; install the driver whole, and in a "
            "container set NVIDIA_DRIVER_CAPABILITIES=compute,video"
        )
    return ""


def without_renderer() -> str:
    """Why no GPU with an open driver can be had."""
    return without_node("/dev/dri/renderD*", "GPU with a driver for it", "render")


def without_request_api() -> str:
    """Why no stateless V4L2 decoder can be had (Linux' media request API)."""
    return without_node("/dev/media*", "decoder with a request API", "video")


NVDEC = Accelerator("cuda", "NVDEC", "cuda", without_nvidia, {"primary_ctx": "1"})
"""All streams of a process share its one CUDA context, which stays once it is there: one for each took 0.15 s of the
first picture's time."""
VAAPI = Accelerator("vaapi", "VA-API", "vaapi", without_renderer)
QSV = Accelerator("qsv", "Quick Sync", "qsv", without_renderer)
V4L2_REQUEST = Accelerator("v4l2request", "V4L2 request", "drm", without_request_api, prime=True)
"""Its FFmpeg name is drm, as its pictures are DRM PRIME buffers. Only some boards' FFmpeg has it."""
