"""Flexible masks by the draft (section 4.2.2.1), made here, read back; and a stream that they heal."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest import flexfec
from receiver.ingest.forward_error_correction import Repairer
from receiver.ingest.parity import ParityDecoder
from receiver.ingest.rtp import RtpError, Unwrapper, parse

SSRC = 42
BASE = 1 << 16


def protect(packets: dict[int, bytes]) -> bytes:
    """The FlexFEC payload that protects these packets, by their numbers."""
    base = min(packets)
    longest = max(len(packet) - 12 for packet in packets.values())
    flags = timestamp = length = body = 0
    for packet in packets.values():
        flags ^= int.from_bytes(packet[:2])
        timestamp ^= int.from_bytes(packet[4:8])
        length ^= len(packet) - 12
        body ^= int.from_bytes(packet[12:].ljust(longest, b"\0"))
    places = [number - base for number in packets]
    mask = b""
    for first, bits in ((0, 15), (15, 31), (46, 63)):
        ends = max(places) < first + bits
        part = sum(1 << (bits - 1 - (place - first)) for place in places if first <= place < first + bits)
        mask += (part | ends << bits).to_bytes((bits + 1) // 8)
        if ends:
            break
    head = struct.pack("!HHIB3x", flags & 0x3FFF, length, timestamp, 1)
    return head + struct.pack("!IH", SSRC, base & 0xFFFF) + mask + body.to_bytes(longest)


def packet(sequence: int, payload: bytes, marker: bool = False, number: int = 0) -> bytes:
    head = struct.pack("!BBHII", 0x90, 96 | marker << 7, sequence & 0xFFFF, 7000, SSRC)
    return head + b"\xbe\xde\x00\x01\x31" + struct.pack("!H", number) + b"\0" + payload


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=90), st.booleans()), min_size=2, max_size=109),
    st.integers(0, 0xFFFF),
    st.data(),
)
def test_any_one_lost_packet_is_rebuilt(payloads: list[tuple[bytes, bool]], first: int, data: st.DataObject) -> None:
    packets = {BASE + first + place: packet(first + place, *one) for place, one in enumerate(payloads)}
    kept = data.draw(st.lists(st.sampled_from(sorted(packets)), min_size=1, unique=True))
    protected = {number: packets[number] for number in kept}
    lost = data.draw(st.sampled_from(sorted(protected)))
    sequences = Unwrapper(16)
    for number in packets:
        sequences.unwrap(number & 0xFFFF)
    read = flexfec.parse(protect(protected), sequences)
    assert (read.ssrc, read.sequences) == (SSRC, tuple(sorted(protected)))
    decoder = ParityDecoder()
    found = [one for number, media in protected.items() if number != lost for one in decoder.media(number, media)]
    assert found + decoder.parity(read) == [(lost, packets[lost])]


@given(st.binary(max_size=120))
def test_arbitrary_bytes_raise_only_rtp_errors(payload: bytes) -> None:
    repairer = Repairer(3, 0)
    data = packet(9, b"x")
    repairer.media(parse(data, 3), data)
    try:
        repairer.parity(payload)
    except RtpError:
        return


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_the_transport_wide_number_was_filled_in_later(lost: int) -> None:
    repairer = Repairer(3, 0)
    found = []
    for place in range(3):
        data = packet(100 + place, bytes((place,)) * 30, place == 2, number=500 + place)
        if place != lost:
            found += repairer.media(parse(data, 3), data)
    found += repairer.parity(protect({100 + n: packet(100 + n, bytes((n,)) * 30, n == 2) for n in range(3)}))
    assert [(one.sequence, one.payload, one.marker) for one in found] == [(100 + lost, bytes((lost,)) * 30, lost == 2)]


def test_other_shapes_of_the_draft_are_refused_in_words() -> None:
    whole = protect({5: packet(5, b"x"), 6: packet(6, b"y")})
    with pytest.raises(RtpError, match="flexible mask"):
        flexfec.parse(bytes((whole[0] | 0x40,)) + whole[1:], Unwrapper(16))
    with pytest.raises(RtpError, match="protects 2 sources"):
        flexfec.parse(whole[:8] + b"\2" + whole[9:], Unwrapper(16))
    with pytest.raises(RtpError, match="cut off"):
        flexfec.parse(whole[:18] + bytes(2), Unwrapper(16))
