import struct

from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest.twcc import MAX_SPAN, OUTAGE_NS, ArrivalRecorder

MS = 1_000_000


def read(packet: bytes) -> dict[int, int | None]:
    """Sequence number -> arrival in units of 250 us, or None: a reader by the draft, independent of the writer."""
    flags, kind, words, _, _, base, count = struct.unpack_from("!BBHIIHH", packet)
    assert (flags & 0xDF, kind, 4 * (words + 1)) == (0x8F, 205, len(packet))
    reference = int.from_bytes(packet[16:19])
    at = 20
    symbols: list[int] = []
    while len(symbols) < count:
        (chunk,) = struct.unpack_from("!H", packet, at)
        at += 2
        if not chunk & 0x8000:
            symbols += [chunk >> 13 & 3] * (chunk & 0x1FFF)
        elif chunk & 0x4000:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    time = reference * 256
    arrivals: dict[int, int | None] = {}
    for number, symbol in enumerate(symbols[:count], base):
        if symbol == 0:
            arrivals[number & 0xFFFF] = None
            continue
        size, form = (1, "!B") if symbol == 1 else (2, "!h")
        time += struct.unpack_from(form, packet, at)[0]
        at += size
        arrivals[number & 0xFFFF] = time
    padding = packet[-1] if flags & 0x20 else 0
    assert at + padding == len(packet)
    return arrivals


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 3_000)), min_size=1, max_size=300), st.integers(0, 0xFFFF))
def test_every_arrival_is_told_once_with_its_time(steps: list[tuple[int, int]], first: int) -> None:
    recorder, sent = ArrivalRecorder(), {}
    told: dict[int, int | None] = {}
    number, now = first, 1_000_000 * MS
    for place, (ahead, quarters) in enumerate(steps):
        number, now = number + ahead, now + quarters * 250_000
        sent[number & 0xFFFF] = now // 250_000
        recorder.add(number & 0xFFFF, now)
        if place % 40 == 39:
            for packet in recorder.build(1, 2):
                told |= read(packet)
    for packet in recorder.build(1, 2):
        assert len(packet) <= 1352  # what SRTP can still protect
        told |= read(packet)
    assert {number: time for number, time in told.items() if time is not None} == sent
    assert recorder.build(1, 2) == []


def test_reordering_within_an_interval_is_told_with_negative_deltas() -> None:
    recorder = ArrivalRecorder()
    for number, at in [(10, 100), (13, 101), (11, 102), (12, 103)]:
        recorder.add(number, at * MS)
    assert read(recorder.build(1, 2)[0]) == {10: 400, 11: 408, 12: 412, 13: 404}


@given(st.lists(st.integers(0, 0xFFFF), max_size=200))
def test_wild_numbers_keep_it_bounded(numbers: list[int]) -> None:
    recorder = ArrivalRecorder()
    for number in numbers:
        recorder.add(number, 5 * MS)
    packets = recorder.build(1, 2)
    assert len(packets) <= MAX_SPAN // 500 + 1
    for packet in packets:
        read(packet)


def test_what_was_sent_during_an_outage_is_not_told_as_lost() -> None:
    recorder = ArrivalRecorder()
    for number in range(5):
        recorder.add(number, number * MS)
    recorder.build(1, 2)
    recorder.add(300, OUTAGE_NS + 10 * MS)
    recorder.add(302, OUTAGE_NS + 12 * MS)
    (packet,) = recorder.build(1, 2)
    assert list(read(packet)) == [300, 301, 302]
