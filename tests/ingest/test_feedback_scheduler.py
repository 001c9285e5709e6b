"""DDP.md section 9, sentence by sentence."""

from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest import feedback
from receiver.ingest.feedback import ReportBlock
from receiver.ingest.feedback_scheduler import (
    LATE_NS,
    MAX_HOLD_NS,
    MAX_SILENCE_NS,
    MIN_HOLD_NS,
    FeedbackScheduler,
    LossPredictor,
    Path,
)

MS = 1_000_000
PLI = feedback.picture_loss(1, 2)
NACK = feedback.nack(1, 2, [5])


def report(fraction: int = 0) -> bytes:
    return feedback.receiver_report(1, [ReportBlock(2, fraction, 0, 0, 0, 0, 0)])


def test_on_a_good_path_everything_goes_at_once() -> None:
    scheduler = FeedbackScheduler()
    scheduler.path(Path(20 * MS, cwnd=100_000, bdp=30_000), 0)
    assert scheduler.take([PLI, report(), NACK], 0) == [PLI, NACK, report()]
    assert scheduler.deadline() is None


@given(st.integers(1, 1_000_000), st.integers(0, 2_000_000))
def test_a_report_is_held_20_to_80_ms_while_the_window_is_short_of_twice_the_product(bdp: int, cwnd: int) -> None:
    scheduler = FeedbackScheduler()
    scheduler.path(Path(20 * MS, cwnd, bdp), 0)
    held = scheduler.take([report(), PLI], 0)
    if cwnd >= 2 * bdp:
        assert held == [PLI, report()]
        return
    assert held == [PLI]
    due = scheduler.deadline()
    assert due is not None
    assert MIN_HOLD_NS <= due <= MAX_HOLD_NS
    assert scheduler.poll(due - 1) == []
    assert scheduler.poll(due) == [report()]


def test_a_newer_report_takes_the_place_of_the_held_one_and_its_time() -> None:
    scheduler = FeedbackScheduler()
    scheduler.path(Path(20 * MS, 10_000, 30_000), 0)
    scheduler.take([report(1)], 0)
    due = scheduler.deadline()
    assert due is not None
    scheduler.take([report(2)], 10 * MS)
    assert scheduler.poll(due) == [report(2)]
    assert scheduler.poll(due + 200 * MS) == []


def test_while_the_pacers_bandwidth_collapses_reports_wait_and_requests_do_not() -> None:
    scheduler = FeedbackScheduler()
    scheduler.path(Path(20 * MS, bandwidth=6_000_000), 0)
    scheduler.path(Path(20 * MS, bandwidth=2_000_000), 100 * MS)
    assert scheduler.take([report(), PLI], 100 * MS) == [PLI]
    assert scheduler.poll(500 * MS) == []
    scheduler.path(Path(20 * MS, bandwidth=2_000_000), 1200 * MS)
    assert scheduler.poll(1200 * MS) == [report()], "it has settled, if low"


def test_no_collapse_silences_the_receiver_for_good() -> None:
    scheduler = FeedbackScheduler()
    sent, now, bandwidth = [], 0, 1 << 60
    while now < MAX_SILENCE_NS + 2_000 * MS:
        scheduler.path(Path(20 * MS, bandwidth=bandwidth), now)
        sent += scheduler.take([report()], now)
        now, bandwidth = now + 50 * MS, bandwidth // 2
    assert sent


def test_above_150_ms_late_frames_are_reported_as_lost() -> None:
    scheduler = FeedbackScheduler()
    for frame in range(40):
        scheduler.predictor.frame(10 * MS if frame < 20 else 10 * MS + LATE_NS + MS, frame * 33 * MS)
    scheduler.path(Path(150 * MS), 0)
    assert not scheduler.predicting
    assert scheduler.take([report(3)], 0) == [report(3)]
    scheduler.path(Path(151 * MS), 0)
    (told,) = scheduler.take([report(3)], 0)
    assert told[12] > 128
    assert told[:12] + told[13:] == report(3)[:12] + report(3)[13:]
    (more,) = scheduler.take([report(255)], 0)
    assert more[12] == 255, "what was lost is never made less"


@given(st.lists(st.integers(-(10**12), 10**12), max_size=300))
def test_the_share_is_one_and_what_it_keeps_is_bounded(lags: list[int]) -> None:
    predictor = LossPredictor()
    for number, lag in enumerate(lags):
        predictor.frame(lag, number * 33 * MS)
    assert 0 <= predictor.share <= 1
    assert len(predictor._quickest) <= 128
