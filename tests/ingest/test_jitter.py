from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest import jitter
from receiver.ingest.jitter import CAPACITY, Inserted, JitterBuffer
from receiver.ingest.rtp import RtpPacket


def packet(number: int, frame: int, *, last: bool = False, payload: bytes | None = None) -> RtpPacket:
    return RtpPacket(96, last, number & 0xFFFF, frame, 1, b"%d" % number if payload is None else payload)


def stream(sizes: list[int], first: int = 100) -> list[tuple[int, RtpPacket]]:
    packets, number = [], first
    for frame, size in enumerate(sizes):
        for place in range(size):
            packets.append((number, packet(number, frame, last=place == size - 1)))
            number += 1
    return packets


def run(buffer: JitterBuffer, packets: list[tuple[int, RtpPacket]]) -> list[jitter.Assembled]:
    frames = []
    for now, (number, one) in enumerate(packets):
        buffer.insert(number, one, now)
        frames += buffer.frames()
    return frames


def test_a_frame_is_free_with_its_marker_not_with_the_next_frame() -> None:
    buffer = JitterBuffer()
    assert run(buffer, stream([3])[:2]) == []
    assert buffer.partial
    (frame,) = run(buffer, stream([3])[2:])
    assert (frame.payloads, frame.timestamp) == ([b"100", b"101", b"102"], 0)
    assert not buffer.partial


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_any_order_after_the_first_gives_the_same_frames(sizes: list[int], random: Random) -> None:
    packets = stream(sizes)
    rest = packets[1:] + random.sample(packets[1:], len(packets[1:]) // 3)  # some come twice
    random.shuffle(rest)
    frames = run(JitterBuffer(), packets[:1] + rest)
    assert [frame.timestamp for frame in frames] == list(range(len(sizes)))
    assert [len(frame.payloads) for frame in frames] == sizes


def test_the_first_frame_may_begin_before_the_first_arrival() -> None:
    buffer = JitterBuffer()
    one, two, three, *rest = stream([4, 1], first=50)
    frames = run(buffer, [three, one, two, *rest])
    assert [frame.payloads for frame in frames] == [[b"50", b"51", b"52", b"53"], [b"54"]]
    assert buffer.insert(49, packet(49, 0), 0) is Inserted.LATE


def test_late_and_duplicate_packets_are_told_apart() -> None:
    buffer = JitterBuffer()
    assert buffer.insert(10, packet(10, 0, last=True), 0) is Inserted.TAKEN
    assert buffer.insert(12, packet(12, 0), 0) is Inserted.TAKEN
    assert buffer.insert(12, packet(12, 0), 0) is Inserted.DUPLICATE
    buffer.frames()
    assert buffer.insert(10, packet(10, 0), 0) is Inserted.LATE


def test_padding_is_passed_over() -> None:
    buffer = JitterBuffer()
    packets = [(1, packet(1, 0)), (2, packet(2, 0, payload=b"")), (3, packet(3, 0, last=True))]
    (frame,) = run(buffer, packets)
    assert frame.payloads == [b"1", b"3"]


def test_a_sender_without_marker_bits_is_released_by_the_next_timestamp() -> None:
    frames = run(JitterBuffer(), [(1, packet(1, 0)), (2, packet(2, 0)), (3, packet(3, 1)), (4, packet(4, 2))])
    assert [frame.payloads for frame in frames] == [[b"1", b"2"], [b"3"]]


def test_first_packet_time_is_the_earliest_of_the_frame() -> None:
    buffer = JitterBuffer()
    buffer.insert(1, packet(1, 0, last=True), 5)
    buffer.insert(3, packet(3, 1, last=True), 6)
    buffer.insert(2, packet(2, 1), 9)
    assert [frame.first_ns for frame in buffer.frames()] == [5, 6]


def test_a_skip_swallows_the_rest_of_the_damaged_frame() -> None:
    buffer = JitterBuffer()
    packets = stream([3, 3, 3])
    del packets[4]
    assert len(run(buffer, packets)) == 1
    buffer.skip(105)
    assert [frame.timestamp for frame in buffer.frames()] == [2]


def test_a_skip_to_the_beginning_of_a_frame_keeps_it() -> None:
    buffer = JitterBuffer()
    packets = stream([3, 3, 3])
    del packets[2]
    assert run(buffer, packets) == []
    buffer.skip(103, frame_start=True)
    assert [frame.timestamp for frame in buffer.frames()] == [1, 2]
    buffer.skip(50)
    assert buffer.awaited == 109


def test_a_jump_starts_anew_with_the_next_whole_frame() -> None:
    buffer = JitterBuffer()
    run(buffer, stream([2]))
    assert buffer.insert(100 + 2 * CAPACITY, packet(0, 9, last=True), 0) is Inserted.RESTARTED
    assert buffer.frames() == []
    buffer.insert(101 + 2 * CAPACITY, packet(1, 10, last=True), 0)
    assert [frame.timestamp for frame in buffer.frames()] == [10]


def test_a_frame_without_end_is_dropped_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jitter, "MAX_FRAME_BYTES", 1000)
    buffer = JitterBuffer()
    frames = run(buffer, [(n, packet(n, 0, payload=bytes(100))) for n in range(1, 30)])
    assert (frames, buffer.overflows, buffer.partial) == ([], 1, False)
    assert len(run(buffer, [(30, packet(30, 0, last=True)), (31, packet(31, 1, last=True))])) == 1


@given(st.lists(st.tuples(st.integers(0, 3 * CAPACITY), st.integers(0, 3), st.booleans(), st.booleans())))
def test_any_packets_at_all_keep_it_bounded(inserts: list[tuple[int, int, bool, bool]]) -> None:
    buffer = JitterBuffer()
    for number, frame, last, skip in inserts:
        buffer.insert(number, packet(number, frame, last=last), 0)
        buffer.frames()
        if skip:
            buffer.skip(number, frame_start=last)
    assert sum(slot is not None for slot in buffer._ring) <= CAPACITY
