"""VP9 from RTP (RFC 9628, flexible and non-flexible mode). Pure.

All spatial layers that are sent are taken. They leave as one superframe (VP9 bitstream specification, Annex B), which
decoders show as one picture, the topmost layer.
"""

from typing import NamedTuple

from receiver.ingest.access_unit import AccessUnit, DepacketizeError

MAX_LAYERS = 8
"""Frames of a picture: RFC 9628 has 3 bits for the layer, and a superframe holds as many."""
MAX_REFERENCES = 3
KEYFRAME_SYNC = b"\x49\x83\x42"

_ID, _PREDICTED, _LAYER, _FLEXIBLE, _BEGIN, _END, _STRUCTURE = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02
_CUT = "a packet ends inside its VP9 payload descriptor"


class _Descriptor(NamedTuple):
    """What of it matters here. ``length``: where the bitstream begins; ``layer``: the spatial layer."""

    flags: int
    layer: int
    length: int


class Vp9Depacketizer:
    """Keeps no state: a VP9 picture is told whole by its packets."""

    def assemble(self, payloads: list[bytes]) -> AccessUnit:
        frames = _frames(payloads)
        keyframe = _is_key(frames[0])
        if keyframe and frames[0][1:4] != KEYFRAME_SYNC:
            raise DepacketizeError("the VP9 keyframe lacks its sync code")
        return AccessUnit(frames[0] if len(frames) == 1 else _superframe(frames), keyframe)

    def starts_keyframe(self, payload: bytes) -> bool:
        try:
            head = _descriptor(payload)
        except DepacketizeError:
            return False
        begins = head.flags & _BEGIN and not head.flags & _PREDICTED and head.layer == 0
        return bool(begins) and _is_key(payload[head.length : head.length + 1])


def _frames(payloads: list[bytes]) -> list[bytes]:
    """The layers' frames, lowest first."""
    frames: list[bytes] = []
    parts: list[bytes] | None = None
    for payload in payloads:
        head = _descriptor(payload)
        if (parts is None) != bool(head.flags & _BEGIN):
            raise DepacketizeError("the VP9 frame lacks its beginning" if parts is None else "a VP9 frame has no end")
        parts = [] if parts is None else parts
        parts.append(payload[head.length :])
        if head.flags & _END:
            if frame := b"".join(parts):
                frames.append(frame)
            parts = None
    if parts is not None:
        raise DepacketizeError("a VP9 frame has no end")
    if not 1 <= len(frames) <= MAX_LAYERS:
        raise DepacketizeError(f"a VP9 picture has 1 to {MAX_LAYERS} frames, this one has {len(frames)}")
    return frames


def _is_key(frame: bytes) -> bool:
    """By the first byte of the uncompressed header (section 6.2): frame_marker, profile, show_existing, frame_type.

    Profile 3 has a bit more before them.
    """
    if not frame or frame[0] & 0xC0 != 0x80:
        return False
    return frame[0] & (0x06 if frame[0] & 0x30 == 0x30 else 0x0C) == 0


def _superframe(frames: list[bytes]) -> bytes:
    """With four bytes for each size."""
    marker = bytes((0xC0 | 3 << 3 | len(frames) - 1,))
    index = b"".join(len(frame).to_bytes(4, "little") for frame in frames)
    return b"".join((*frames, marker, index, marker))


def _descriptor(payload: bytes) -> _Descriptor:
    """RFC 9628 section 4.2. Raises DepacketizeError."""
    if not payload:
        raise DepacketizeError(_CUT)
    flags, layer, at = payload[0], 0, 1
    try:
        if flags & _ID:
            at += 2 if payload[at] & 0x80 else 1
        if flags & _LAYER:
            layer = payload[at] >> 1 & 7
            at += 1 if flags & _FLEXIBLE else 2
        if flags & _FLEXIBLE and flags & _PREDICTED:
            at = _after_references(payload, at)
        if flags & _STRUCTURE:
            at = _after_structure(payload, at)
    except IndexError:
        raise DepacketizeError(_CUT) from None
    if at > len(payload):
        raise DepacketizeError(_CUT)
    return _Descriptor(flags, layer, at)


def _after_references(payload: bytes, at: int) -> int:
    for _ in range(MAX_REFERENCES):
        at += 1
        if not payload[at - 1] & 1:
            return at
    raise DepacketizeError(f"a VP9 packet names more than {MAX_REFERENCES} references")


def _after_structure(payload: bytes, at: int) -> int:
    """The scalability structure, section 4.2.1: layers' sizes and a picture group, neither of which is needed."""
    head = payload[at]
    at += 1
    if head & 0x10:
        at += 4 * ((head >> 5) + 1)
    if head & 0x08:
        pictures = payload[at]
        at += 1
        for _ in range(pictures):
            at += 1 + (payload[at] >> 2 & 3)
    return at
