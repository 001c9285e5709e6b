"""Forward error correction by parity: a packet is rebuilt from those that were protected with it. Pure.

ULPFEC and FlexFEC differ in how they write down what they protect, and in nothing else. What is protected is the packet
behind its fixed header, with its header extensions; those that a sender fills in last (the transport-wide sequence
number) count as zeros, since parity was taken before. Sequence numbers are unwrapped ones.
"""

import struct
from collections import OrderedDict
from typing import NamedTuple

MAX_PACKETS = 512
"""Media packets kept, the newest. Drop rule: older ones can't help any more."""
MAX_PARITIES = 64
"""Parity packets that wait for a second packet of theirs. Drop rule: the oldest goes."""

_FIXED = 12


class Parity(NamedTuple):
    """One parity packet: it protects ``sequences`` of the source ``ssrc``.

    ``head``: what is needed of the fixed header, 2 bytes of flags, 4 of timestamp and 2 of length; ``body``: the rest.
    """

    ssrc: int
    sequences: tuple[int, ...]
    head: bytes
    body: bytes


class _Waiting(NamedTuple):
    parity: Parity
    missing: set[int]


class ParityDecoder:
    """Remembers packets and parities of one source, and rebuilds what can be rebuilt."""

    def __init__(self) -> None:
        self._packets: OrderedDict[int, bytes] = OrderedDict()
        self._waiting: list[_Waiting] = []
        self.recovered = 0

    def media(self, sequence: int, packet: bytes) -> list[tuple[int, bytes]]:
        """A media packet came, as it was protected; returns the packets that this makes known, with their numbers."""
        self._known(sequence, packet)
        return self._rebuild()

    def parity(self, parity: Parity) -> list[tuple[int, bytes]]:
        """A parity packet came."""
        self._waiting.append(_Waiting(parity, {number for number in parity.sequences if number not in self._packets}))
        found = self._rebuild()
        del self._waiting[:-MAX_PARITIES]
        return found

    def _known(self, sequence: int, packet: bytes) -> None:
        self._packets[sequence] = packet
        if len(self._packets) > MAX_PACKETS:
            self._packets.popitem(last=False)
        for waiting in self._waiting:
            waiting.missing.discard(sequence)

    def _rebuild(self) -> list[tuple[int, bytes]]:
        """What one parity gives back may be what another lacks."""
        found: list[tuple[int, bytes]] = []
        while (ready := next((one for one in self._waiting if len(one.missing) < 2), None)) is not None:
            self._waiting.remove(ready)
            for number in tuple(ready.missing):
                packet = self._combine(ready.parity, number)
                if packet is not None:
                    self._known(number, packet)
                    found.append((number, packet))
        self.recovered += len(found)
        return found

    def _combine(self, parity: Parity, missing: int) -> bytes | None:
        """The exclusive or of a parity and all packets but one is that one (RFC 5109 section 9.2)."""
        size = len(parity.body)
        head, body = int.from_bytes(parity.head), int.from_bytes(parity.body)
        for number in parity.sequences:
            if number != missing:
                packet = self._packets.get(number)
                if packet is None:
                    return None  # it came, but so long ago that it was forgotten
                rest = packet[_FIXED:]
                head ^= int.from_bytes(packet[:2] + packet[4:8] + len(rest).to_bytes(2))
                body ^= int.from_bytes(rest[:size].ljust(size, b"\0"))
        flags, timestamp, length = head >> 48, head >> 16 & 0xFFFFFFFF, head & 0xFFFF
        if length > size:
            return None  # protected only in part, or by a sender that counts otherwise
        start = struct.pack("!HHII", 0x8000 | flags & 0x3FFF, missing & 0xFFFF, timestamp, parity.ssrc)
        return start + body.to_bytes(size)[:length]
