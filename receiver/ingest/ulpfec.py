"""Forward error correction by parity (ULPFEC, RFC 5109): a packet is rebuilt from those that were protected with it.
Pure.

Only level 0 is read, as that is all that WebRTC senders use. What is protected is the packet behind its fixed header,
with its header extensions; those that a sender fills in last (the transport-wide sequence number) count as zeros, since
parity was taken before. Sequence numbers are unwrapped ones.
"""

from collections import OrderedDict
from typing import NamedTuple

from receiver.ingest.rtp import RtpError

MAX_PACKETS = 512
"""Media packets kept, the newest. Drop rule: older ones can't help any more."""
MAX_PARITIES = 64
"""Parity packets that wait for a second packet of theirs. Drop rule: the oldest goes."""

_HEADER = 10
_FIXED = 12


class Parity(NamedTuple):
    """One parity packet: it protects ``sequences`` of the source ``ssrc``; ``head`` and ``body`` are the recovery
    fields."""

    ssrc: int
    sequences: tuple[int, ...]
    head: bytes
    body: bytes


def parse(payload: bytes, ssrc: int, near: int) -> Parity:
    """Read one that came in a packet of ``ssrc``; ``near``: that packet's sequence number, unwrapped, which tells where
    the base is. Raises RtpError."""
    if len(payload) < _HEADER + 4:
        raise RtpError(f"a ULPFEC packet has at least {_HEADER + 4} bytes, not {len(payload)}")
    long_mask = bool(payload[0] & 0x40)
    mask_bytes = 6 if long_mask else 2
    start = _HEADER + 2 + mask_bytes
    length = int.from_bytes(payload[_HEADER : _HEADER + 2])
    if start + length > len(payload):
        raise RtpError(f"a ULPFEC packet protects {length} bytes but has {max(0, len(payload) - start)}")
    low = int.from_bytes(payload[2:4])
    base = near - ((near - low) & 0xFFFF)
    mask = int.from_bytes(payload[_HEADER + 2 : start])
    bits = 8 * mask_bytes
    sequences = tuple(base + place for place in range(bits) if mask >> (bits - 1 - place) & 1)
    if not sequences:
        raise RtpError("a ULPFEC packet protects nothing")
    return Parity(ssrc, sequences, payload[:_HEADER], payload[start : start + length])


class UlpfecDecoder:
    """Remembers packets and parities of one source, and rebuilds what can be rebuilt."""

    def __init__(self) -> None:
        self._packets: OrderedDict[int, bytes] = OrderedDict()
        self._parities: list[Parity] = []
        self.recovered = 0

    def media(self, sequence: int, packet: bytes) -> list[tuple[int, bytes]]:
        """A media packet came, as it was protected; returns the packets that this makes known, with their numbers."""
        self._keep(sequence, packet)
        return self._rebuild() if self._parities else []

    def parity(self, parity: Parity) -> list[tuple[int, bytes]]:
        """A parity packet came."""
        self._parities.append(parity)
        found = self._rebuild()
        del self._parities[:-MAX_PARITIES]
        return found

    def _keep(self, sequence: int, packet: bytes) -> None:
        self._packets[sequence] = packet
        if len(self._packets) > MAX_PACKETS:
            self._packets.popitem(last=False)

    def _rebuild(self) -> list[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        progress = True
        while progress:  # what one parity gives back may be what another lacks
            progress = False
            waiting = []
            for parity in self._parities:
                missing = [number for number in parity.sequences if number not in self._packets]
                if len(missing) == 1:
                    packet = self._combine(parity, missing[0])
                    if packet is not None:
                        self._keep(missing[0], packet)
                        found.append((missing[0], packet))
                        progress = True
                elif missing:
                    waiting.append(parity)
            self._parities = waiting
        self.recovered += len(found)
        return found

    def _combine(self, parity: Parity, missing: int) -> bytes | None:
        """The exclusive or of a parity and all packets but one is that one (RFC 5109 section 9.2)."""
        size = len(parity.body)
        body = int.from_bytes(parity.body)
        head = bytearray(parity.head)
        for number in parity.sequences:
            if number == missing:
                continue
            packet = self._packets[number]
            head[0] ^= packet[0]
            head[1] ^= packet[1]
            for place in range(4):
                head[4 + place] ^= packet[4 + place]
            rest = packet[_FIXED:]
            head[8] ^= len(rest) >> 8
            head[9] ^= len(rest) & 0xFF
            body ^= int.from_bytes(rest[:size].ljust(size, b"\0"))
        length = head[8] << 8 | head[9]
        if length > size:
            return None  # protected only in part, or by a sender that counts otherwise
        start = bytes((0x80 | head[0] & 0x3F, head[1])) + (missing & 0xFFFF).to_bytes(2) + bytes(head[4:8])
        return start + parity.ssrc.to_bytes(4) + body.to_bytes(size)[:length]
