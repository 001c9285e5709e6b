"""One video stream: packets in, decodable frames out, and what to ask the sender for. Pure."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from receiver.ingest.access_unit import DepacketizeError, Depacketizer
from receiver.ingest.jitter import Assembled, Inserted, JitterBuffer
from receiver.ingest.loss import KeyframeGate, LossTracker
from receiver.ingest.rtp import RtpPacket, Unwrapper
from receiver.media import Codec

MAX_TAIL_PROBES = 3
"""A frame whose last packets are lost shows no gap until the next frame comes. So where a frame stays unfinished, the
packet after the newest is asked for on suspicion, this often."""

TAIL_QUIET_NS, MAX_TAIL_QUIET_NS = 12_000_000, 60_000_000
"""After so long without a packet: senders pace a frame's packets a few milliseconds apart. But a Chromium that has more
to send than it may lets them go in bursts, up to 40 ms apart, and what is asked for too early comes twice over a link
that is full. So who asked too early waits longer from then on, up to the second."""
TAIL_MARGIN, TAIL_DECAY = 1.25, 1 / 256
"""Of the silence that ended by itself; and how much of it each frame forgets."""


class Format(NamedTuple):
    """What a payload type means."""

    codec: Codec
    depacketizer: Depacketizer


class Unit(NamedTuple):
    """A frame to hand on; the fields are those of EncodedFrame, ``timestamp`` still the 32 bits of RTP."""

    codec: Codec
    timestamp: int
    data: bytes
    keyframe: bool
    discontinuity: bool
    first_ns: int
    capture_time: bytes = b""


class VideoStream:
    """All state of one synchronisation source. ``dropped`` counts frames and packets by cause."""

    def __init__(self, formats: Mapping[int, Format], dropped: Counter[str]) -> None:
        self._formats = formats
        self._dropped = dropped
        self.gate = KeyframeGate()
        self.loss = LossTracker()
        self._any_sent = False
        self._begin()

    def _begin(self) -> None:
        self._sequences = Unwrapper(16)
        self._jitter = JitterBuffer()
        self._newest: int | None = None
        self._oldest = 0
        self._newest_at = 0
        self._keyframe_at: int | None = None
        self._tail_probes = 0
        self._tail_asked = 0
        self._tail_quiet_ns = float(TAIL_QUIET_NS)

    def restart(self) -> None:
        """The sender began a new source: nothing of the old one matters."""
        self._begin()
        self.loss.forget()
        self.gate.close()

    def packet(self, packet: RtpPacket, now: int, *, repair: bool = False, rebuilt: bool = False) -> list[Unit]:
        """Take a packet; return the frames that it completes. ``repair``: it came in place of a lost one; ``rebuilt``:
        from parity, so it tells nothing of how long a request takes."""
        sequence = self._sequences.unwrap(packet.sequence)
        self._note_gaps(sequence, now, repair, repair and not rebuilt)
        inserted = self._jitter.insert(sequence, packet, now)
        if inserted is Inserted.RESTARTED:
            self._dropped["sequence_jump"] += 1
            self.loss.forget()
            self.gate.close()
        elif inserted is not Inserted.TAKEN:
            if not repair:  # senders fill their probes for bandwidth with packets that we have
                self._dropped[f"{inserted.value}_packet"] += 1
            return []
        elif sequence < self._oldest:  # taken in after all, as the first frame's beginning
            self.loss.gap(sequence + 1, self._oldest, now)
            self._oldest = sequence
        if self.gate.closed:
            self._look_for_keyframe(sequence, packet, now)
        return self._frames()

    @property
    def amid_frame(self) -> bool:
        """Whether all is in order, and more of a frame that has begun is to come next."""
        in_order = self._newest is not None and self._jitter.awaited == self._newest + 1
        return in_order and self._jitter.extensible and not self.gate.closed

    def append(self, payload: bytes, now: int) -> bool:
        """Take the packet that was predicted ``amid_frame``: the next one, of the same frame and not its last. False
        where that is no more so."""
        if self._newest is None or self.gate.closed or not self._jitter.append(self._newest + 1, payload):
            return False
        self._newest += 1
        if self._tail_probes:
            self._asked_early(now)
        self._newest_at = now
        return True

    def _asked_early(self, now: int) -> None:
        """The packet after the newest came by itself: nothing was lost, the sender was silent."""
        silent = TAIL_MARGIN * (now - self._newest_at)
        self._tail_quiet_ns = max(self._tail_quiet_ns, min(silent, MAX_TAIL_QUIET_NS))
        self._tail_probes = 0

    def _note_gaps(self, sequence: int, now: int, repair: bool, answer: bool) -> None:
        if self._newest is None:
            self._newest = self._oldest = sequence
        elif sequence > self._newest:
            if sequence > self._newest + 1 and not self.loss.gap(self._newest + 1, sequence, now):
                self._jitter.restart(sequence)
                self._dropped["loss_burst"] += 1
                self.loss.forget()
                self.gate.close()
            elif self._tail_probes and sequence == self._newest + 1 and not repair:
                self._asked_early(now)
            self._newest = sequence
        else:
            self.loss.arrived(sequence, now, repair=answer)
            return
        self._newest_at = now
        self._tail_probes = 0

    def _look_for_keyframe(self, sequence: int, packet: RtpPacket, now: int) -> None:
        """With the gate closed nothing before a keyframe is of use, so go on from where one begins."""
        known = self._formats.get(packet.payload_type)  # none for parity
        if self._keyframe_at is None and known is not None and known.depacketizer.starts_keyframe(packet.payload):
            self._keyframe_at = sequence
            self._jitter.skip(sequence, frame_start=True)
            self.loss.forget(sequence)
        if self._keyframe_at is not None:
            self.gate.arriving(now)

    def _frames(self) -> list[Unit]:
        units = [unit for frame in self._jitter.frames() if (unit := self._unit(frame)) is not None]
        if self._jitter.overflows:
            self._dropped["frame_too_big"] += self._jitter.overflows
            self._jitter.overflows = 0
            self.broken()
        return units

    def _unit(self, frame: Assembled) -> Unit | None:
        self._keyframe_at = None
        codec, depacketizer = self._formats[frame.payload_type]
        try:
            data, keyframe = depacketizer.assemble(frame.payloads)
        except DepacketizeError:
            self._dropped["malformed_frame"] += 1
            self.broken()
            return None
        after_loss = self.gate.closed and self._any_sent
        if not self.gate.passes(keyframe):
            self._dropped["waiting_for_keyframe"] += 1
            return None
        self._any_sent = True
        self._tail_quiet_ns -= TAIL_DECAY * (self._tail_quiet_ns - TAIL_QUIET_NS)
        return Unit(codec, frame.timestamp, data, keyframe, after_loss, frame.first_ns, frame.capture_time)

    def broken(self) -> None:
        """A frame was lost on its way, here or further on: hand on nothing more before a keyframe."""
        self._keyframe_at = None
        self.gate.close()

    def give_up(self, now: int) -> list[Unit]:
        """Wait no longer for what has been missing too long; return the frames that this sets free."""
        last = self.loss.expired(now)
        if last is not None:
            self._dropped["given_up"] += 1
            self.broken()
            self._jitter.skip(last + 1)
            return self._frames()
        return []

    def missing(self, now: int) -> list[int]:
        """Sequence numbers to ask for now, rising."""
        due = self.loss.due(now)
        tail = self._tail_deadline()
        if self._newest is not None and tail is not None and now >= tail:
            self._tail_probes += 1
            self._tail_asked = now
            due.append(self._newest + 1)
        return due

    def deadline(self) -> int | None:
        """When to call ``give_up`` and ``missing`` next."""
        times = [time for time in (self.loss.deadline(), self._tail_deadline()) if time is not None]
        return min(times, default=None)

    def _tail_deadline(self) -> int | None:
        if not self._jitter.partial or self.loss or self._tail_probes >= MAX_TAIL_PROBES:
            return None
        if self._tail_probes == 0:
            return self._newest_at + int(self._tail_quiet_ns)
        return self._tail_asked + 2 * self.loss.retry_ns
