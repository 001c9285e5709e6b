import struct
from collections.abc import Callable

import pytest
from aiortc.rtp import RtpPacket as PeerPacket
from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest import rtp
from receiver.ingest.rtp import RtpError, Unwrapper


def one_byte_extension(identifier: int, value: bytes) -> bytes:
    body = bytes((identifier << 4 | len(value) - 1,)) + value
    body += bytes(-len(body) % 4)
    return struct.pack("!HH", 0xBEDE, len(body) // 4) + body


def two_byte_extension(identifier: int, value: bytes) -> bytes:
    body = b"\0\0" + bytes((identifier, len(value))) + value
    body += bytes(-len(body) % 4)
    return struct.pack("!HH", 0x1000, len(body) // 4) + body


def fixed_header(flags: int) -> bytes:
    return struct.pack("!BBHII", 0x80 | flags, 96, 7, 3000, 9)


@given(
    payload_type=st.integers(0, 127),
    marker=st.integers(0, 1),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(max_size=64),
    sources=st.lists(st.integers(0, 0xFFFFFFFF), max_size=15),
    padding=st.integers(0, 255),
)
def test_reads_what_another_library_writes(
    payload_type: int, marker: int, sequence: int, timestamp: int, payload: bytes, sources: list[int], padding: int
) -> None:
    peer = PeerPacket(payload_type=payload_type, marker=marker, sequence_number=sequence, timestamp=timestamp, ssrc=42)
    peer.payload, peer.csrc, peer.padding_size = payload, sources, padding
    packet = rtp.parse(peer.serialize())
    assert packet == rtp.RtpPacket(payload_type, bool(marker), sequence, timestamp, 42, payload)


@pytest.mark.parametrize("extension", [one_byte_extension, two_byte_extension])
def test_finds_the_transport_wide_sequence_number(extension: Callable[[int, bytes], bytes]) -> None:
    data = fixed_header(0x10) + extension(3, b"\x12\x34") + b"x"
    assert rtp.parse(data, 3).transport_sequence == 0x1234
    assert rtp.parse(data, 4).transport_sequence is None
    assert rtp.parse(data).payload == b"x"
    assert rtp.parse(data, mid_id=3).mid == b"\x12\x34"


@given(st.binary(max_size=80), st.integers(0, 15))
def test_arbitrary_bytes_raise_only_rtp_errors(data: bytes, identifier: int) -> None:
    try:
        packet = rtp.parse(data, identifier)
    except RtpError:
        return
    assert len(packet.payload) <= len(data) - 12


@given(st.binary(max_size=80), st.integers(0, 15))
def test_arbitrary_extensions_raise_only_rtp_errors(data: bytes, identifier: int) -> None:
    try:
        rtp.parse(fixed_header(0x30) + b"\xbe\xde" + data, identifier)
    except RtpError:
        return


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x80\x60", "at least 12 bytes"),
        (b"\x40" + bytes(11), "version 1"),
        (fixed_header(0x0F), "contributing sources"),
        (fixed_header(0x10) + b"\xbe", "inside its header extension"),
        (fixed_header(0x10) + b"\xbe\xde\x00\x09", "longer than the packet"),
        (fixed_header(0x20) + b"ab\x09", "9 bytes of RTP padding"),
        (fixed_header(0x20) + b"ab\x00", "0 bytes of RTP padding"),
    ],
)
def test_says_what_is_wrong(data: bytes, words: str) -> None:
    with pytest.raises(RtpError, match=words):
        rtp.parse(data)


def test_unwraps_a_retransmission() -> None:
    packet = rtp.parse(fixed_header(0) + b"\x01\x02payload")
    assert rtp.unwrap_rtx(packet, 100) == packet._replace(payload_type=100, sequence=0x102, payload=b"payload")


def test_a_padding_probe_retransmits_nothing() -> None:
    assert rtp.unwrap_rtx(rtp.parse(fixed_header(0x20) + b"\0\0\x03"), 100) is None
    with pytest.raises(RtpError):
        rtp.unwrap_rtx(rtp.parse(fixed_header(0) + b"\x01"), 100)


@given(st.binary(max_size=4))
def test_rtcp_is_told_apart(data: bytes) -> None:
    assert rtp.is_rtcp(data) == (len(data) > 1 and 192 <= data[1] <= 223)


@given(st.integers(0, 0xFFFF), st.lists(st.integers(-0x7FFF, 0x7FFF), max_size=50))
def test_unwrapping_follows_small_steps_over_any_number_of_wraps(start: int, steps: list[int]) -> None:
    unwrapper = Unwrapper(16)
    first = highest = unwrapper.unwrap(start)
    for step in steps:
        value = highest + step
        assert unwrapper.unwrap(value & 0xFFFF) - first == value - first
        highest = max(highest, value)
    assert first >= 0


def test_rebase_places_what_follows() -> None:
    unwrapper = Unwrapper(32)
    unwrapper.unwrap(5)
    unwrapper.rebase(0xFFFFFFFF, 1000)
    assert unwrapper.unwrap(0) == 1001
    assert unwrapper.peek(0xFFFFFFFE) == 999


@pytest.mark.parametrize("extension", [one_byte_extension, two_byte_extension])
def test_finds_the_capture_time_beside_the_sequence_number(extension: Callable[[int, bytes], bytes]) -> None:
    stamp = bytes(range(16))
    first, second = extension(3, b"\x12\x34"), extension(5, stamp)
    words = (len(first) - 4 + len(second) - 4) // 4
    both = first[:2] + words.to_bytes(2) + first[4:] + second[4:]
    packet = rtp.parse(fixed_header(0x10) + both + b"x", 3, 5)
    assert (packet.transport_sequence, packet.capture_time, packet.payload) == (0x1234, stamp, b"x")
