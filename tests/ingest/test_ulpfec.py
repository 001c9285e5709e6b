"""Parity by the book (RFC 5109 section 8), made here, read back by the decoder."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest import ulpfec
from receiver.ingest.forward_error_correction import Unpacker
from receiver.ingest.parity import MAX_PACKETS, MAX_PARITIES, ParityDecoder
from receiver.ingest.rtp import RtpError, RtpPacket, parse

RED, FEC, VP8 = 118, 120, 96
BASE = 1 << 16


def protect(packets: dict[int, bytes]) -> bytes:
    """The ULPFEC payload that protects these packets, by their numbers."""
    base = min(packets)
    span = max(packets) - base + 1
    bits = 16 if span <= 16 else 48
    longest = max(len(packet) - 12 for packet in packets.values())
    first, second, timestamp, length, body = 0, 0, 0, 0, 0
    for packet in packets.values():
        first ^= packet[0]
        second ^= packet[1]
        timestamp ^= int.from_bytes(packet[4:8])
        length ^= len(packet) - 12
        body ^= int.from_bytes(packet[12:].ljust(longest, b"\0"))
    mask = sum(1 << (bits - 1 - (number - base)) for number in packets)
    head = struct.pack("!BBHIH", first & 0x3F | 0x40 * (bits == 48), second, base & 0xFFFF, timestamp, length)
    return head + struct.pack("!H", longest) + mask.to_bytes(bits // 8) + body.to_bytes(longest)


def packet(sequence: int, payload: bytes, timestamp: int = 7000, marker: bool = False, pt: int = VP8) -> bytes:
    extension = b"\xbe\xde\x00\x01\x31" + bytes(2) + b"\0"
    head = struct.pack("!BBHII", 0x90, pt | marker << 7, sequence & 0xFFFF, timestamp, 42)
    return head + extension + payload


frames = st.lists(st.tuples(st.binary(min_size=1, max_size=90), st.booleans()), min_size=1, max_size=40)


@given(frames, st.data())
def test_any_one_lost_packet_is_rebuilt(payloads: list[tuple[bytes, bool]], data: st.DataObject) -> None:
    packets = {BASE - 3 + place: packet(BASE - 3 + place, *it) for place, it in enumerate(payloads)}
    lost = data.draw(st.sampled_from(sorted(packets)))
    early = data.draw(st.booleans())
    parity = ulpfec.parse(protect(packets), 42, BASE + len(packets))
    decoder = ParityDecoder()
    found = decoder.parity(parity) if early else []
    for number, one in packets.items():
        if number != lost:
            found += decoder.media(number, one)
    found += [] if early else decoder.parity(parity)
    assert found == ([(lost, packets[lost])] if len(packets) > 1 else found)
    assert decoder.recovered == len(found)


@given(frames.filter(lambda payloads: len(payloads) >= 3), st.data())
def test_of_two_lost_packets_none_is_invented(payloads: list[tuple[bytes, bool]], data: st.DataObject) -> None:
    packets = {BASE + place: packet(BASE + place, *it) for place, it in enumerate(payloads)}
    lost = data.draw(st.lists(st.sampled_from(sorted(packets)), min_size=2, max_size=2, unique=True))
    decoder = ParityDecoder()
    for number in packets.keys() - set(lost):
        decoder.media(number, packets[number])
    assert decoder.parity(ulpfec.parse(protect(packets), 42, BASE + 50)) == []


def test_one_parity_gives_back_what_the_next_one_lacks() -> None:
    packets = {BASE + place: packet(BASE + place, bytes((place,)) * 20) for place in range(4)}
    decoder = ParityDecoder()
    for number in (BASE, BASE + 3):
        decoder.media(number, packets[number])
    row = ulpfec.parse(protect({n: packets[n] for n in (BASE, BASE + 1, BASE + 2)}), 42, BASE + 9)
    assert decoder.parity(row) == []
    pair = ulpfec.parse(protect({n: packets[n] for n in (BASE + 2, BASE + 3)}), 42, BASE + 9)
    assert dict(decoder.parity(pair)) == {BASE + 2: packets[BASE + 2], BASE + 1: packets[BASE + 1]}


@given(st.binary(max_size=90), st.integers(0, 1 << 20))
def test_arbitrary_bytes_raise_only_rtp_errors(payload: bytes, near: int) -> None:
    decoder = ParityDecoder()
    decoder.media(near - 1, packet(near - 1, b"x"))
    try:
        parity = ulpfec.parse(payload, 42, near)
    except RtpError:
        return
    assert all(near - 0xFFFF <= number <= near + 48 for number in parity.sequences)
    decoder.parity(parity)


def test_it_remembers_no_more_than_it_should() -> None:
    decoder = ParityDecoder()
    for number in range(BASE, BASE + 3 * MAX_PACKETS):
        decoder.media(number, packet(number, b"x"))
        decoder.parity(ulpfec.parse(protect({number + 5: b"\x80" * 20, number + 6: b"\x80" * 20}), 42, number))
    assert len(decoder._packets) <= MAX_PACKETS
    assert len(decoder._waiting) <= MAX_PARITIES


def unpack(unpacker: Unpacker, data: bytes) -> list[RtpPacket]:
    return unpacker.packets(parse(data, 3), data)


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_video_in_red_comes_out_whole(lost: int) -> None:
    """As Chromium does it: parity is of the packets without RED, before their transport-wide numbers are filled in."""
    plain = {100 + n: packet(100 + n, bytes((n,)) * 30, marker=n == 2) for n in range(3)}
    unpacker = Unpacker(FEC, 3, 0)
    out = []
    for number, one in plain.items():
        numbered = one[:17] + (500 + number).to_bytes(2) + one[19:]
        wrapped = numbered[:1] + bytes((one[1] & 0x80 | RED,)) + numbered[2:20] + bytes((VP8,)) + numbered[20:]
        if number != 100 + lost:
            out += unpack(unpacker, wrapped)
    out += unpack(unpacker, packet(103, bytes((FEC,)) + protect(plain), pt=RED))
    media = sorted((one for one in out if one.payload), key=lambda one: one.sequence)
    assert [one.payload for one in media] == [bytes((n,)) * 30 for n in range(3)]
    assert [one.payload_type for one in media] == [VP8] * 3
    assert [one.marker for one in media] == [False, False, True]
    assert [one.sequence for one in out if not one.payload] == [103], "the parity keeps its place in the sequence"
