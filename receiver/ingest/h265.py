"""H.265 from RTP (RFC 7798, without decoding order numbers) to Annex B. Pure.

Parameter sets are remembered, and put in front of a keyframe that comes without them, as for H.264. A keyframe is an
IRAP picture (BLA, IDR or CRA) whose parameter sets are known.
"""

from receiver.ingest.access_unit import AccessUnit, DepacketizeError
from receiver.ingest.parameter_sets import ParameterSets, ue_prefix

VPS, SPS, PPS, DELIMITER, SEI = 32, 33, 34, 35, 39
AGGREGATION, FRAGMENT = 48, 49
IRAP = range(16, 24)
START_CODE = b"\x00\x00\x00\x01"

_BEGIN, _END = 0x80, 0x40


class H265Depacketizer:
    """Remembers the parameter sets of one stream."""

    def __init__(self) -> None:
        self._sets = ParameterSets("H.265", (VPS, SPS, PPS))

    def assemble(self, payloads: list[bytes]) -> AccessUnit:
        units = _units(payloads)
        for unit in units:
            if _kind(unit) in self._sets.kinds:
                self._sets.remember(_kind(unit), _number(unit), unit)
        kinds = {_kind(unit) for unit in units}
        keyframe = any(kind in IRAP for kind in kinds)
        if keyframe:
            if not self._sets.complete:
                raise DepacketizeError("an H.265 keyframe came before its parameter sets")
            if not _is_first_slice(next(unit for unit in units if _kind(unit) in IRAP)):
                raise DepacketizeError("the H.265 keyframe lacks its first slice")
            if not set(self._sets.kinds) <= kinds:
                units = [*self._sets.in_order(), *(unit for unit in units if _kind(unit) not in self._sets.kinds)]
        return AccessUnit(b"".join(START_CODE + unit for unit in units), keyframe)

    def starts_keyframe(self, payload: bytes) -> bool:
        try:
            unit = next(unit for unit in _opening(payload) if _kind(unit) not in (DELIMITER, SEI))
        except (DepacketizeError, StopIteration):
            return False
        kind = _kind(unit)
        return kind in (VPS, SPS) or (kind in IRAP and _is_first_slice(unit) and self._sets.complete)


def _kind(unit: bytes) -> int:
    """nal_unit_type (ITU-T H.265 section 7.3.1.2)."""
    return unit[0] >> 1 & 0x3F


def _is_first_slice(unit: bytes) -> bool:
    """first_slice_segment_in_pic_flag (section 7.3.6.1)."""
    return len(unit) > 2 and unit[2] & 0x80 != 0


def _number(unit: bytes) -> bytes:
    """Of a parameter set; past the escapes (00 00 03) that may lie before it."""
    kind = _kind(unit)
    if kind == VPS:
        return bytes((unit[2] >> 4,)) if len(unit) > 2 else b""
    if kind == PPS:
        return ue_prefix(unit[2:5])
    head = unit[2:128].replace(b"\0\0\3", b"\0\0")
    return ue_prefix(head[_profile_end(head) :][:3])


def _profile_end(head: bytes) -> int:
    """Where profile_tier_level of an SPS ends (section 7.3.3), in bytes; it begins in the second."""
    layers = head[0] >> 1 & 7 if head else 0
    end = 13
    if layers:
        flags = int.from_bytes(head[end : end + 2].ljust(2, b"\0"))
        end += 2
        for layer in range(layers):
            end += 11 * (flags >> (15 - 2 * layer) & 1) + (flags >> (14 - 2 * layer) & 1)
    return end


def _opening(payload: bytes) -> list[bytes]:
    """The units that begin in this packet; of a fragment, its first part as if it were whole."""
    if len(payload) < 3:
        raise DepacketizeError("an H.265 packet is too short")
    kind = _kind(payload)
    if kind == AGGREGATION:
        return _aggregated(payload)
    if kind != FRAGMENT:
        return [payload]
    return [_fragment_header(payload) + payload[3:]] if payload[2] & _BEGIN else []


def _fragment_header(payload: bytes) -> bytes:
    """The header of the unit that the fragment is of (RFC 7798 section 4.4.3)."""
    return bytes((payload[0] & 0x81 | (payload[2] & 0x3F) << 1, payload[1]))


def _units(payloads: list[bytes]) -> list[bytes]:
    """The NAL units, without start codes."""
    units: list[bytes] = []
    fragments: list[bytes] | None = None
    for payload in payloads:
        if len(payload) < 3:
            raise DepacketizeError("an H.265 packet is too short")
        kind = _kind(payload)
        if fragments is not None and (kind != FRAGMENT or payload[2] & _BEGIN):
            raise DepacketizeError("an H.265 fragment series has no end")
        if kind < AGGREGATION:
            units.append(payload)
        elif kind == AGGREGATION:
            units += _aggregated(payload)
        elif kind == FRAGMENT:
            if len(payload) < 4:
                raise DepacketizeError("an H.265 fragment is empty")
            if fragments is None:
                if not payload[2] & _BEGIN:
                    raise DepacketizeError("an H.265 fragment series has no beginning")
                fragments = [_fragment_header(payload)]
            fragments.append(payload[3:])
            if payload[2] & _END:
                units.append(b"".join(fragments))
                fragments = None
        else:
            raise DepacketizeError(f"H.265 packet type {kind} is not one that we offered to take")
    if fragments is not None:
        raise DepacketizeError("an H.265 fragment series has no end")
    if not units:
        raise DepacketizeError("the H.265 frame is empty")
    return units


def _aggregated(payload: bytes) -> list[bytes]:
    """An aggregation packet, RFC 7798 section 4.4.2."""
    units = []
    at = 2
    while at < len(payload):
        end = at + 2 + int.from_bytes(payload[at : at + 2])
        if end < at + 4 or end > len(payload):
            raise DepacketizeError("an H.265 aggregation packet's sizes don't add up")
        units.append(payload[at + 2 : end])
        at = end
    if not units:
        raise DepacketizeError("an H.265 aggregation packet is empty")
    return units
