import pytest
from aiortc import rtp as peer
from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest import feedback
from receiver.ingest.feedback import Bye, ReportBlock, RtcpError, SenderReport


@given(st.sets(st.integers(0, 2000), min_size=1, max_size=200))
def test_another_library_reads_our_nack(sequences: set[int]) -> None:
    (packet,) = peer.RtcpPacket.parse(feedback.nack(1, 2, sorted(sequences)))
    assert isinstance(packet, peer.RtcpRtpfbPacket)
    assert (packet.fmt, packet.ssrc, packet.media_ssrc) == (1, 1, 2)
    assert set(packet.lost) == sequences


def test_nack_wraps_and_fits_a_datagram() -> None:
    (packet,) = peer.RtcpPacket.parse(feedback.nack(1, 2, [65535, 65536, 65540]))
    assert isinstance(packet, peer.RtcpRtpfbPacket)
    assert [number & 0xFFFF for number in packet.lost] == [65535, 0, 4]
    assert len(feedback.nack(1, 2, range(0, 100_000, 17))) < 1300


def test_another_library_reads_our_picture_loss_indication() -> None:
    (packet,) = peer.RtcpPacket.parse(feedback.picture_loss(1, 2))
    assert isinstance(packet, peer.RtcpPsfbPacket)
    assert (packet.fmt, packet.ssrc, packet.media_ssrc) == (1, 1, 2)


@pytest.mark.parametrize(("lost", "told"), [(-5, -5), (0, 0), (12, 12), (1 << 30, 0x7FFFFF)])
def test_another_library_reads_our_receiver_report(lost: int, told: int) -> None:
    data = feedback.receiver_report(1, [ReportBlock(2, 3, lost, 0x1FFFF, 5, 6, 7)])
    (packet,) = peer.RtcpPacket.parse(data)
    assert isinstance(packet, peer.RtcpRrPacket)
    (report,) = packet.reports
    assert (report.ssrc, report.fraction_lost, report.packets_lost) == (2, 3, told)
    assert (report.highest_sequence, report.jitter, report.lsr, report.dlsr) == (0x1FFFF, 5, 6, 7)


def test_reads_compound_packets() -> None:
    sender = peer.RtcpSenderInfo(ntp_timestamp=1 << 40, rtp_timestamp=90, packet_count=1, octet_count=2)
    block = peer.RtcpReceiverInfo(1, 0, 0, 0, 0, 0, 0)
    compound = (
        bytes(peer.RtcpSrPacket(ssrc=5, sender_info=sender, reports=[block]))
        + bytes(peer.RtcpSdesPacket(chunks=[peer.RtcpSourceInfo(ssrc=5, items=[(1, b"name")])]))
        + bytes(peer.RtcpByePacket(sources=[5, 6]))
    )
    assert feedback.parse(compound) == [SenderReport(5, 1 << 40, 90), Bye((5, 6))]


@given(st.binary(max_size=100))
def test_arbitrary_bytes_raise_only_rtcp_errors(data: bytes) -> None:
    try:
        feedback.parse(data)
    except RtcpError:
        return


@given(st.sampled_from([200, 203]), st.integers(0, 31), st.integers(0, 30), st.binary(max_size=100))
def test_arbitrary_bodies_raise_only_rtcp_errors(kind: int, count: int, words: int, body: bytes) -> None:
    try:
        feedback.parse(bytes((0x80 | count, kind, 0, words)) + body)
    except RtcpError:
        return


@given(st.integers(0, 1 << 36))
def test_another_library_reads_our_bitrate(bps: int) -> None:
    (packet,) = peer.RtcpPacket.parse(feedback.max_bitrate(1, 2, bps))
    assert isinstance(packet, peer.RtcpPsfbPacket)
    read, ssrcs = peer.unpack_remb_fci(packet.fci)
    assert (packet.fmt, ssrcs) == (15, [2])
    assert bps * (1 - 2**-17) - 1 <= read <= bps


def test_another_library_reads_our_full_intra_request() -> None:
    (packet,) = peer.RtcpPacket.parse(feedback.full_intra(1, 2, 257))
    assert isinstance(packet, peer.RtcpPsfbPacket)
    assert (packet.fmt, packet.ssrc, packet.media_ssrc) == (4, 1, 0)
    assert packet.fci == b"\x00\x00\x00\x02\x01\x00\x00\x00"
