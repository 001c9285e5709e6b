"""H.264 from RTP (RFC 6184, packetization modes 0 and 1) to Annex B. Pure.

Parameter sets are remembered, and put in front of a keyframe that comes without them, so that a decoder that was
started in mid-stream has all it needs in band. A keyframe is an IDR picture whose parameter sets are known.
"""

from receiver.ingest.access_unit import AccessUnit, DepacketizeError
from receiver.ingest.parameter_sets import ParameterSets, ue_prefix

IDR, SPS, PPS, STAP_A, FU_A = 5, 7, 8, 24, 28
START_CODE = b"\x00\x00\x00\x01"


class H264Depacketizer:
    """Remembers the parameter sets of one stream."""

    def __init__(self) -> None:
        self._sets = ParameterSets("H.264", (SPS, PPS))

    def assemble(self, payloads: list[bytes]) -> AccessUnit:
        units = _units(payloads)
        kinds = {unit[0] & 0x1F for unit in units}
        for unit in units:
            self._remember(unit)
        if IDR in kinds:
            if not self._sets.complete:
                raise DepacketizeError("an H.264 keyframe came before its parameter sets")
            first = next(unit for unit in units if unit[0] & 0x1F == IDR)
            if len(first) < 2 or not _is_first_slice(first[1]):
                raise DepacketizeError("the H.264 keyframe lacks its first slice")
            if not {SPS, PPS} <= kinds:
                units = [*self._sets.in_order(), *(unit for unit in units if unit[0] & 0x1F not in (SPS, PPS))]
        return AccessUnit(b"".join(START_CODE + unit for unit in units), IDR in kinds)

    def starts_keyframe(self, payload: bytes) -> bool:
        if len(payload) < 3:
            return False
        kind, after = payload[0] & 0x1F, payload[1]
        if kind == STAP_A:
            return len(payload) > 3 and payload[3] & 0x1F == SPS
        if kind == FU_A:
            kind, after = after & 0x1F if after & 0x80 else 0, payload[2]
        return kind == SPS or (kind == IDR and _is_first_slice(after) and self._sets.complete)

    def _remember(self, unit: bytes) -> None:
        kind = unit[0] & 0x1F
        if kind in self._sets.kinds:
            # The id tells sets of a kind apart: ue(v) at the start of a PPS, after three bytes in an SPS. Its first
            # byte holds any id up to 6, and serves as the key of greater ones too.
            place = 1 if kind == PPS else 4
            self._sets.remember(kind, ue_prefix(unit[place : place + 2]), unit)


def _is_first_slice(header: int) -> bool:
    """By the first byte of a slice header: first_mb_in_slice, as ue(v), is 0 (ITU-T H.264 section 7.3.3)."""
    return header & 0x80 != 0


def _units(payloads: list[bytes]) -> list[bytes]:
    """The NAL units, without start codes."""
    units: list[bytes] = []
    fragments: list[bytes] | None = None
    for payload in payloads:
        kind = payload[0] & 0x1F if payload else 0
        if fragments is not None and kind != FU_A:
            raise DepacketizeError("an H.264 fragment series has no end")
        if 1 <= kind <= 23:
            units.append(payload)
        elif kind == STAP_A:
            units += _aggregated(payload)
        elif kind == FU_A:
            if len(payload) < 3:
                raise DepacketizeError("an H.264 fragment is empty")
            if payload[1] & 0x80:
                fragments = [bytes((payload[0] & 0xE0 | payload[1] & 0x1F,))]
            if fragments is None:
                raise DepacketizeError("an H.264 fragment series has no beginning")
            fragments.append(payload[2:])
            if payload[1] & 0x40:
                units.append(b"".join(fragments))
                fragments = None
        else:
            raise DepacketizeError(f"H.264 packet type {kind} is not of packetization mode 0 or 1")
    if fragments is not None:
        raise DepacketizeError("an H.264 fragment series has no end")
    if not units:
        raise DepacketizeError("the H.264 frame is empty")
    return units


def _aggregated(payload: bytes) -> list[bytes]:
    """STAP-A, RFC 6184 section 5.7.1."""
    units = []
    at = 1
    while at < len(payload):
        end = at + 2 + int.from_bytes(payload[at : at + 2])
        if at + 2 >= end or end > len(payload):
            raise DepacketizeError("an H.264 aggregation packet's sizes don't add up")
        units.append(payload[at + 2 : end])
        at = end
    return units
