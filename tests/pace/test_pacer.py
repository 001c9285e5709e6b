"""The pacer against simulated senders, networks and screens."""

import itertools
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.pace.pacer import AFTER_NS, LAST_NS, MAX_QUEUE, Pacer
from tests.peers.cinema import Mode

MS = 1_000_000
SECOND = 1_000_000_000
PERIOD = 16_666_667
START = 50 * SECOND


def grid(after: int) -> int:
    return after + -after % PERIOD


def immediate(after: int) -> int:
    return after


@dataclass(frozen=True)
class Frame:
    timestamp: int
    arrival: int


@dataclass(frozen=True)
class Shown:
    timestamp: int
    arrival: int
    on_screen: int

    @property
    def latency_ms(self) -> float:
        return (self.on_screen - self.arrival) / MS


def stream(interval_ms: float, delays_ms: Sequence[float], drift: float = 0.0) -> list[Frame]:
    """Frames every ``interval_ms`` of the sender's clock, each delayed by the network; order is kept."""
    frames: list[Frame] = []
    for i, delay in enumerate(delays_ms):
        sent = i * interval_ms
        arrival = START + int((sent * (1 + drift) + delay) * MS)
        if frames:
            arrival = max(arrival, frames[-1].arrival)
        frames.append(Frame(int(sent * 90), arrival))
    return frames


def play(
    frames: list[Frame],
    mode: Mode = "interactive",
    decode_ms: float = 3,
    vsync: Callable[[int], int] = grid,
    hold_ns: int = 0,
    late_ms: float = 0,
    playout: tuple[int, int] | None = None,
    draws_ms: Sequence[float] = (1,),
) -> tuple[list[Shown], Pacer[Frame]]:
    """A decoder that takes ``decode_ms`` a frame and a presenter, without sleeping. Each waking is ``late_ms`` late;
    drawing takes ``draws_ms``, in turn."""
    pacer: Pacer[Frame] = Pacer(mode, vsync, PERIOD)
    pacer.hold_ns = hold_ns
    pacer.playout = playout
    ready: list[tuple[int, Frame]] = []
    free = 0
    for frame in frames:
        free = max(free, frame.arrival) + int(decode_ms * MS)
        ready.append((free, frame))
    shown: list[Shown] = []
    now = START
    while ready or len(pacer):
        while ready and ready[0][0] <= now:
            decoded, frame = ready.pop(0)
            pacer.push(frame, frame.timestamp, frame.arrival, decoded)
            pacer.wake_at(decoded)
            assert len(pacer) <= MAX_QUEUE
        choice = pacer.choose(now)
        if choice is not None:
            took = int(draws_ms[len(shown) % len(draws_ms)] * MS)
            on_screen = vsync(now + took)
            pacer.rendered(took)
            shown.append(Shown(choice.item.timestamp, choice.item.arrival, on_screen))
            now = on_screen
            continue
        waits = [t for t in (ready[0][0] if ready else None, pacer.wake_at(now)) if t is not None]
        if waits:
            assert min(waits) > now, "the loop would spin"
            now = min(waits) + int(late_ms * MS)
    return shown, pacer


@pytest.mark.parametrize("mode", ["interactive", "smooth"])
@pytest.mark.parametrize(("least", "most"), [(0, 0), (0, 40), (150, 400), (4000, 4000)])
def test_the_senders_wishes_for_the_way_to_the_screen(mode: Mode, least: int, most: int) -> None:
    network = [i * 7919 % 30 for i in range(300)]
    shown, _ = play(stream(1000 / 30, network), mode, playout=(least * MS, most * MS))
    median = statistics.median(s.latency_ms for s in shown[60:])
    jitter = statistics.median(network)
    assert min(least, 250) - jitter - 1 <= median <= max(most, 4) + 2 * PERIOD / MS + 1
    assert len(shown) > 0.9 * len(network)


delays = st.lists(
    st.one_of(st.floats(0, 8), st.floats(0, 60), st.sampled_from([300.0, 1500.0])), min_size=1, max_size=200
)
modes = st.sampled_from(["interactive", "smooth"])
screens = st.sampled_from([grid, immediate])


@given(delays, st.sampled_from([8.0, 16.667, 33.333, 500.0]), modes, screens, st.integers(0, 300 * MS))
def test_order_never_breaks_and_every_picture_is_accounted_for(
    network: list[float], interval: float, mode: Mode, vsync: Callable[[int], int], hold: int
) -> None:
    frames = stream(interval, network)
    shown, pacer = play(frames, mode, vsync=vsync, hold_ns=hold)
    timestamps = [s.timestamp for s in shown]
    assert timestamps == sorted(set(timestamps))
    assert len(shown) + sum(pacer.dropped.values()) == len(frames)
    assert timestamps[-1] == frames[-1].timestamp, "the newest picture always reaches the screen"


@given(delays, st.lists(st.integers(0, 2**40), max_size=200), modes)
def test_any_timestamps_do_no_harm(network: list[float], timestamps: list[int], mode: Mode) -> None:
    frames = [Frame(t, f.arrival) for t, f in zip(timestamps, stream(20, network), strict=False)]
    shown, pacer = play(frames, mode)
    assert len(shown) + sum(pacer.dropped.values()) == len(frames)
    assert all(s.latency_ms < 1000 for s in shown[-1:]), "no timestamp can hold a picture back for long"


@pytest.mark.parametrize("mode", ["interactive", "smooth"])
@pytest.mark.parametrize("drift", [-200e-6, 0.0, 200e-6])
def test_latency_does_not_grow_over_ten_minutes_of_drift_jitter_and_stalls(mode: Mode, drift: float) -> None:
    network = [(i * 7919 % 13) + (700.0 if i % 2000 == 1999 else 0.0) for i in range(30 * 600)]
    shown, _ = play(stream(1000 / 30, network, drift), mode)
    first = statistics.median(s.latency_ms for s in shown[300:1500])
    last = statistics.median(s.latency_ms for s in shown[-1200:])
    assert last < first + 1.5 * PERIOD / MS, "but for the step and a half within which the cadence is held"
    assert len(shown) > 0.98 * len(network)


@pytest.mark.parametrize("mode", ["interactive", "smooth"])
def test_a_static_screen_is_shown_no_later_than_a_moving_one(mode: Mode) -> None:
    def median(interval: float, frames: int) -> float:
        shown, _ = play(stream(interval, [i * 7919 % 5 for i in range(frames)]), mode)
        return statistics.median(s.latency_ms for s in shown[5:])

    assert median(500.0, 60) <= median(1000 / 30, 600) + 1


def test_a_picture_after_a_pause_does_not_wait_for_a_network_that_is_rough() -> None:
    rough = [40.0 * (i % 3) for i in range(60)]
    shown, pacer = play(stream(500, rough), "interactive")
    assert len(shown) == 60
    assert max(one.latency_ms for one in shown) <= 3 + 2 * PERIOD / MS
    assert pacer.shown_late == 0


def test_a_quiet_network_costs_interactive_mode_a_vsync_and_no_more() -> None:
    for interval in (1000 / 60, 1000 / 30):
        shown, pacer = play(stream(interval, [2.0] * 900))
        assert max(s.latency_ms for s in shown[60:]) < 3 + 1 + PERIOD / MS + 1
        assert pacer.shown_late <= 2
        assert sum(pacer.dropped.values()) <= 2


def test_smooth_mode_keeps_two_pictures_in_hand() -> None:
    shown, pacer = play(stream(1000 / 30, [(i * 7919 % 41) for i in range(900)]), "smooth")
    gaps = [b.on_screen - a.on_screen for a, b in itertools.pairwise(shown[60:])]
    assert max(gaps) <= 3 * PERIOD, "40 ms of jitter are not seen"
    latency = statistics.median(s.latency_ms for s in shown[60:])
    assert 2 * 1000 / 30 - 25 < latency < 2 * 1000 / 30 + 30
    assert pacer.dropped == {}


@pytest.mark.parametrize("mode", ["interactive", "smooth"])
def test_the_first_picture_is_shown_at_once(mode: Mode) -> None:
    shown, _ = play(stream(1000 / 30, [40.0, 5.0, 5.0]), mode)
    assert shown[0].latency_ms <= 3 + 1 + PERIOD / MS


def test_a_late_keyframe_at_the_start_does_not_delay_what_follows() -> None:
    shown, _ = play(stream(1000 / 30, [250.0] + [5.0] * 90))
    assert statistics.median(s.latency_ms for s in shown[-30:]) < 25


def test_a_picture_that_waited_for_a_repair_makes_those_after_it_no_older() -> None:
    delays = [10.0] * 120
    for late in (60, 75, 90):
        delays[late] = 90
    shown, _ = play(stream(1000 / 30, delays))
    in_time = [one for one in shown if one.arrival - START - one.timestamp / 90 * MS < 20 * MS]
    waits = [one.latency_ms for one in in_time]
    older = [wait for wait in waits[60:] if wait > max(waits[30:58]) + 1]
    assert len(older) <= 3, "each takes the VSync of the next one at most"


def test_one_late_picture_of_as_many_as_the_screen_shows_does_not_keep_all_after_it_a_vsync_late() -> None:
    for place in range(17):  # between two VSyncs
        delays = [float(place)] * 240
        steady, _ = play(stream(PERIOD / MS, delays))
        if steady[-1].latency_ms < 3 + 1 + LAST_NS / MS + 1:
            continue  # decoded so late that the one before it must be drawn by then
        delays[60] += 20
        shown, pacer = play(stream(PERIOD / MS, delays))
        assert shown[-1].latency_ms <= steady[-1].latency_ms + 1
        assert shown[-1].latency_ms <= PERIOD / MS + 3 + 1 + 2  # decoding, drawing, and what it may begin early
        assert sum(pacer.dropped.values()) <= 4


@pytest.mark.parametrize("mode", ["interactive", "smooth"])
@pytest.mark.parametrize("alone", [True, False])
def test_a_picture_is_handed_over_once_no_other_can_take_its_vsync(mode: Mode, alone: bool) -> None:
    for place in range(1, 17):  # between two VSyncs
        pacer: Pacer[int] = Pacer(mode, grid, PERIOD)
        pacer.alone = alone
        early: list[int] = []
        for number in range(120):
            decoded = START + number * 2 * PERIOD + place * MS
            pacer.push(number, number * 3000, decoded, decoded)
            wake = pacer.wake_at(decoded)
            assert wake is not None
            now = max(wake, decoded)
            assert pacer.choose(now) is not None
            early.append(grid(now + 1) - now)
        settled = early[60:]
        most = PERIOD - AFTER_NS if alone else PERIOD // 2
        assert max(settled) <= most, "not for the VSync before"
        if mode == "smooth":
            assert min(settled) == most
        else:
            assert min(settled) >= min(most, PERIOD - place * MS - MS), "at once, where it came later than that"


def test_interactive_mode_waits_until_most_pictures_of_a_rough_network_come_in_time() -> None:
    for most_ms in (9, 21, 33, 41):
        shown, _ = play(stream(1000 / 30, [float(i * 7919 % most_ms) for i in range(900)]))
        gaps = [b.on_screen - a.on_screen for a, b in itertools.pairwise(shown[60:])]
        steady = sum(abs(gap - 2 * PERIOD) < PERIOD / 2 for gap in gaps)
        assert steady >= 0.9 * len(gaps)
        assert statistics.median(s.latency_ms for s in shown[60:]) < 3 + PERIOD / MS + 0.75 * most_ms


def test_the_newest_is_shown_late_and_counted_when_the_sender_stalls() -> None:
    frames = stream(1000 / 30, [5.0] * 60 + [400.0] + [5.0] * 60)
    shown, pacer = play(frames)
    assert pacer.shown_late >= 1
    assert shown[-1].timestamp == frames[-1].timestamp
    assert statistics.median(s.latency_ms for s in shown[-30:]) < 25


def test_more_than_two_queued_and_due_are_skipped_oldest_first() -> None:
    pacer: Pacer[int] = Pacer("smooth", grid, PERIOD)
    pacer.push(0, 0, START, START)
    first = pacer.choose(START)
    assert first is not None
    assert first.item == 0
    for i in range(1, 6):  # five at once, long after their time
        pacer.push(i, i * 1500, START + 600 * MS, START + 600 * MS)
    choice = pacer.choose(START + 600 * MS)
    assert choice is not None
    assert choice.item == 5
    assert choice.late_ns > 0
    assert pacer.dropped == {"skipped": 3, "late": 1}


def test_twice_the_screens_rate_is_thinned_without_growing_late() -> None:
    for mode in ("interactive", "smooth"):
        shown, _ = play(stream(1000 / 120, [2.0] * 1200), mode)
        assert len(shown) == pytest.approx(600, abs=12)
        assert statistics.median(s.latency_ms for s in shown[-100:]) < 120


def test_a_hold_for_the_sound_moves_pictures_and_drops_none() -> None:
    held, pacer = play(stream(1000 / 30, [2.0] * 600), hold_ns=100 * MS)
    free, _ = play(stream(1000 / 30, [2.0] * 600))
    extra = statistics.median(s.latency_ms for s in held[-60:]) - statistics.median(s.latency_ms for s in free[-60:])
    assert 100 - 17 <= extra <= 100 + 17
    assert pacer.dropped == {}


def test_clearing_counts_what_goes() -> None:
    pacer: Pacer[int] = Pacer("smooth", grid, PERIOD)
    pacer.push(0, 0, START, START)
    pacer.push(1, 3000, START, START)
    pacer.clear("paused")
    assert pacer.dropped == {"paused": 2}
    assert pacer.wake_at(START) is None


def test_a_picture_that_is_not_newer_is_dropped() -> None:
    pacer: Pacer[int] = Pacer("interactive", grid, PERIOD)
    pacer.push(0, 3000, START, START)
    pacer.push(1, 3000, START, START)
    pacer.push(2, 0, START, START)
    assert pacer.dropped == {"reordered": 2}


@pytest.mark.parametrize("mode", ["interactive", "smooth"])
def test_a_draw_that_took_long_makes_no_later_picture_wait(mode: Mode) -> None:
    def latency(longest_ms: float) -> float:
        """Mean of the pictures that are not the long ones', over all places between two VSyncs."""
        settled: list[float] = []
        for place in range(0, 17, 2):
            network = [place + i * 7919 % 5 for i in range(240)]
            draws = [1.0] * 39 + [longest_ms]
            shown, _ = play(stream(2 * PERIOD / MS, network), mode, draws_ms=draws)
            settled += [s.latency_ms for i, s in enumerate(shown) if i > 60 and 5 < i % 40 < 39]
        return statistics.fmean(settled)

    assert latency(150) <= latency(1) + 1


@pytest.mark.parametrize("mode", ["interactive", "smooth"])
def test_a_busy_machine_shows_pictures_late_but_drops_none_that_could_be_shown(mode: Mode) -> None:
    """The presenter wakes 10 ms late; the next picture is not due for another 33 ms."""
    shown, pacer = play(stream(1000 / 30, [2.0] * 900), mode, hold_ns=60 * MS, late_ms=10)
    assert len(shown) > 890, pacer.dropped
