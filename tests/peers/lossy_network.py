"""A sender that answers NACK and PLI, and a network that loses packets; time jumps from event to event."""

import heapq
import itertools
import random
import struct

from aiortc import rtp as peer

from receiver.ingest.answer import Plan
from receiver.ingest.reception import Reception
from receiver.media import EncodedFrame

S, MS = 1_000_000_000, 1_000_000
VIDEO, RTX, AUDIO = 111, 222, 333
PLAN = Plan(video={96: "VP8"}, audio={111: "opus"}, rtx={97: 96}, nack=True)


def rtp_packet(pt: int, sequence: int, timestamp: int, ssrc: int, payload: bytes, marker: bool = False) -> bytes:
    return struct.pack("!BBHII", 0x80, pt | 0x80 * marker, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + payload


class Stage:
    """Takes frames while ``ready``, and remembers them."""

    def __init__(self) -> None:
        self.frames: list[EncodedFrame] = []
        self.ready = True

    def send(self, frame: EncodedFrame) -> bool:
        if self.ready:
            self.frames.append(frame)
        return self.ready

    def numbers(self) -> list[int]:
        return [int.from_bytes(frame.data[-4:]) for frame in self.frames if frame.kind == "video"]


class Sender:
    """VP8 frames whose last bytes are their number; repairs by RTX; a keyframe when asked."""

    def __init__(self, first_sequence: int = 65_500) -> None:
        self.sequence = first_sequence
        self.rtx_sequence = 0
        self.number = 0
        self.key_wanted = True
        self.plis = 0
        self.history: dict[int, bytes] = {}

    def frame(self, packets: int = 3) -> list[bytes]:
        key, self.key_wanted = self.key_wanted, False
        start = b"\x10\x02\x00\x9d\x01\x2a" if key else b"\x11\x02\x00"
        bodies = [b"\x10" + start] + [b"\x00" + bytes(8)] * (packets - 2) + [b"\x00" + self.number.to_bytes(4)]
        out = []
        for place, body in enumerate(bodies):
            data = rtp_packet(96, self.sequence, self.number * 3000, VIDEO, body, place == packets - 1)
            self.history[self.sequence & 0xFFFF] = data
            out.append(data)
            self.sequence += 1
        self.number += 1
        return out

    def take(self, rtcp: bytes) -> list[bytes]:
        repairs = []
        for packet in peer.RtcpPacket.parse(rtcp):
            if isinstance(packet, peer.RtcpPsfbPacket):
                self.plis += 1
                self.key_wanted = True
            elif isinstance(packet, peer.RtcpRtpfbPacket) and packet.fmt == 1:
                for lost in packet.lost:
                    if (original := self.history.get(lost & 0xFFFF)) is not None:
                        head = struct.pack("!BBH", 0x80, 97 | original[1] & 0x80, self.rtx_sequence & 0xFFFF)
                        timestamp = original[4:8] + struct.pack("!I", RTX)
                        repairs.append(head + timestamp + original[2:4] + original[12:])
                        self.rtx_sequence += 1
        return repairs


class Network:
    """Carries both ways with delay, jitter and loss; time jumps from event to event."""

    def __init__(self, sender: Sender, reception: Reception, seed: int = 1) -> None:
        self.sender, self.reception = sender, reception
        self.random = random.Random(seed)
        self.now = 10 * S
        self.loss, self.lost = 0.0, 0
        self.delay_ns, self.jitter_ns = 10 * MS, 3 * MS
        self._events: list[tuple[int, int, bool, bytes]] = []
        self._order = itertools.count()
        self._next_frame = self.now

    def _carry(self, to_receiver: bool, data: bytes) -> None:
        if self.random.random() >= self.loss:
            at = self.now + self.delay_ns + self.random.randrange(self.jitter_ns + 1)
            heapq.heappush(self._events, (at, next(self._order), to_receiver, data))
        else:
            self.lost += to_receiver

    def run(self, seconds: float, frames: bool = True) -> None:
        end = self.now + int(seconds * S)
        while True:
            deadline = max(self.reception.deadline(self.now), self.now + 1)
            event = self._events[0][0] if self._events else end
            self.now = max(self.now, min(deadline, event, self._next_frame if frames else end))
            if self.now >= end:
                return
            while self._events and self._events[0][0] <= self.now:
                _, _, to_receiver, data = heapq.heappop(self._events)
                if to_receiver:
                    self.reception.rtp(data, self.now)
                else:
                    for repair in self.sender.take(data):
                        self._carry(True, repair)
            if frames and self._next_frame <= self.now:
                self._next_frame += S // 30
                for data in self.sender.frame():
                    self._carry(True, data)
            for rtcp in self.reception.poll(self.now):
                self._carry(False, rtcp)


def setup(seed: int = 1, first_sequence: int = 65_500) -> tuple[Network, Stage]:
    reception, stage = Reception(1, PLAN, 42), Stage()
    reception.attach(stage)
    return Network(Sender(first_sequence), reception, seed), stage


def assert_decodable(stage: Stage) -> None:
    """Every frame builds on the one before it, or needs none; timestamps only rise."""
    video = [frame for frame in stage.frames if frame.kind == "video"]
    numbers = stage.numbers()
    assert video[0].keyframe
    for (earlier, a), (later, b) in itertools.pairwise(zip(numbers, video, strict=True)):
        assert b.keyframe or later == earlier + 1
        assert b.timestamp > a.timestamp
        assert b.keyframe or not b.discontinuity
