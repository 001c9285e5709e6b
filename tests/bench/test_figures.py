"""The benchmark counts what it says that it counts."""

import pytest

from tests.bench._figures import SENDER, Leg, Seen, Shown, figures, since_sent, table


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


def test_a_clips_pictures_are_as_old_as_their_last_sending() -> None:
    sent = [(1000.0, 0), (1016.0, 1), (1032.0, 0), (1048.0, 1)]
    told = [Shown(1045.0, 1045.0, 0, 1040.0, None, {SENDER: 1035.0}), Shown(1060.0, 1060.0, 1), Shown(990.0, 990.0, 1)]
    first, second, early = since_sent(Seen(told, 3), sent).pictures
    assert (first.age_ms, first.frame, first.decoded_ms, first.parts) == (13.0, 2, 8.0, {SENDER: 3.0})
    assert (second.age_ms, second.frame, second.decoded_ms) == (12.0, 3, None)
    assert early.age_ms is None  # shown before any was sent: read wrongly
