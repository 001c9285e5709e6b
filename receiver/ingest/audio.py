"""One audio stream: packets in, frames out in order, late ones given up soon. Pure.

Sound can't wait: a lost packet is not asked for again, and what comes after it is held for at most GIVE_UP_NS.
"""

from collections import Counter
from typing import NamedTuple

from receiver.ingest.rtp import RtpPacket, Unwrapper

GIVE_UP_NS = 60_000_000
MAX_HELD = 50
"""Packets held behind a gap. Drop rule: with more, the gap is given up at once."""
MAX_JUMP = 1000
"""A sequence number this far from what is awaited is a new beginning."""


class Sound(NamedTuple):
    """A packet in its place; ``discontinuity``: one or more before it are lost."""

    packet: RtpPacket
    discontinuity: bool
    first_ns: int


class AudioStream:
    """All state of one synchronisation source."""

    def __init__(self, dropped: Counter[str]) -> None:
        self._dropped = dropped
        self._gap_before = False
        self.restart()

    def restart(self) -> None:
        """The sender began a new source."""
        self._sequences = Unwrapper(16)
        self._held: dict[int, tuple[RtpPacket, int]] = {}
        self._awaited: int | None = None

    def packet(self, packet: RtpPacket, now: int, *, again: bool = False) -> list[Sound]:
        """Take a packet; return those whose turn it is. ``again``: it was sent before, in case that was lost."""
        if again and self._awaited is None:
            return []
        sequence = self._sequences.unwrap(packet.sequence)
        if self._awaited is None or abs(sequence - self._awaited) > MAX_JUMP:
            self._gap_before = self._awaited is not None
            self._held.clear()
            self._awaited = sequence
        if sequence < self._awaited or sequence in self._held:
            if not again:
                self._dropped["late_audio_packet"] += 1
            return []
        self._held[sequence] = (packet, now)
        return self._in_turn() if len(self._held) <= MAX_HELD else self._skip()

    def give_up(self, now: int) -> list[Sound]:
        """Wait no longer for what is overdue; return the packets that this sets free."""
        deadline = self.deadline()
        return self._skip() if deadline is not None and now >= deadline else []

    def deadline(self) -> int | None:
        """When to call ``give_up`` next."""
        if not self._held:
            return None
        return min(at for _, at in self._held.values()) + GIVE_UP_NS

    def _skip(self) -> list[Sound]:
        first = min(self._held)
        self._dropped["lost_audio_packet"] += first - (self._awaited or first)
        self._awaited = first
        self._gap_before = True
        return self._in_turn()

    def _in_turn(self) -> list[Sound]:
        sounds: list[Sound] = []
        while self._awaited is not None and (entry := self._held.pop(self._awaited, None)) is not None:
            self._awaited += 1
            packet, at = entry
            if packet.payload:
                sounds.append(Sound(packet, self._gap_before, at))
                self._gap_before = False
        return sounds
