"""A clip that is encoded before the benchmark, so that its sender costs next to nothing and every receiver meets the
same pictures at the same rate.

Each picture carries its number as the pattern's frame counter (tests/peers/pattern); when it was sent is told by who
sends it (tests/bench/encoded_sender).
"""

import struct
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from tests.peers import pattern

SECONDS = 10
"""Then it begins again, with a keyframe; no picture may take longer to be shown, or it counts as the next round's."""
BITS_A_PIXEL = 0.1
"""At most: a screen in motion takes the encoders 1 to 3 Mbit/s at 720p30, and 3 to 10 at 1080p60."""
ENCODERS = {
    "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    "H264": ("libx264", {"preset": "superfast", "tune": "zerolatency", "profile": "baseline"}),
    "VP9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "row-mt": "1"}),
    "AV1": ("libsvtav1", {"preset": "12", "svtav1-params": "pred-struct=1:rc=2:lookahead=0"}),
}
SEED = 12345


def clip(codec: str, size: tuple[int, int], fps: int) -> bytes:
    """Encoded pictures: how many there are, the octets of each (32 bits, little endian), and then they themselves."""
    name, settings = ENCODERS[codec]
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, fps), Fraction(fps)
    encoder.bit_rate = round(BITS_A_PIXEL * size[0] * size[1] * fps)
    encoder.gop_size = SECONDS * fps + 1
    encoder.thread_count = 1 if codec == "H264" else 2  # x264 would cut each picture into a slice a thread
    encoder.options = settings
    packets = [bytes(packet) for frame in pictures(size, SECONDS * fps) for packet in encoder.encode(frame)]
    packets += [bytes(packet) for packet in encoder.encode(None)]
    assert len(packets) == SECONDS * fps, f"{codec}: {len(packets)} packets for {SECONDS * fps} pictures"
    return struct.pack(f"<{len(packets) + 1}I", len(packets), *map(len, packets)) + b"".join(packets)


def pictures(size: tuple[int, int], count: int) -> Iterator[av.VideoFrame]:
    """A scene larger than the picture that is panned about, as the pattern's page does it."""
    width, height = size
    scene = _scene(width, height)
    for number in range(count):
        x, y = (_bounce(number * step, room) // 2 * 2 for step, room in ((4, width), (2, height)))
        frame = av.VideoFrame(width, height, "yuv420p")
        frame.pts = number
        for plane, whole, part in zip(frame.planes, scene, (1, 2, 2), strict=True):
            view = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:, : width // part]
            top, left = y // part, x // part
            view[:] = whole[top : top + height // part, left : left + width // part]
            if part == 1:
                _number(view, number)
        yield frame


def _bounce(value: int, room: int) -> int:
    value %= 2 * room
    return value if value < room else 2 * room - value


def _scene(width: int, height: int) -> list[np.ndarray]:
    """Luma and both chromas of a gradient with patches and lines of something like text on it."""
    random = np.random.default_rng(SEED)
    ramp = np.add.outer(np.arange(2 * height) / (2 * height), np.arange(2 * width) / (2 * width)) / 2
    luma, blue, red = 60 + 120 * ramp, 110 + 40 * ramp[::2, ::2], 150 - 40 * ramp[::2, ::2]
    for _ in range(800):
        side = 2 * int(random.integers(4, 40))
        top, left = (2 * int(random.integers(0, length)) for length in (height, width))
        for plane, part in ((luma, 1), (blue, 2), (red, 2)):
            patch = plane[top // part : (top + side) // part, left // part : (left + side) // part]
            patch[:] = (patch + random.integers(50, 220)) / 2
    for top in range(20, 2 * height - 12, 66):
        glyphs = random.random((6, width // 2)).repeat(2, axis=0).repeat(4, axis=1) > 0.6
        luma[top : top + 12][glyphs] = 20 if top % 132 < 66 else 235
    return [plane.astype(np.uint8) for plane in (luma, blue, red)]


def _number(luma: np.ndarray, number: int) -> None:
    octets = [0, 0, 0, 0, number >> 8, number & 255]
    octets.append((sum(octets) ^ 0x5A) & 255)
    bits = np.unpackbits(np.array(octets, np.uint8))
    luma[: pattern.SIZE, : pattern.WIDTH] = 16 + 219 * bits.repeat(pattern.SIZE)
