import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest.roq import FLOW, MAX_HELD, MAX_PACKET, MAX_STREAMS, RoqError, RoqStreams, datagram, pull_varint


def varint(value: int) -> bytes:
    for size, prefix in ((1, 0), (2, 1), (4, 2), (8, 3)):
        if value < 1 << (8 * size - 2):
            return (prefix << (8 * size - 2) | value).to_bytes(size)
    raise ValueError(value)


def stream(packets: list[bytes]) -> bytes:
    return varint(FLOW) + b"".join(varint(len(packet)) + packet for packet in packets)


@pytest.mark.parametrize(
    ("wire", "value"),
    [("c2197c5eff14e88c", 151_288_809_941_952_652), ("9d7f3e7d", 494_878_333), ("7bbd", 15_293), ("25", 37)],
)
def test_integers_are_those_of_rfc_9000(wire: str, value: int) -> None:
    data = bytes.fromhex(wire)
    assert pull_varint(data, 0) == (value, len(data))
    assert pull_varint(data[:-1], 0) is None


@given(st.lists(st.binary(max_size=300), max_size=8), st.lists(st.integers(1, 50), min_size=1))
def test_packets_come_out_however_a_stream_is_cut(packets: list[bytes], cuts: list[int]) -> None:
    streams, data, out, at, turn = RoqStreams(), stream(packets), [], 0, 0
    while at < len(data):
        end = at + cuts[turn % len(cuts)]
        out += streams.data("s", data[at:end], ended=end >= len(data))
        at, turn = end, turn + 1
    assert out == packets
    assert streams._held == 0


def test_a_stream_that_ends_inside_a_packet_is_refused() -> None:
    streams = RoqStreams()
    with pytest.raises(RoqError, match="inside a packet"):
        streams.data(1, stream([b"whole"]) + b"\x05ha", ended=True)
    assert streams.data(1, stream([b"again"]), ended=True) == [b"again"]


def test_bounds_are_kept_and_what_broke_them_is_forgotten() -> None:
    streams = RoqStreams()
    with pytest.raises(RoqError, match=str(MAX_PACKET)):
        streams.data(0, varint(FLOW) + varint(MAX_PACKET + 1), ended=False)
    for number in range(MAX_STREAMS):
        streams.data(number, b"", ended=False)
    with pytest.raises(RoqError, match="streams"):
        streams.data(MAX_STREAMS, b"", ended=False)
    unfinished = varint(FLOW) + varint(MAX_PACKET) + bytes(MAX_PACKET - 1)  # its length is held, too
    for number in range(MAX_HELD // MAX_PACKET - 1):
        streams.data(number, unfinished, ended=False)
    with pytest.raises(RoqError, match=str(MAX_HELD)):
        streams.data(MAX_STREAMS - 1, unfinished, ended=False)
    for number in range(MAX_STREAMS):
        streams.forget(number)
    assert streams._held == 0


def test_another_flow_is_not_ours() -> None:
    with pytest.raises(RoqError, match="unknown flow"):
        datagram(b"\x01packet")
    with pytest.raises(RoqError, match="empty"):
        datagram(b"")
    with pytest.raises(RoqError, match="flow 3"):
        RoqStreams().data(1, b"\x03", ended=False)
    assert datagram(b"\x00packet") == b"packet"


@given(st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=64), st.booleans()), max_size=40))
def test_whatever_comes_raises_nothing_else_and_is_not_kept(pieces: list[tuple[int, bytes, bool]]) -> None:
    streams = RoqStreams()
    for number, data, ended in pieces:
        with contextlib.suppress(RoqError):
            streams.data(number, data, ended)
    for number in range(4):
        streams.forget(number)
    assert streams._held == 0
    assert not streams._begun
