"""What the depacketizers of all codecs have in common: frames of one codec become access units. Pure."""

from typing import NamedTuple, Protocol

from receiver.errors import ProtocolError


class DepacketizeError(ProtocolError):
    """A frame that breaks its codec's RTP payload format."""


class AccessUnit(NamedTuple):
    """``data`` as EncodedFrame has it; ``keyframe``: decodable without any earlier frame."""

    data: bytes
    keyframe: bool


class Depacketizer(Protocol):
    """Puts frames of one codec together."""

    def assemble(self, payloads: list[bytes]) -> AccessUnit:
        """The frame. Raises DepacketizeError."""

    def starts_keyframe(self, payload: bytes) -> bool:
        """Whether a keyframe begins with this packet. Never raises."""
