"""AV1 from RTP (AOM, "RTP Payload Format For AV1", v1.0) to the low-overhead bitstream format. Pure.

Packets carry OBU elements, the first and last of which may be parts; the aggregation header says so. What leaves is a
temporal unit of OBUs with their sizes, beginning with a temporal delimiter, as decoders want it. All layers that are
sent are taken. The dependency descriptor, a header extension, serves those who forward single layers; it is let be.
"""

from collections.abc import Iterator

from receiver.ingest.access_unit import AccessUnit, DepacketizeError

SEQUENCE_HEADER, TEMPORAL_DELIMITER, FRAME_HEADER, FRAME, TILE_LIST, PADDING = 1, 2, 3, 6, 8, 15
DELIMITER = bytes((TEMPORAL_DELIMITER << 3 | 2, 0))

_CONTINUES, _CONTINUED, _NEW_SEQUENCE = 0x80, 0x40, 0x08
_EXTENSION, _HAS_SIZE = 0x04, 0x02
_NOT_SENT = (TEMPORAL_DELIMITER, TILE_LIST, PADDING)
"""Section 5: a sender should leave them out, a receiver must."""


class Av1Depacketizer:
    """Keeps no state: a keyframe brings its sequence header with it."""

    def assemble(self, payloads: list[bytes]) -> AccessUnit:
        units = [DELIMITER]
        sequence = key = None
        for obu in _obus(payloads):
            kind, body = _kind(obu), _body(obu)
            if kind in _NOT_SENT:
                continue
            if kind == SEQUENCE_HEADER:
                sequence = True
            elif kind in (FRAME_HEADER, FRAME) and key is None:
                key = bool(body) and body[0] & 0xE0 == 0  # show_existing_frame 0, frame_type KEY_FRAME (section 5.9.2)
            units.append(_sized(obu, body))
        if len(units) == 1:
            raise DepacketizeError("the AV1 temporal unit is empty")
        return AccessUnit(b"".join(units), bool(sequence and key))

    def starts_keyframe(self, payload: bytes) -> bool:
        if len(payload) < 2 or payload[0] & _CONTINUES:
            return False
        if payload[0] & _NEW_SEQUENCE:
            return True
        try:
            first = next((element for element in _elements(payload) if element), b"")
        except DepacketizeError:
            return False
        return bool(first) and _kind(first) == SEQUENCE_HEADER


def _kind(obu: bytes) -> int:
    return obu[0] >> 3 & 15


def _obus(payloads: list[bytes]) -> Iterator[bytes]:
    """Put together what lies in pieces, section 4.4. An element without a byte says nothing."""
    parts: list[bytes] = []
    goes_on = False
    for payload in payloads:
        if len(payload) < 2:
            raise DepacketizeError("an AV1 packet is empty")
        if bool(payload[0] & _CONTINUES) != goes_on:
            raise DepacketizeError(f"an AV1 fragment has no {'end' if goes_on else 'beginning'}")
        goes_on = bool(payload[0] & _CONTINUED)
        elements = _elements(payload)
        for left, element in zip(reversed(range(len(elements))), elements, strict=True):
            parts.append(element)
            if left or not goes_on:
                if obu := b"".join(parts):
                    yield obu
                parts = []
    if goes_on:
        raise DepacketizeError("an AV1 fragment has no end")


def _elements(payload: bytes) -> list[bytes]:
    """Of one packet: ``W`` of them, the last without a length, or with W 0 as many as there are, each with one."""
    count = payload[0] >> 4 & 3
    elements: list[bytes] = []
    at = 1
    while at < len(payload):
        if count and len(elements) == count - 1:
            size = len(payload) - at
        else:
            size, at = _leb128(payload, at)
        if at + size > len(payload):
            raise DepacketizeError("an AV1 packet's sizes don't add up")
        elements.append(payload[at : at + size])
        at += size
    if count and len(elements) != count:
        raise DepacketizeError(f"an AV1 packet announces {count} elements and has {len(elements)}")
    return elements


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """A number (AV1 specification, section 4.10.5) and where it ends."""
    value = 0
    for place in range(8):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            return value, at
    raise DepacketizeError("an AV1 size has no end")


def _body(obu: bytes) -> bytes:
    """After the header, and after the size where the sender kept it."""
    at = 2 if obu[0] & _EXTENSION else 1
    if obu[0] & 0x80 or at > len(obu):
        raise DepacketizeError("an AV1 OBU's header can't be read")
    if not obu[0] & _HAS_SIZE:
        return obu[at:]
    size, at = _leb128(obu, at)
    if at + size > len(obu):
        raise DepacketizeError("an AV1 OBU is shorter than it says")
    return obu[at : at + size]


def _sized(obu: bytes, body: bytes) -> bytes:
    """The OBU with its size in the header (section 5.3.2)."""
    size = bytearray()
    left = len(body)
    while left > 0x7F:
        size.append(left & 0x7F | 0x80)
        left >>= 7
    size.append(left)
    return b"".join((bytes((obu[0] | _HAS_SIZE,)), obu[1:2] if obu[0] & _EXTENSION else b"", size, body))
