"""Reordering of packets and assembly of frames, constant time for each packet. Pure.

A frame is let go as soon as its last packet (the one with the marker bit) and all before it are there, not when the
next frame begins: on a still screen the next one may be half a second away. Sequence numbers are unwrapped ones.
"""

from enum import Enum
from typing import NamedTuple

from receiver.ingest.rtp import RtpPacket

CAPACITY = 4096
"""Packets held, in or out of order. Drop rule: who is further behind the newest starts anew with it."""
MAX_FRAME_BYTES = 8 * 1024 * 1024
"""Drop rule: a frame that grows past this, or past CAPACITY packets, is discarded whole."""


MAX_REWIND = 64
"""How far the very first packets of a stream may have been overtaken."""


class Inserted(Enum):
    """What became of a packet."""

    TAKEN = "taken"
    DUPLICATE = "duplicate"
    LATE = "late"
    RESTARTED = "restarted"  # too far ahead: all that was waiting is forgotten, this packet is the new beginning


class Assembled(NamedTuple):
    """The packets of one frame, in order. ``first_ns``: when the earliest of them came; ``capture_time``: the bytes of
    the absolute capture time, where one carried it."""

    payload_type: int
    timestamp: int
    payloads: list[bytes]
    first_ns: int
    capture_time: bytes = b""


class _Slot(NamedTuple):
    sequence: int
    packet: RtpPacket
    at: int


class JitterBuffer:
    """Holds packets until they form frames.

    ``awaited`` is the sequence number that the next frame needs; None before the first packet. ``overflows`` counts
    frames that were discarded for their size since it was last looked at.
    """

    def __init__(self) -> None:
        self._ring: list[_Slot | None] = [None] * CAPACITY
        self._frame: list[bytes] = []
        self._frame_bytes = 0
        self._frame_first_ns = 0
        self._capture_time = b""
        self._frame_timestamp: int | None = None
        self._headless = False  # the frame at hand lacks its beginning: swallow it
        self._opening: list[_Slot] | None = []  # what the first frame has so far; None once it is complete
        self.awaited: int | None = None
        self.overflows = 0

    @property
    def partial(self) -> bool:
        """Whether a frame has begun that is not complete."""
        return bool(self._frame)

    @property
    def extensible(self) -> bool:
        """Whether the frame at hand has its beginning, as the stream has, so that ``append`` may go on with it."""
        return bool(self._frame) and self._opening is None

    def append(self, sequence: int, payload: bytes) -> bool:
        """The common case in short: the awaited packet, of the frame at hand and not its last, with none waiting behind
        it. False: use ``insert`` and ``frames``."""
        frame = self._frame
        if not frame or not payload or self._frame_bytes > MAX_FRAME_BYTES // 2 or len(frame) >= CAPACITY:
            return False
        frame.append(payload)
        self._frame_bytes += len(payload)
        self.awaited = sequence + 1
        return True

    def insert(self, sequence: int, packet: RtpPacket, now: int) -> Inserted:
        """Take one packet; follow with ``frames``."""
        outcome = Inserted.TAKEN
        if self.awaited is None:
            self.awaited = sequence
        elif sequence < self.awaited and not self._rewind(sequence):
            return Inserted.LATE
        elif sequence - self.awaited >= CAPACITY:
            self.restart(sequence)
            outcome = Inserted.RESTARTED
        slot = self._ring[sequence % CAPACITY]
        if slot is not None and slot.sequence == sequence:
            return Inserted.DUPLICATE
        self._ring[sequence % CAPACITY] = _Slot(sequence, packet, now)
        return outcome

    def _rewind(self, sequence: int) -> bool:
        """Before the first frame is complete nobody knows where it begins: await an earlier packet after all."""
        if self._opening is None or self.awaited is None or self.awaited - sequence > MAX_REWIND:
            return False
        if self._opening and sequence >= self._opening[0].sequence:
            return False
        for slot in self._opening:
            self._ring[slot.sequence % CAPACITY] = slot
        self._opening = []
        self._drop_frame()
        self._frame_timestamp = None
        self.awaited = sequence
        return True

    def frames(self) -> list[Assembled]:
        """The frames that are now complete, in order."""
        complete: list[Assembled] = []
        if self.awaited is None:
            return complete
        while (slot := self._ring[self.awaited % CAPACITY]) is not None and slot.sequence == self.awaited:
            self._ring[self.awaited % CAPACITY] = None
            self.awaited += 1
            packet = slot.packet
            if self._opening is not None:
                self._opening.append(slot)
            if not packet.payload:
                continue  # padding: the sender probes for bandwidth
            if packet.timestamp != self._frame_timestamp:  # a sender without marker bits
                self._complete(packet.payload_type, complete)
                if self._frame_timestamp is not None:
                    self._headless = False
                self._frame_timestamp = packet.timestamp
            if not self._headless:
                self._add(slot)
            if packet.marker:
                self._complete(packet.payload_type, complete)
                self._headless = False
                self._frame_timestamp = None
        return complete

    def _add(self, slot: _Slot) -> None:
        if not self._frame or slot.at < self._frame_first_ns:
            self._frame_first_ns = slot.at
        self._frame.append(slot.packet.payload)
        self._capture_time = slot.packet.capture_time or self._capture_time
        self._frame_bytes += len(slot.packet.payload)
        if self._frame_bytes > MAX_FRAME_BYTES or len(self._frame) > CAPACITY:
            self._drop_frame()
            self._opening = None
            self._headless = True
            self.overflows += 1

    def _complete(self, payload_type: int, complete: list[Assembled]) -> None:
        if self._frame and self._frame_timestamp is not None:
            self._opening = None
            timestamp, first_ns = self._frame_timestamp, self._frame_first_ns
            complete.append(Assembled(payload_type, timestamp, self._frame, first_ns, self._capture_time))
        self._drop_frame()

    def _drop_frame(self) -> None:
        self._frame = []
        self._frame_bytes = 0
        self._capture_time = b""

    def skip(self, sequence: int, *, frame_start: bool = False) -> None:
        """Wait no longer for anything before ``sequence``.

        The frame at hand is dropped, and so is what follows up to the next beginning of a frame, unless the packet
        ``sequence`` is known to begin one (``frame_start``).
        """
        if self.awaited is None or sequence <= self.awaited:
            if not frame_start or sequence != self.awaited:
                return
        else:
            for old in range(self.awaited, sequence):
                self._ring[old % CAPACITY] = None
        self.awaited = sequence
        self._opening = None
        self._drop_frame()
        self._frame_timestamp = None
        self._headless = not frame_start

    def restart(self, sequence: int) -> None:
        """Forget everything; ``sequence`` is awaited now."""
        self._opening = None
        self._ring = [None] * CAPACITY
        self._drop_frame()
        self._frame_timestamp = None
        self._headless = True
        self.awaited = sequence
