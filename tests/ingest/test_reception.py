"""The whole pure receiver against a sender that answers NACK and PLI, over a network that loses packets."""

import contextlib
import heapq
import itertools
import random
import struct
from dataclasses import replace

import pytest
from aiortc import rtp as peer
from hypothesis import given
from hypothesis import strategies as st

from receiver.errors import PeerError
from receiver.ingest.answer import Plan
from receiver.ingest.reception import PLIS_BEFORE_FIR, Reception
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


def test_a_clean_network_gives_every_frame_over_the_wrap():
    network, stage = setup()
    network.jitter_ns = 0
    network.run(5)
    assert stage.numbers() == list(range(len(stage.numbers())))
    assert len(stage.frames) >= 148
    assert (network.reception.counters.nacks, network.sender.plis) == (0, 0)


def test_reordering_loses_nothing():
    network, stage = setup()
    network.run(0.2)
    network.jitter_ns = 30 * MS
    network.run(5)
    assert stage.numbers() == list(range(len(stage.numbers())))
    assert len(stage.frames) > 140


@pytest.mark.parametrize("seed", range(4))
def test_two_percent_loss_is_repaired_without_a_keyframe(seed):
    network, stage = setup(seed)
    network.loss = 0.02
    network.run(10)
    assert_decodable(stage)
    assert len(stage.frames) >= 0.97 * network.sender.number
    assert network.sender.plis <= 1
    assert network.reception.round_trip_ns is not None


@given(seed=st.integers(0, 10_000), loss=st.sampled_from([0.1, 0.3, 0.6, 1.0]), outage=st.floats(0.05, 4.0))
def test_it_recovers_from_any_outage(seed, loss, outage):
    """Both directions lose packets, keyframe requests too; half a second after it ends the picture moves again."""
    network, stage = setup(seed, first_sequence=seed * 7)
    network.run(0.5)
    network.loss = loss
    network.run(outage)
    network.loss = 0.0
    network.run(2.5)
    before = len(stage.frames)
    network.run(0.5)
    assert_decodable(stage)
    assert len(stage.frames) - before >= 14


def test_a_lost_keyframe_request_is_repeated():
    network, stage = setup()
    network.run(1)
    network.reception.request_keyframe()
    network.loss = 1.0
    network.run(0.35, frames=False)
    assert network.reception.counters.plis >= 2
    network.loss = 0.0
    network.run(1.5)
    assert stage.frames[-1].timestamp > stage.frames[0].timestamp
    assert network.sender.plis >= 1


def test_on_a_way_that_fills_up_it_does_not_ask_again_before_an_answer_can_come():
    """A queue that grows makes repairs late; asking on meanwhile would have the sender fill it with repairs."""
    network, stage = setup()
    network.loss, network.delay_ns = 0.02, 3 * MS
    network.run(2)
    network.delay_ns, network.loss = 100 * MS, 0.05
    before = network.sender.rtx_sequence
    lost = network.lost
    network.run(3)
    asked = network.sender.rtx_sequence - before
    assert asked <= 2.5 * (network.lost - lost)
    assert_decodable(stage)


def test_a_lost_tail_is_asked_for_without_waiting_for_the_next_frame():
    network, stage = setup()
    network.run(0.2)
    network.run(0.1, frames=False)
    count = len(stage.frames)
    for data in network.sender.frame()[:-1]:
        network.reception.rtp(data, network.now)
    network.run(0.3, frames=False)
    assert len(stage.frames) == count + 1


def test_a_sender_that_pauses_amid_its_frames_is_not_asked_for_what_is_still_to_come():
    """Chromium with more to send than it may: bursts 40 ms apart. A tail that is lost is asked for all the same."""
    network, stage = setup()
    network.run(0.2)
    network.run(0.1, frames=False)
    asked = network.reception.counters.nacks
    for _ in range(30):
        packets = network.sender.frame(packets=8)
        network.sender.history.clear()  # it can't send again what it has not sent
        for burst in packets[:4], packets[4:]:
            for data in burst:
                network.reception.rtp(data, network.now)
            network.run(0.04, frames=False)
    assert network.reception.counters.nacks == asked + 1
    assert_decodable(stage)
    count = len(stage.frames)
    for data in network.sender.frame()[:-1]:
        network.reception.rtp(data, network.now)
    network.run(0.3, frames=False)
    assert len(stage.frames) == count + 1


def test_a_stage_that_is_behind_costs_frames_then_a_keyframe():
    network, stage = setup()
    network.run(1)
    stage.ready = False
    network.run(2)
    plis, taken = network.sender.plis, len(stage.frames)
    assert plis <= 1  # asking while nobody takes frames would only load the network
    stage.ready = True
    network.run(0.5)
    assert stage.frames[taken].keyframe
    assert stage.frames[taken].discontinuity
    assert network.reception.counters.dropped["stage_behind"] >= 1
    assert_decodable(stage)


def test_a_new_stage_begins_with_a_keyframe_at_once():
    network, _ = setup()
    network.run(1)
    fresh = Stage()
    network.reception.attach(fresh)
    network.run(0.2)
    assert fresh.frames[0].keyframe
    assert len(fresh.frames) >= 3
    network.reception.attach(None)
    network.run(0.2)
    assert (
        network.reception.counters.dropped["no_stage"] + network.reception.counters.dropped["waiting_for_keyframe"] >= 5
    )


def test_a_sender_that_begins_anew_is_followed():
    network, stage = setup()
    network.run(0.5)
    last = stage.frames[-1].timestamp
    second = Sender(first_sequence=3)
    for data in second.frame():
        network.reception.rtp(data[:8] + struct.pack("!I", 999) + data[12:], network.now)
    assert stage.frames[-1].keyframe
    assert stage.frames[-1].timestamp > last
    assert stage.frames[-1].discontinuity


def test_a_second_video_with_the_same_payload_types_is_told_apart_by_its_name():
    """As Chromium sends: the MID in the first packets, and not any more once they have come."""
    plan = replace(PLAN, transport_cc_id=3, mid_id=4, mids={"0": "video", "1": "audio"})
    reception, stage = Reception(1, plan, 42), Stage()
    reception.attach(stage)
    senders = {VIDEO: Sender(), 999: Sender(7)}
    now = 10 * S
    for n in range(60):
        now += 33 * MS
        for (ssrc, sender), mid in zip(senders.items(), (b"0", b"2"), strict=True):
            extension = b"\xbe\xde\x00\x01\x40" + mid + b"\0\0" if n < 10 else b""
            for data in sender.frame():
                flags = 0x90 if extension else 0x80
                reception.rtp(bytes((flags, *data[1:8])) + struct.pack("!I", ssrc) + extension + data[12:], now)
                repair = rtp_packet(97, 3 * n, 3000 * n, ssrc + 1, data[2:4] + b"\x00another's")
                if ssrc != VIDEO:
                    reception.rtp(bytes((flags, *repair[1:12])) + extension + repair[12:], now)
    assert stage.numbers() == list(range(60))
    assert_decodable(stage)
    assert reception.counters.dropped == {"foreign_section": 60 * 6}
    report = peer.RtcpPacket.parse(reception.poll(now)[-1])[0]
    assert [block.ssrc for block in report.reports] == [VIDEO], "nor is it reported on"


def test_sound_and_its_capture_time():
    network, stage = setup()
    reception, now = network.reception, network.now
    reception.rtp(rtp_packet(111, 1, 48_000, AUDIO, b"\xfcsound"), now)
    ntp = 3_900_000_000 << 32
    sender = peer.RtcpSenderInfo(ntp_timestamp=ntp, rtp_timestamp=48_000, packet_count=1, octet_count=1)
    reception.rtcp(bytes(peer.RtcpSrPacket(ssrc=AUDIO, sender_info=sender)), now + 5 * MS)
    reception.rtp(rtp_packet(111, 3, 48_000 + 1920, AUDIO, b"\xfcsound"), now + 40 * MS)
    reception.poll(now + 200 * MS)
    first, second = stage.frames
    assert (first.kind, first.codec, first.data, first.capture_ns) == ("audio", "opus", b"\xfcsound", None)
    assert second.discontinuity
    assert second.timestamp - first.timestamp == 1920
    assert second.capture_ns is not None
    assert abs(second.capture_ns - (now + 45 * MS)) < 10_000


def test_receiver_reports_come_every_second():
    network, _ = setup()
    sent = []
    for second in range(4):
        for data in network.sender.frame():
            network.reception.rtp(data, network.now + second * S)
        sent += network.reception.poll(network.now + second * S)
    reports = [
        packet for data in sent for packet in peer.RtcpPacket.parse(data) if isinstance(packet, peer.RtcpRrPacket)
    ]
    assert len(reports) == 4
    assert reports[-1].reports[0].ssrc == VIDEO


def test_a_bye_of_the_video_ends_the_stream():
    network, _ = setup()
    network.run(0.2)
    network.reception.rtcp(bytes(peer.RtcpByePacket(sources=[5])), network.now)
    assert not network.reception.ended
    network.reception.rtcp(bytes(peer.RtcpByePacket(sources=[VIDEO])), network.now)
    assert network.reception.ended


@given(
    st.lists(
        st.tuples(
            st.sampled_from([96, 97, 111, 100]),
            st.integers(0, 0xFFFF),
            st.integers(0, 0xFFFFFFFF),
            st.sampled_from([VIDEO, RTX, AUDIO]),
            st.binary(max_size=12),
            st.booleans(),
        ),
        max_size=60,
    ),
    st.binary(max_size=40),
)
def test_wild_packets_raise_only_peer_errors_and_never_spin(packets, garbage):
    network, _ = setup()
    now = network.now
    for packet in packets:
        now += MS
        with contextlib.suppress(PeerError):
            network.reception.rtp(rtp_packet(*packet), now)
            network.reception.rtcp(garbage, now)
        network.reception.poll(now)
        assert network.reception.deadline(now) > now


def test_a_request_in_vain_becomes_an_order():
    plan = replace(PLAN, fir=True)
    reception, stage = Reception(1, plan, 42), Stage()
    reception.attach(stage)
    network = Network(Sender(), reception)
    network.run(0.5)
    reception.request_keyframe()
    sent, now = [], network.now
    for _ in range(40):
        now += 100 * MS
        sent += [p for data in reception.poll(now) for p in peer.RtcpPacket.parse(data)]
    orders = [p for p in sent if isinstance(p, peer.RtcpPsfbPacket) and p.fmt == 4]
    hints = [p for p in sent if isinstance(p, peer.RtcpPsfbPacket) and p.fmt == 1]
    assert len(hints) == len(orders) + PLIS_BEFORE_FIR
    assert orders
    assert {order.fci[4] for order in orders} == {1}, "a repetition keeps its number"


def test_a_sender_without_transport_wide_feedback_is_told_a_bitrate():
    reception = Reception(1, replace(PLAN, remb=True), 42)
    network = Network(Sender(), reception)
    network.run(0.5)
    told, now = [], network.now
    for _ in range(30):
        now += 100 * MS
        for data in reception.poll(now):
            told += [p for p in peer.RtcpPacket.parse(data) if isinstance(p, peer.RtcpPsfbPacket) and p.fmt == 15]
    assert 3 <= len(told) <= 10
    assert peer.unpack_remb_fci(told[0].fci)[1] == [VIDEO]


def test_sound_in_red_has_no_gap_where_one_packet_is_lost():
    stage = Stage()
    reception = Reception(1, replace(PLAN, red={63: 111}), 42)
    reception.attach(stage)
    sounds = [b"\xfc" + bytes((number,)) for number in range(6)]
    for number in (1, 2, 4, 5):
        red = (
            b"\xef" + (960 << 10 | len(sounds[number - 1])).to_bytes(3) + b"\x6f" + sounds[number - 1] + sounds[number]
        )
        reception.rtp(rtp_packet(63, number, number * 960, AUDIO, red), number * 20 * MS)
    assert [frame.data for frame in stage.frames] == sounds[1:]
    assert not any(frame.discontinuity for frame in stage.frames)
    assert [b.timestamp - a.timestamp for a, b in itertools.pairwise(stage.frames)] == [960] * 4
