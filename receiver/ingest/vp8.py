"""VP8 from RTP (RFC 7741). Pure."""

from receiver.ingest.access_unit import AccessUnit, DepacketizeError


class Vp8Depacketizer:
    """Keeps no state: a VP8 frame is told whole by its packets."""

    def assemble(self, payloads: list[bytes]) -> AccessUnit:
        parts = []
        for place, payload in enumerate(payloads):
            start = _descriptor(payload)
            if place == 0 and not _begins_frame(payload):
                raise DepacketizeError("the VP8 frame lacks its beginning")
            parts.append(payload[start:])
        data = b"".join(parts)
        if not data:
            raise DepacketizeError("the VP8 frame is empty")
        keyframe = not data[0] & 1
        if keyframe and data[3:6] != b"\x9d\x01\x2a":
            raise DepacketizeError("the VP8 keyframe lacks its start code")
        return AccessUnit(data, keyframe)

    def starts_keyframe(self, payload: bytes) -> bool:
        try:
            start = _descriptor(payload)
        except DepacketizeError:
            return False
        return _begins_frame(payload) and start < len(payload) and not payload[start] & 1


def _begins_frame(payload: bytes) -> bool:
    return payload[0] & 0x17 == 0x10  # S set, partition index 0


def _descriptor(payload: bytes) -> int:
    """Length of the payload descriptor, RFC 7741 section 4.2."""
    length = 1
    if payload and payload[0] & 0x80:
        length = 2
        if len(payload) > 2 and payload[1] & 0x80:
            length += 2 if payload[2] & 0x80 else 1
        if len(payload) > 1:
            length += bool(payload[1] & 0x40) + bool(payload[1] & 0x30)
    if len(payload) < length or (length == 2 and payload[1] & 0x80):
        raise DepacketizeError("a packet ends inside its VP8 payload descriptor")
    return length
