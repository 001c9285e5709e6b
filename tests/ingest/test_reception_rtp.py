"""What the whole pure receiver makes of streams, reports and wild packets."""

import contextlib
import itertools
import struct
from dataclasses import replace

from aiortc import rtp as peer
from hypothesis import given
from hypothesis import strategies as st

from receiver.errors import PeerError
from receiver.ingest.reception import PLIS_BEFORE_FIR, Reception
from tests.peers.lossy_network import (
    AUDIO,
    MS,
    PLAN,
    RTX,
    VIDEO,
    Network,
    S,
    Sender,
    Stage,
    assert_decodable,
    rtp_packet,
    setup,
)


def test_a_second_video_with_the_same_payload_types_is_told_apart_by_its_name() -> None:
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
    assert isinstance(report, peer.RtcpRrPacket)
    assert [block.ssrc for block in report.reports] == [VIDEO], "nor is it reported on"


def test_sound_and_its_capture_time() -> None:
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


def test_receiver_reports_come_every_second() -> None:
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


def test_a_bye_of_the_video_ends_the_stream() -> None:
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
def test_wild_packets_raise_only_peer_errors_and_never_spin(
    packets: list[tuple[int, int, int, int, bytes, bool]], garbage: bytes
) -> None:
    network, _ = setup()
    now = network.now
    for packet in packets:
        now += MS
        with contextlib.suppress(PeerError):
            network.reception.rtp(rtp_packet(*packet), now)
            network.reception.rtcp(garbage, now)
        network.reception.poll(now)
        assert network.reception.deadline(now) > now


def test_a_request_in_vain_becomes_an_order() -> None:
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


def test_a_sender_without_transport_wide_feedback_is_told_a_bitrate() -> None:
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


def test_sound_in_red_has_no_gap_where_one_packet_is_lost() -> None:
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
