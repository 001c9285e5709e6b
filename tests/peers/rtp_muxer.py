"""FFmpeg as an RTP sender: its encoders, and its packets as its own muxer makes them."""

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np

from receiver.media import Codec
from tests.peers.calm import open_calmly

ENCODERS: dict[Codec, tuple[str, dict[str, str]]] = {
    "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "b": "2M"}),
    "VP9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "b": "2M"}),
    "AV1": ("libsvtav1", {"preset": "12", "svtav1-params": "pred-struct=1:lp=1:lookahead=0", "crf": "35"}),
    "H264": ("libx264", {"preset": "ultrafast", "tune": "zerolatency"}),
    "H265": ("libx265", {"preset": "ultrafast", "tune": "zerolatency", "x265-params": "log-level=0:repeat-headers=1"}),
}


class _Wire:
    """What the muxer writes, a packet each time."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.packets.append(bytes(data))
        return len(data)


def payloads(
    codec: Codec, frames: int, keyframe_every: int = 1000, width: int = 320, height: int = 240, size: int = 400
) -> Iterator[tuple[list[bytes], bool]]:
    """Each frame's RTP payloads, of ``size`` bytes at most, and whether it was encoded as a keyframe."""
    wire = _Wire()
    name, options = ENCODERS[codec]
    noise = np.random.default_rng(1)
    with av.open(wire, "w", format="rtp", options={"packetsize": str(size + 12), "strict": "-2"}) as container:
        stream = container.add_stream(name, rate=30, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = keyframe_every
        open_calmly(stream.codec_context)
        for number in range(frames + 1):
            frame = None
            if number < frames:
                luma = np.full((height * 3 // 2, width), 128, np.uint8)
                luma[:height] = (
                    noise.integers(16, 235, (height // 16, width // 16), np.uint8).repeat(16, 0).repeat(16, 1)
                )
                frame = av.VideoFrame.from_ndarray(luma, "yuv420p")
                frame.pts, frame.time_base = number, Fraction(1, 30)
            for packet in stream.encode(frame):
                wire.packets.clear()
                container.mux_one(packet)
                rtp = [data for data in wire.packets if data[1] & 0x7F < 72 or data[1] & 0x7F > 76]
                yield [data[12:] for data in rtp], packet.is_keyframe
