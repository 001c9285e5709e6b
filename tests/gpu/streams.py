"""Streams to decode: real encoders' output of pictures that are hard on a decoder, with a change of size in it."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np

from receiver.media import Codec, EncodedFrame
from tests.peers.calm import open_calmly

ENCODERS: dict[Codec, tuple[str, dict[str, str]]] = {
    "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "4", "b": "6M", "auto-alt-ref": "0", "lag-in-frames": "0"}),
    "H264": (
        "libx264",
        {"preset": "faster", "tune": "zerolatency", "b": "6M", "x264-params": "repeat-headers=1:log-level=error"},
    ),
    "VP9": (
        "libvpx-vp9",
        {"deadline": "realtime", "cpu-used": "6", "b": "6M", "lag-in-frames": "0", "tile-columns": "1"},
    ),
    "AV1": ("libsvtav1", {"preset": "10", "crf": "32", "svtav1-params": "pred-struct=1:lookahead=0"}),
    "H265": (
        "libx265",
        {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "b": "6M",
            "x265-params": "repeat-headers=1:bframes=0:log-level=error",
        },
    ),
}

SIZES = ((640, 360), (1280, 720), (366, 274), (1920, 1080))
"""With and without whole blocks of 16 and 64 at the edges."""


def picture(number: int, width: int, height: int) -> av.VideoFrame:
    """A slide that scrolls, with noise and sharp lines in it, so that vectors, residuals and all block sizes occur."""
    dice = np.random.default_rng(number)
    y, x = np.mgrid[0:height, 0:width]
    luma = ((x * 2 + number * 5) ^ (y + number * 3)).astype(np.uint8) // 2 + 40
    luma[height // 4 : height // 2] = np.roll(luma[height // 4 : height // 2], number * 7, axis=1)
    patch = luma[height // 2 : height // 2 + 64, width // 3 : width // 3 + 96]
    patch[:] = dice.integers(16, 235, patch.shape, np.uint8)
    luma[:, (number * 11) % width] = 235
    blue = (128 + 90 * np.sin((x[::2, ::2] + number * 4) / 40)).astype(np.uint8)
    red = (128 + 90 * np.cos((y[::2, ::2] - number * 2) / 30)).astype(np.uint8)
    return av.VideoFrame.from_ndarray(
        np.concatenate([part.reshape(-1) for part in (luma, blue, red)]).reshape(height * 3 // 2, width), "yuv420p"
    )


def encode(codec: Codec, width: int, height: int, count: int, pixels: str = "yuv420p") -> Iterator[tuple[bytes, bool]]:
    """``count`` frames, the first a keyframe: the bitstream, and whether it is a keyframe."""
    name, options = ENCODERS[codec]
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, pixels
    encoder.time_base, encoder.framerate, encoder.options = Fraction(1, 30), Fraction(30), dict(options)
    encoder.gop_size = 10_000
    open_calmly(encoder)
    packets: list[av.Packet[Any]] = []
    for number in range(count):
        frame = picture(number, width, height).reformat(format=pixels)
        frame.pts, frame.time_base = number, Fraction(1, 30)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return ((bytes(packet), bool(packet.is_keyframe)) for packet in packets)


def frames(codec: Codec, parts: Iterator[tuple[bytes, bool]], first: int = 0) -> list[EncodedFrame]:
    """As an intake would hand them on, ``first`` frames after the beginning of the stream."""
    return [
        EncodedFrame(1, "video", codec, (first + number) * 3000, data, keyframe, False, number, number)
        for number, (data, keyframe) in enumerate(parts)
    ]


def with_changes_of_size(codec: Codec, each: int = 30, sizes: Sequence[tuple[int, int]] = SIZES) -> list[EncodedFrame]:
    """One stream through all ``sizes``, and back to the first."""
    found: list[EncodedFrame] = []
    for width, height in (*sizes, sizes[0]):
        found += frames(codec, encode(codec, width, height, each), len(found))
    return found
