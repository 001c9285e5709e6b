from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest.remb import MAX_BPS, MIN_BPS, BandwidthEstimator

MS, S = 1_000_000, 1_000_000_000
SIZE = 1200


class Bottleneck:
    """A sender that always sends what it was told, through a link of ``bps`` with a queue of a second."""

    def __init__(self, bps: float, start: int) -> None:
        self.bps = bps
        self.estimator = BandwidthEstimator(start)
        self.now = S
        self.free_at = float(S)
        self.told = start

    def run(self, seconds: float, lost: float = 0.0) -> None:
        end = self.now + seconds * S
        while self.now < end:
            self.now += int(SIZE * 8 * S / self.told)
            if self.free_at - self.now > S:
                continue
            self.free_at = max(self.free_at, self.now) + SIZE * 8 * S / self.bps
            arrival = int(self.free_at)
            self.estimator.packet(SIZE, self.now, arrival)
            if arrival >= self.estimator.due:
                self.told = self.estimator.update(lost, arrival) or self.told

    @property
    def queue_ms(self) -> float:
        return (self.free_at - self.now) / MS


def test_it_finds_a_wide_network_and_stops_at_the_most() -> None:
    link = Bottleneck(100e6, 6_000_000)
    link.run(20)
    assert link.told == MAX_BPS


def test_it_stays_below_a_narrow_one_and_empties_its_queue() -> None:
    link = Bottleneck(3e6, 6_000_000)
    link.run(5)
    queues = []
    for _ in range(200):
        link.run(0.1)
        queues.append(link.queue_ms)
    assert 1.5e6 < link.told < 3.6e6
    assert sorted(queues)[len(queues) // 2] < 120


def test_it_follows_a_network_that_narrows_and_widens() -> None:
    link = Bottleneck(8e6, 6_000_000)
    link.run(8)
    link.bps = 2e6
    link.run(4)
    assert link.told < 2.4e6
    link.bps = 8e6
    link.run(12)
    assert link.told > 5e6


def test_much_loss_means_less() -> None:
    link = Bottleneck(100e6, 6_000_000)
    link.run(2, lost=0.2)
    assert link.told < 3e6


@given(st.lists(st.tuples(st.integers(0, 1500), st.integers(-(1 << 40), 1 << 40), st.integers(0, 2 * S)), max_size=60))
def test_whatever_comes_it_tells_what_is_possible(packets: list[tuple[int, int, int]]) -> None:
    estimator, now = BandwidthEstimator(6_000_000), S
    for size, sent, wait in packets:
        now += wait
        estimator.packet(size, sent, now)
        told = estimator.update(0.5, now)
        assert told is None or MIN_BPS <= told <= MAX_BPS
        assert estimator.due > now
