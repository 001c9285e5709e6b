"""The benchmark counts what it says that it counts."""

import pytest

from tests.bench._figures import Leg, Seen, Shown, figures, table


def leg(pictures: list[Shown], encoded: int, cpu_ms: float = 2.0) -> Leg:
    return Leg("ours", 1, 0.5, Seen(pictures, len(pictures)), encoded, 4.0, "VP8", cpu_ms)


def test_losses_freezes_and_cpu_time_are_of_all_legs() -> None:
    steady = [Shown(at, 40.0, 65_530 + i) for i, at in enumerate((0.0, 33.0, 66.0))]
    frozen = [Shown(0.0, 60.0, 65_535), Shown(300.0, 60.0, 8), Shown(333.0, None, None)]
    found = figures([leg(steady, 3), leg(frozen, 10, 4.0)])
    assert found["frames drawn"] == 3 + 10  # the pattern's counter has 16 bits
    assert (found["frames encoded"], found["frames shown"], found["frames lost"]) == (13, 6, 7)
    assert found["not readable"] == 1
    assert found["freezes > 200 ms"] == 1  # the time between two legs is none
    assert found["CPU ms a frame"] == pytest.approx(3.0)
    assert found["latency p50, ms"] == 40


def test_a_ratio_to_nothing_is_a_dash() -> None:
    still = [leg([Shown(0.0, 20.0, 1), Shown(33.0, 20.0, 2)], 2)]
    rows = {line[:20].strip(): line.split()[-1] for line in table(still, still).splitlines()}
    assert rows["latency p95, ms"] == "1.00"
    assert rows["frames lost"] == "–"
