from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest.audio import GIVE_UP_NS, MAX_HELD, AudioStream, Sound
from receiver.ingest.rtp import RtpPacket

MS = 1_000_000


def packet(number: int, payload: bytes = b"x") -> RtpPacket:
    return RtpPacket(111, False, number & 0xFFFF, number * 960, 1, payload)


def numbers(sounds: list[Sound]) -> list[tuple[int, bool]]:
    return [(sound.packet.sequence, sound.discontinuity) for sound in sounds]


def test_packets_in_turn_pass_at_once_over_the_wrap() -> None:
    stream = AudioStream(Counter())
    for number in range(65530, 65545):
        assert numbers(stream.packet(packet(number), 0)) == [(number & 0xFFFF, False)]


def test_a_reordered_packet_waits_for_its_turn() -> None:
    stream = AudioStream(Counter())
    stream.packet(packet(1), 0)
    assert stream.packet(packet(3), 1 * MS) == []
    assert numbers(stream.packet(packet(2), 2 * MS)) == [(2, False), (3, False)]
    assert stream.deadline() is None


def test_a_lost_packet_is_given_up_soon_and_told() -> None:
    dropped: Counter[str] = Counter()
    stream = AudioStream(dropped)
    stream.packet(packet(1), 0)
    stream.packet(packet(3), 1 * MS)
    stream.packet(packet(4), 21 * MS)
    assert stream.deadline() == 1 * MS + GIVE_UP_NS
    assert stream.give_up(GIVE_UP_NS) == []
    assert numbers(stream.give_up(1 * MS + GIVE_UP_NS)) == [(3, True), (4, False)]
    assert stream.packet(packet(2), 90 * MS) == []
    assert dropped == {"lost_audio_packet": 1, "late_audio_packet": 1}


def test_a_burst_behind_a_gap_does_not_pile_up() -> None:
    stream = AudioStream(Counter())
    stream.packet(packet(0), 0)
    heard = [one for number in range(2, 2 + MAX_HELD + 1) for one in stream.packet(packet(number), 0)]
    assert len(heard) == MAX_HELD + 1


def test_a_new_source_or_a_jump_begins_anew() -> None:
    stream = AudioStream(Counter())
    stream.packet(packet(5), 0)
    assert numbers(stream.packet(packet(30_000), 0)) == [(30_000, True)]
    stream.restart()
    assert numbers(stream.packet(packet(7), 0)) == [(7, False)]


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 40)), max_size=150))
def test_any_numbers_come_out_in_order_and_never_pile_up(arrivals: list[tuple[int, int]]) -> None:
    stream, now = AudioStream(Counter()), 0
    for number, wait in arrivals:
        now += wait * MS
        stream.give_up(now)
        stream.packet(packet(number), now)
        deadline = stream.deadline()
        assert deadline is None or deadline > now - GIVE_UP_NS
        assert len(stream._held) <= MAX_HELD


def test_what_was_sent_twice_fills_the_gap_and_counts_nowhere() -> None:
    dropped: Counter[str] = Counter()
    stream = AudioStream(dropped)
    assert stream.packet(packet(0), 0, again=True) == []
    found = []
    for number in (1, 2, 4, 5):
        found += stream.packet(packet(number - 1), number * MS, again=True)
        found += stream.packet(packet(number), number * MS)
    assert numbers(found) == [(1, False), (2, False), (3, False), (4, False), (5, False)]
    assert not dropped
