"""Timestamps against the local clock."""

from hypothesis import given
from hypothesis import strategies as st

from receiver.pace.timeline import JITTER_MAX_NS, Timeline

MS = 1_000_000
SECOND = 1_000_000_000


def feed(timeline: Timeline, seconds: float, delay_ms: float, start_s: float = 0, drift: float = 0.0) -> int:
    """30 frames a second; returns the last timestamp."""
    timestamp = 0
    for i in range(int(seconds * 30)):
        sent = start_s + i / 30
        timestamp = int(sent * 90_000)
        timeline.observe(timestamp, int((sent * (1 + drift)) * SECOND + delay_ms * MS))
    return timestamp


def test_frames_are_expected_when_the_least_delayed_come() -> None:
    timeline = Timeline()
    for i in range(90):
        timeline.observe(i * 3000, i * SECOND // 30 + (5 + i * 7 % 20) * MS)
    assert abs(timeline.expected(90 * 3000) - (3 * SECOND + 5 * MS)) < MS
    assert 0 < timeline.jitter(0.5) < timeline.jitter(0.9) < 20 * MS


def test_jitter_is_waited_for_to_its_end_but_not_what_is_rarely_late() -> None:
    timeline = Timeline()
    for i in range(120):
        rare = 40 if i % 10 == 5 else 0
        timeline.observe(i * 3000, i * SECOND // 30 + (i * 7 % 6 + rare) * MS)
        wait = timeline.patience(80 * MS)
    assert 5 * MS <= wait < 6 * MS


def test_what_is_late_as_a_rule_is_waited_for() -> None:
    timeline = Timeline()
    for i in range(120):
        timeline.observe(i * 3000, i * SECOND // 30 + (15 if i % 2 else 0) * MS)
    assert 15 * MS <= timeline.patience(80 * MS) < 16 * MS


def test_a_slower_sender_clock_is_followed_without_steps() -> None:
    timeline, before = Timeline(), None
    for i in range(30 * 120):
        timeline.observe(i * 3000, int(i * SECOND / 30 * 1.0002) + 5 * MS)
        offset = timeline.expected(0)
        if before is not None:
            assert abs(offset - before) < MS
        before = offset
    assert abs(timeline.expected(30 * 120 * 3000) - int(120 * 1.0002 * SECOND) - 5 * MS) < 3 * MS


def test_latency_of_a_slow_start_goes_quickly() -> None:
    timeline = Timeline()
    timeline.observe(0, 200 * MS)
    last = feed(timeline, 1.0, 5, start_s=1 / 30)
    assert timeline.expected(last) - last * SECOND // 90_000 < 12 * MS


def test_another_source_begins_a_new_timeline() -> None:
    timeline = Timeline()
    feed(timeline, 2, 5)
    timeline.observe(900_000_000, 3 * SECOND)
    assert timeline.breaks == 1
    assert timeline.expected(900_000_000) == 3 * SECOND


def test_resynchronising_moves_what_is_expected() -> None:
    timeline = Timeline()
    last = feed(timeline, 2, 5)
    before = timeline.expected(last)
    timeline.resynchronise(30 * MS)
    assert timeline.expected(last) == before + 30 * MS


def test_capture_time_is_known_for_every_frame_once_reported() -> None:
    timeline = Timeline()
    timeline.observe(0, 20 * MS)
    assert timeline.captured(0) is None
    timeline.observe(3000, 53 * MS, capture_ns=40 * MS)
    assert timeline.captured(3000) == 40 * MS
    assert timeline.captured(0) == 40 * MS - SECOND // 30


@given(st.lists(st.tuples(st.integers(0, 2**50), st.integers(0, 2**50))))
def test_anything_can_be_observed(frames: list[tuple[int, int]]) -> None:
    timeline = Timeline()
    for timestamp, arrival in frames:
        timeline.observe(timestamp, arrival)
        assert 0 <= timeline.patience(80 * MS) <= JITTER_MAX_NS
        assert timeline.expected(timestamp) - arrival < SECOND
