"""Timelines, capture clocks and the counters of receiver reports."""

from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest.clock_map import MAX_AGE_NS, WINDOW_NS, CaptureClock, WallClock
from receiver.ingest.feedback import SenderReport
from receiver.ingest.rtp import RtpPacket
from receiver.ingest.stats import SourceStats
from receiver.ingest.timeline import Timeline

S, MS = 1_000_000_000, 1_000_000
SENDER_EPOCH = 3_900_000_000 * S
"""The sender's NTP time at our zero."""


def report(sender_ns: int) -> SenderReport:
    return SenderReport(1, (sender_ns << 32) // S + 1, 0)


def near(value: int | None, wanted: int, within: int = 10_000) -> bool:
    return value is not None and abs(value - wanted) <= within


def test_nothing_is_known_before_the_first_report() -> None:
    clock = CaptureClock(WallClock(), 90_000)
    assert clock.capture_ns(0, 0) is None
    clock.report(SenderReport(1, 0, 0), 0, 5 * S)
    assert clock.capture_ns(0, 5 * S) is None


def test_picture_and_sound_share_the_least_delayed_offset() -> None:
    wall = WallClock()
    video, audio = CaptureClock(wall, 90_000), CaptureClock(wall, 48_000)
    video.report(report(SENDER_EPOCH + 1 * S), 90_000, 1 * S + 30 * MS)
    audio.report(report(SENDER_EPOCH + 1 * S), 48_000, 1 * S + 2 * MS)
    assert near(video.capture_ns(90_000 + 9_000, 2 * S), 1 * S + 100 * MS + 2 * MS)
    assert near(audio.capture_ns(48_000 + 4_800, 2 * S), 1 * S + 100 * MS + 2 * MS)


def test_an_old_offset_is_forgotten() -> None:
    wall = WallClock()
    clock = CaptureClock(wall, 90_000)
    clock.report(report(SENDER_EPOCH), 0, 1 * MS)
    later = WINDOW_NS + 2 * S
    clock.report(report(SENDER_EPOCH + later), 0, later + 9 * MS)
    assert near(clock.capture_ns(0, later), later + 9 * MS)


def test_nonsense_is_unknown() -> None:
    clock = CaptureClock(WallClock(), 90_000)
    clock.report(report(SENDER_EPOCH), 0, 0)
    assert clock.capture_ns(0, MAX_AGE_NS + 1 * S) is None
    clock.forget()
    assert clock.capture_ns(0, 0) is None


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**40), st.integers(0, 10**12)), max_size=40))
def test_any_reports_give_a_time_or_none(reports: list[tuple[int, int, int]]) -> None:
    clock, now = CaptureClock(WallClock(), 90_000), 0
    for ntp, timestamp, wait in reports:
        now += wait
        clock.report(SenderReport(1, ntp, 0), timestamp, now)
        captured = clock.capture_ns(timestamp, now)
        assert captured is None or abs(captured - now) <= MAX_AGE_NS


def test_a_timeline_carries_on_over_the_wrap() -> None:
    timeline = Timeline(90_000)
    first, continued = timeline.place(0xFFFFFFFF, 0)
    assert continued
    assert timeline.place(2999, 0) == (first + 3000, True)
    assert timeline.peek(0xFFFFFFFF) == first


def test_a_timeline_that_begins_anew_continues_by_arrival() -> None:
    timeline = Timeline(90_000)
    first, _ = timeline.place(1000, 0)
    timeline.restart()
    assert timeline.place(77, 1 * S) == (first + 90_000, False)
    assert timeline.place(77 + 3000, 1 * S) == (first + 93_000, True)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.booleans()), max_size=60))
def test_any_timestamps_only_rise(timestamps: list[tuple[int, bool]]) -> None:
    timeline, last = Timeline(90_000), -1
    for at, (timestamp, restart) in enumerate(timestamps):
        if restart:
            timeline.restart()
        number, _ = timeline.place(timestamp, at * 33 * MS)
        assert number > last
        last = number


def test_receiver_reports_count_loss_by_interval() -> None:
    stats = SourceStats(9, 90_000)
    for number in range(65_530, 65_630):
        if number % 10:
            stats.packet(RtpPacket(96, True, number & 0xFFFF, 0, 9, b""), number * MS)
    block = stats.block(100 * S)
    assert (block.ssrc, block.packets_lost, block.last_sr, block.delay) == (9, 9, 0, 0)
    assert block.fraction_lost == 9 * 256 // 99
    assert stats.block(100 * S).fraction_lost == 0


def test_receiver_reports_tell_the_last_sender_report_and_jitter() -> None:
    stats = SourceStats(9, 90_000)
    for number in range(100):
        stats.packet(RtpPacket(96, True, number, number * 3000, 9, b""), number * S // 30 + (number % 2) * 10 * MS)
    stats.sender_report(SenderReport(9, 0x1234_5678_9ABC_DEF0, 0), 5 * S)
    block = stats.block(5 * S + S // 2)
    assert (block.last_sr, block.delay) == (0x5678_9ABC, 32768)
    assert 800 < block.jitter < 950


def test_a_frame_may_say_itself_when_it_was_captured() -> None:
    clock = CaptureClock(WallClock(), 90_000)
    stamp = ((SENDER_EPOCH + 2 * S) << 32) // S + 1
    clock.stamp(stamp.to_bytes(8), 180_000, 2 * S)
    assert clock.capture_ns(180_000, 2 * S) is None, "before the first report"
    clock.report(report(SENDER_EPOCH), 0, 20 * MS)
    assert near(clock.capture_ns(180_000, 2 * S), 2 * S + 20 * MS)
    behind = (-(1 << 32) // 4).to_bytes(8, signed=True)
    clock.stamp(stamp.to_bytes(8) + behind, 180_000, 2 * S)
    assert near(clock.capture_ns(180_000, 2 * S), 2 * S + 20 * MS - 250 * MS)


def test_frames_between_stamped_ones_are_dated_by_the_last_stamp_while_it_is_fresh() -> None:
    clock = CaptureClock(WallClock(), 48_000)
    clock.report(report(SENDER_EPOCH), 0, 0)
    stamp = ((SENDER_EPOCH + 2 * S - 20 * MS) << 32) // S + 1  # 20 ms before what the reports say
    clock.stamp(stamp.to_bytes(8), 96_000, 2 * S)
    clock.report(report(SENDER_EPOCH + 3 * S), 144_000, 3 * S)
    assert near(clock.capture_ns(144_000, 3 * S), 3 * S - 20 * MS)
    assert near(clock.capture_ns(480_000, 10 * S), 10 * S), "by then the stamp is old"


def test_a_stamp_that_can_not_be_is_passed_over() -> None:
    clock = CaptureClock(WallClock(), 90_000)
    clock.report(report(SENDER_EPOCH), 0, 0)
    for stamp in (b"", b"short", bytes(8), b"\xff" * 8, b"\xff" * 16):
        clock.stamp(stamp, 0, 1 * S)
    assert near(clock.capture_ns(90_000, 1 * S), 1 * S)


def test_an_outage_is_not_told_as_loss() -> None:
    stats = SourceStats(1, 90_000)
    for sequence in (*range(100), *range(2000, 2100)):
        stats.packet(RtpPacket(96, False, sequence, 0, 1, b""), 0)
    assert (stats.lost, stats.block(0).fraction_lost) == (0, 0)
    for sequence in range(2150, 2200):
        stats.packet(RtpPacket(96, False, sequence, 0, 1, b""), 0)
    assert (stats.lost, stats.block(0).fraction_lost) == (50, 128)
