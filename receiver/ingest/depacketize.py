"""From the payloads of one frame's packets to one access unit: which codec by which file. Pure."""

from collections.abc import Callable

from receiver.ingest.access_unit import AccessUnit, DepacketizeError, Depacketizer
from receiver.ingest.av1 import Av1Depacketizer
from receiver.ingest.h264 import H264Depacketizer
from receiver.ingest.h265 import H265Depacketizer
from receiver.ingest.vp8 import Vp8Depacketizer
from receiver.ingest.vp9 import Vp9Depacketizer
from receiver.media import Codec


class OpusDepacketizer:
    """RFC 7587: a packet is a frame, and each can be decoded alone."""

    def assemble(self, payloads: list[bytes]) -> AccessUnit:
        if len(payloads) != 1 or not payloads[0]:
            raise DepacketizeError("an Opus frame is exactly one packet")
        return AccessUnit(payloads[0], True)

    def starts_keyframe(self, payload: bytes) -> bool:
        return bool(payload)


DEPACKETIZERS: dict[Codec, Callable[[], Depacketizer]] = {
    "VP8": Vp8Depacketizer,
    "VP9": Vp9Depacketizer,
    "H264": H264Depacketizer,
    "H265": H265Depacketizer,
    "AV1": Av1Depacketizer,
    "opus": OpusDepacketizer,
}
"""Every codec that can be received."""
