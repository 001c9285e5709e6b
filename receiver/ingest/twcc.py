"""Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01). Pure.

The sender numbers all packets of a transport; we tell it when each arrived, and it estimates the bandwidth.
"""

import struct

from receiver.ingest.feedback import TRANSPORT_CC, TRANSPORT_FEEDBACK
from receiver.ingest.rtp import Unwrapper

INTERVAL_NS = 50_000_000
MAX_STATUSES = 500
"""Packets reported in one feedback, so that it fits a datagram even where every delta takes two bytes."""
MAX_SPAN = 4 * MAX_STATUSES
"""Drop rule: a jump of the numbering beyond this forgets what was before it."""
OUTAGE_NS = 500_000_000
"""What was sent while nothing came for longer than this is not told as lost: it says nothing about the bandwidth that
there is now, and would have the sender start again from next to none."""

_REFERENCE_NS = 64_000_000
_DELTA_NS = 250_000
_LOST, _SMALL, _LARGE = 0, 1, 2


class ArrivalRecorder:
    """Notes arrivals and writes feedback about them."""

    def __init__(self) -> None:
        self._unwrapper = Unwrapper(16)
        self._heard: list[tuple[int, int]] = []  # as they came; looked through when feedback is due
        self._arrivals: dict[int, int] = {}
        self._base = 0
        self._last_at = 0
        self._count = 0

    def add(self, sequence: int, now: int) -> None:
        """A packet with this transport-wide number arrived."""
        self._heard.append((sequence, now))
        if len(self._heard) >= MAX_SPAN:
            self._look_through()

    def _look_through(self) -> None:
        heard, self._heard = self._heard, []
        unwrap, arrivals = self._unwrapper.unwrap, self._arrivals
        for sequence, now in heard:
            number = unwrap(sequence)
            if not arrivals and number > self._base:
                skipped = number - self._base > MAX_SPAN or now - self._last_at > OUTAGE_NS
                self._base = number if skipped or not self._base else self._base
            self._last_at = now
            if number < self._base:
                continue  # already reported as lost
            if number - self._base > MAX_SPAN:
                arrivals.clear()
                self._base = number
            arrivals.setdefault(number, now)

    def build(self, local_ssrc: int, media_ssrc: int) -> list[bytes]:
        """Feedback on all that arrived since the last call; empty if nothing did."""
        packets = []
        self._look_through()
        while self._arrivals:
            packets.append(self._build_one(local_ssrc, media_ssrc))
        return packets

    def _build_one(self, local_ssrc: int, media_ssrc: int) -> bytes:
        base = self._base
        count = min(max(self._arrivals) - base + 1, MAX_STATUSES)
        arrivals = [self._arrivals.pop(number, None) for number in range(base, base + count)]
        reference = min((at for at in arrivals if at is not None), default=0) // _REFERENCE_NS
        ticks = reference * (_REFERENCE_NS // _DELTA_NS)
        statuses: list[int] = []
        deltas = bytearray()
        for at in arrivals:
            if at is None:
                statuses.append(_LOST)
                continue
            delta = max(-0x8000, min(at // _DELTA_NS - ticks, 0x7FFF))
            ticks += delta
            if 0 <= delta <= 0xFF:
                statuses.append(_SMALL)
                deltas.append(delta)
            else:
                statuses.append(_LARGE)
                deltas += struct.pack("!h", delta)
        body = struct.pack("!IIHH", local_ssrc, media_ssrc, base & 0xFFFF, count)
        body += (reference & 0xFFFFFF).to_bytes(3) + bytes((self._count,)) + _chunks(statuses) + deltas
        self._base = base + count
        self._count = (self._count + 1) & 0xFF
        padding = -len(body) % 4
        if padding:
            body += bytes(padding - 1) + bytes((padding,))
        flags = 0x80 | TRANSPORT_CC | (0x20 if padding else 0)
        return struct.pack("!BBH", flags, TRANSPORT_FEEDBACK, len(body) // 4) + body


def _chunks(statuses: list[int]) -> bytes:
    """Packet status chunks (sections 3.1.3, 3.1.4): runs where they pay, else vectors of seven 2-bit symbols."""
    out = bytearray()
    at = 0
    while at < len(statuses):
        end = at
        while end < len(statuses) and statuses[end] == statuses[at]:
            end += 1
        if end - at >= 7 or end == len(statuses):
            out += struct.pack("!H", statuses[at] << 13 | (end - at))
            at = end
            continue
        vector = 0xC000
        for place, status in enumerate(statuses[at : at + 7]):
            vector |= status << (12 - 2 * place)
        out += struct.pack("!H", vector)
        at += 7
    return bytes(out)
