"""Streams with what encoders have in stock: pictures that are shown later, kept for long or never shown, all kinds of
headers. For who reads headers; as real encoders write them."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import av

from receiver.media import Codec
from tests.gpu.streams import picture
from tests.peers.calm import open_calmly

Options = Mapping[str, str]
X264 = "repeat-headers=1:log-level=error"

H264: dict[str, Options] = {
    "as casts are": {"preset": "ultrafast", "tune": "zerolatency", "x264-params": f"{X264}:slices=3"},
    "many references": {"preset": "slow", "tune": "zerolatency", "x264-params": f"{X264}:ref=8:keyint=9"},
    "pictures shown later": {"preset": "slow", "x264-params": f"{X264}:bframes=5:b-adapt=0:b-pyramid=normal:ref=4"},
    "pictures before a keyframe": {
        "preset": "medium",
        "x264-params": f"{X264}:bframes=3:open-gop=1:keyint=8:min-keyint=8",
    },
    "scaling matrices": {"preset": "medium", "profile": "high", "x264-params": f"{X264}:cqm=jvt:weightp=2:bframes=2"},
    "main profile": {"preset": "medium", "profile": "main", "x264-params": f"{X264}:bframes=1:nr=100"},
    "rows that refresh": {"preset": "fast", "tune": "zerolatency", "x264-params": f"{X264}:intra-refresh=1:keyint=12"},
}
VP8: dict[str, Options] = {
    "as casts are": {"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0", "error-resilient": "default"},
    "partitions": {"deadline": "realtime", "cpu-used": "4", "slices": "4", "lag-in-frames": "0"},
    "sharp": {
        "deadline": "realtime",
        "cpu-used": "2",
        "sharpness": "5",
        "noise-sensitivity": "4",
        "static-thresh": "100",
    },
}
VP9: dict[str, Options] = {
    "as casts are": {"deadline": "realtime", "cpu-used": "7", "lag-in-frames": "0", "aq-mode": "3"},
    "looking ahead": {"deadline": "good", "cpu-used": "3", "lag-in-frames": "16"},
    "nothing inherited": {"deadline": "realtime", "cpu-used": "6", "lag-in-frames": "0", "error-resilient": "default"},
    "without loss": {"deadline": "good", "cpu-used": "4", "lag-in-frames": "0", "lossless": "1"},
    "segments by complexity": {
        "deadline": "good",
        "cpu-used": "2",
        "lag-in-frames": "8",
        "aq-mode": "2",
        "sharpness": "3",
    },
    "in parallel": {"deadline": "good", "cpu-used": "3", "frame-parallel": "1", "lag-in-frames": "0", "tile-rows": "1"},
}
VARIED: dict[Codec, tuple[str, Mapping[str, Options]]] = {
    "H264": ("libx264", H264),
    "VP8": ("libvpx", VP8),
    "VP9": ("libvpx-vp9", VP9),
}


def encode(codec: Codec, kind: str, count: int = 24, size: tuple[int, int] = (322, 182)) -> list[tuple[bytes, int]]:
    """Access units in the order of decoding, each with the number of its picture in the order of showing."""
    name, kinds = VARIED[codec]
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.options = Fraction(1, 30), Fraction(30), dict(kinds[kind])
    encoder.bit_rate = 900_000
    open_calmly(encoder)
    packets: list[av.Packet[Any]] = []
    for number in range(count):
        frame = picture(number // 2, *size) if number % 8 < 6 else picture(900 + number, *size)
        frame.pts, frame.time_base = number, Fraction(1, 30)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return [(bytes(packet), packet.pts or 0) for packet in packets]
