"""AV1 from RTP: aggregation headers, sizes, and packets of FFmpeg's muxer."""

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest.access_unit import DepacketizeError
from receiver.ingest.av1 import DELIMITER, Av1Depacketizer
from tests.peers.rtp_muxer import payloads

SEQUENCE, KEY, DELTA, PADDING = b"\x08\x00\x11", b"\x30\x10\x22\x33", b"\x30\x30\x22", b"\x78\xff"
Z, Y, N, W1, W2 = 0x80, 0x40, 0x08, 0x10, 0x20


def sized(obu: bytes) -> bytes:
    return bytes((obu[0] | 2, len(obu) - 1)) + obu[1:]


def element(obu: bytes) -> bytes:
    return bytes((len(obu),)) + obu


def packet(head: int, *elements: bytes) -> bytes:
    return bytes((head,)) + b"".join(elements)


def test_elements_with_and_without_lengths() -> None:
    whole = (DELIMITER + sized(SEQUENCE) + sized(KEY), True)
    for head, elements in ((N, (element(SEQUENCE), element(KEY))), (N | W2, (element(SEQUENCE), KEY))):
        assert Av1Depacketizer().assemble([packet(head, *elements)]) == whole
        assert Av1Depacketizer().starts_keyframe(packet(head, *elements))
    assert Av1Depacketizer().assemble([packet(W1, DELTA)]) == (DELIMITER + sized(DELTA), False)
    assert not Av1Depacketizer().starts_keyframe(packet(W1, DELTA))


def test_an_element_may_go_on_over_packets() -> None:
    packets = [packet(N | W2 | Y, element(SEQUENCE), KEY[:1]), packet(Z | Y | W1, KEY[1:2]), packet(Z | W1, KEY[2:])]
    assert Av1Depacketizer().assemble(packets) == (DELIMITER + sized(SEQUENCE) + sized(KEY), True)
    assert [Av1Depacketizer().starts_keyframe(one) for one in packets] == [True, False, False]
    for broken, why in ((packets[1:], "no beginning"), (packets[:2], "no end"), ([packets[0], packets[0]], "no end")):
        with pytest.raises(DepacketizeError, match=why):
            Av1Depacketizer().assemble(broken)


def test_what_is_not_to_be_sent_is_left_out_and_kept_sizes_are_read() -> None:
    head = packet(W2 | 0x10, element(DELIMITER), element(PADDING), sized(DELTA))
    assert Av1Depacketizer().assemble([head]) == (DELIMITER + sized(DELTA), False)
    extended = b"\x34\x28\x30\x22"
    assert Av1Depacketizer().assemble([packet(W1, extended)]).data == DELIMITER + b"\x36\x28\x02\x30\x22"


def test_a_keyframe_needs_its_sequence_header() -> None:
    assert not Av1Depacketizer().assemble([packet(W1, KEY)]).keyframe
    assert not Av1Depacketizer().assemble([packet(W2, element(SEQUENCE), DELTA)]).keyframe
    assert Av1Depacketizer().starts_keyframe(packet(W2, element(SEQUENCE), KEY)), "N may be missing"


def test_long_units_have_long_sizes() -> None:
    unit = Av1Depacketizer().assemble([packet(W1, DELTA + bytes(300))])
    assert unit.data[2:5] == b"\x32" + bytes((302 & 0x7F | 0x80, 302 >> 7))


@pytest.mark.parametrize(
    "broken",
    [
        *(b"", b"\x00", packet(W2, DELTA), packet(W1, b"\x84"), packet(W1, b"\xb0\x00"), packet(W1, b"\x32\x09\x00")),
        *(packet(0, b"\x09\x30"), packet(0, b"\xff" * 9), packet(W1, PADDING), packet(0, b"\x00")),
        packet(0x30, b"\x00"),
    ],
)
def test_broken_packets_are_refused(broken: bytes) -> None:
    with pytest.raises(DepacketizeError):
        Av1Depacketizer().assemble([broken])


@given(
    st.lists(
        st.builds(packet, st.integers(0, 255), st.sampled_from([KEY, SEQUENCE, element(SEQUENCE), sized(DELTA), b""])),
        max_size=8,
    )
)
def test_any_mix_of_packets_raises_only_depacketize_errors(packets: list[bytes]) -> None:
    try:
        unit = Av1Depacketizer().assemble(packets)
    except DepacketizeError:
        return
    assert unit.data.startswith(DELIMITER)


def test_another_senders_packets_become_pictures() -> None:
    depacketizer, context = Av1Depacketizer(), av.CodecContext.create("libdav1d", "r")
    assert isinstance(context, av.VideoCodecContext)
    shown = 0
    for packets, keyframe in payloads("AV1", 7, keyframe_every=5, size=120):
        assert [depacketizer.starts_keyframe(packet) for packet in packets] == [keyframe] + [False] * (len(packets) - 1)
        unit = depacketizer.assemble(packets)
        assert unit.keyframe == keyframe
        shown += len(context.decode(av.Packet(unit.data)))
    assert shown + len(context.decode(None)) == 7
