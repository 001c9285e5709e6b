import random

from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest.brake import LEAST_BPS, MOST_BPS, TELL_NS, Brake

MS, S = 1_000_000, 1_000_000_000
SIZE = 1200
PACING_BPS = 27e6


class Way:
    """A sender of 30 pictures a second that obeys, over a link with a queue of 200 ms."""

    def __init__(self, link_bps: float, rate_bps: float) -> None:
        self.link_bps, self.rate_bps = link_bps, rate_bps
        self.delay_ns = 5 * MS
        self.jitter_ns = 0
        self.stops_until = 0
        self.brake = Brake()
        self.words: list[tuple[int, int]] = []
        self.lost = 0
        self.now = S
        self.number = self._received = 0
        self._free_at = self._last = 0
        self._random = random.Random(1)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 30)):
            told = [word for at, word in self.words if at + 5 * MS <= self.now]
            allowed = min([self.rate_bps, *(0.8 * word for word in told[-1:])])
            for place in range(max(1, round(allowed / 30 / 8 / SIZE))):
                self._send(self.now + round(place * SIZE * 8 * S / PACING_BPS))
            self.now += S // 30

    def _send(self, at: int) -> None:
        self.number += 1
        if self._free_at - at > 200 * MS:
            self.lost += 1
            return
        self._free_at = max(self._free_at, at) + round(SIZE * 8 * S / self.link_bps)
        arrival = self._free_at + self.delay_ns + self._random.randint(0, self.jitter_ns)
        self._last = arrival = max(arrival, self._last, self.stops_until)
        self._received += SIZE
        stamp = ((at << 18) // S & 0xFFFFFF).to_bytes(3)
        self.brake.packet(self.number & 0xFFFF, stamp, self._received, arrival)
        if self.brake.word is not None:
            self.words.append((arrival, self.brake.word))
            self.brake.word = None


def test_half_the_bandwidth_is_told_before_the_queue_overflows() -> None:
    way = Way(25e6, 10e6)
    way.run(5)
    assert not way.words
    way.link_bps, narrowed = 5e6, way.now
    way.run(1)
    at, word = way.words[0]
    assert at - narrowed < 200 * MS
    assert 0.7 * 5e6 < word < 5e6
    assert way.lost == 0


def test_the_word_is_taken_back_once_the_queue_is_gone() -> None:
    way = Way(25e6, 10e6)
    way.run(5)
    way.link_bps = 5e6
    way.run(0.5)
    way.rate_bps = 3e6  # by then the sender knows itself
    way.run(5)
    assert way.words[-1][1] == MOST_BPS


def test_jitter_is_no_queue() -> None:
    way = Way(25e6, 8e6)
    way.delay_ns, way.jitter_ns = 10 * MS, 20 * MS
    way.run(20)
    assert not way.words


def test_a_way_that_stops_for_a_moment_has_no_queue() -> None:
    way = Way(25e6, 8e6)
    way.run(5)
    way.stops_until = way.now + 200 * MS
    way.run(2)
    assert not way.words


def test_a_longer_way_is_learned() -> None:
    way = Way(25e6, 8e6)
    way.run(5)
    way.delay_ns = 120 * MS
    way.run(10)
    assert min(word for _, word in way.words) > 3e6
    assert way.words[-1][1] == MOST_BPS
    assert way.words[-1][0] < way.now - 2 * S


def test_numbers_and_times_wrap() -> None:
    way = Way(25e6, 8e6)
    way.now, way.number = 63 * S, 0xFFF0
    way.run(70)
    assert not way.words


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=4), st.integers(0, S)), max_size=200))
def test_strange_times_are_bounded(packets: list[tuple[int, bytes, int]]) -> None:
    brake = Brake()
    now = received = 0
    told: list[int] = []
    for number, stamp, later in packets:
        now, received = now + later, received + 1200
        brake.packet(number, stamp, received, now)
        if brake.word is not None:
            assert LEAST_BPS <= brake.word <= MOST_BPS
            told.append(now)
            brake.word = None
    assert len(told) <= now // TELL_NS + 2
