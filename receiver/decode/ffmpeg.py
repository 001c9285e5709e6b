"""Decoding with FFmpeg through PyAV, which releases the interpreter lock meanwhile: what all its decoders share.

Which decoder it is, on the CPU or on a device, is the backend's choice (``software``, ``hwaccel``).
"""

import errno
from collections.abc import Callable, Sequence
from fractions import Fraction

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from receiver.decode.api import DecodeError, DecoderFailed
from receiver.decode.hdr import to_sdr
from receiver.errors import ReceiverError
from receiver.media import CLOCK_RATE, Codec, Colours, EncodedFrame, Picture, Stamps
from receiver.prime import described, is_prime, readable

MAX_PIXELS = 4096 * 2304
"""A hostile header could announce 16384 x 16384; FFmpeg refuses a picture above this before it allocates."""

MAX_PENDING = 32
"""Frames whose picture has not come out; the oldest stamps are forgotten beyond it (frames that are never shown)."""

MAX_SILENT = 30
"""Frames in a row for which a device gives neither picture nor error: half a second at 60 frames/s, then it hangs."""

TIME_BASE = Fraction(1, CLOCK_RATE["video"])

UNSPECIFIED = 2
"""Of ISO/IEC 23091-2: not said."""

INVALID_DATA = av.error.InvalidDataError
"""What FFmpeg says where the bitstream is at fault. Anything else from a device's decoder is the device's."""


class FfmpegDecoder:
    """One stream's. ``context`` is new; it is set here to give each picture at once. ``failed``: called when the device
    has failed, before DecoderFailed is raised."""

    def __init__(
        self,
        codec: Codec,
        context: VideoCodecContext,
        name: str,
        *,
        device: bool = False,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self.codec = codec
        self.name = name
        self._device = device
        self._failed = failed
        context.flags |= int(av.codec.context.Flags.low_delay)
        context.options = {**context.options, "max_pixels": str(MAX_PIXELS)}
        self._context = context
        self._pending: dict[int, tuple[Stamps, Colours | None]] = {}
        self._silent = 0

    def decode(self, frame: EncodedFrame) -> list[Picture]:
        if not frame.data:
            raise DecodeError(f"an empty {frame.codec} frame can't be decoded")
        packet = av.Packet(frame.data)
        packet.pts = frame.timestamp
        packet.time_base = TIME_BASE
        packet.is_keyframe = frame.keyframe
        stamps = Stamps(frame.capture_ns, frame.first_packet_ns, frame.complete_ns)
        self._pending[frame.timestamp] = stamps, frame.colours
        while len(self._pending) > MAX_PENDING:
            del self._pending[next(iter(self._pending))]
        try:
            decoded = self._context.decode(packet)
        except FFmpegError as error:
            self._pending.clear()
            if self._device and not isinstance(error, INVALID_DATA):
                self._failed()
                raise DecoderFailed(f"{self.name} broke: {_words(error)}") from error
            raise DecodeError(f"this {frame.codec} frame can't be decoded ({error.strerror})") from error
        self._check_memory(decoded)
        if any(out.is_corrupt for out in decoded):
            self._pending.clear()
            raise DecodeError(f"this {frame.codec} frame is damaged; FFmpeg could only guess its picture")
        self._silent = 0 if decoded else self._silent + 1
        if self._device and self._silent >= MAX_SILENT:
            self._failed()
            raise DecoderFailed(f"{self.name} has given no picture for {MAX_SILENT} frames")
        pictures = []
        for out in decoded:
            timestamp = frame.timestamp if out.pts is None else out.pts
            if (known := self._pending.pop(timestamp, None)) is not None:
                stamps, colours = known
                transfer = self._context.color_trc
                if self._device:
                    _complete(out, self._context)
                if colours is not None:
                    _paint(out, colours)
                    transfer = transfer if colours.transfer == UNSPECIFIED else colours.transfer
                shown = to_sdr(out, transfer)
                pictures.append(Picture(frame.stream, timestamp, out.width, out.height, shown, stamps))
        return pictures

    def _check_memory(self, decoded: Sequence[av.VideoFrame]) -> None:
        """What a device keeps in its memory must be readable: not every screen takes it as it is."""
        try:
            for out in decoded:
                if is_prime(out):
                    readable(described(out))
        except ReceiverError as error:
            self._failed()
            raise DecoderFailed(f"{self.name}: {error}") from error

    def close(self) -> None:
        del self._context  # its threads and buffers go now, not when the garbage collector comes by
        self._pending.clear()


def _complete(out: av.VideoFrame, context: VideoCodecContext) -> None:
    """Give a picture the bitstream's colours where it came without: Debian 13's PyAV copies a device's pixels alone."""
    if out.colorspace == UNSPECIFIED:
        out.colorspace = context.colorspace
    if not out.color_range:
        out.color_range = context.color_range


def _paint(out: av.VideoFrame, colours: Colours) -> None:
    """Say of a picture what its sender says of it."""
    if colours.matrix != UNSPECIFIED:
        out.colorspace = colours.matrix
    if colours.full_range is not None:
        out.color_range = 2 if colours.full_range else 1  # AVCOL_RANGE_JPEG, AVCOL_RANGE_MPEG


def _words(error: FFmpegError) -> str:
    """FFmpeg's reason as a person would say it."""
    known = {
        errno.EPERM: "the device does not take this stream",  # the -1 of FFmpeg's get_format
        errno.ENOMEM: "the device has no memory left",
        errno.EIO: "the device does not answer",
        errno.ENODEV: "the device is gone",
        errno.ENOSYS: "the device does not decode this codec",
    }
    return known.get(error.errno or 0, str(error.strerror or error))
