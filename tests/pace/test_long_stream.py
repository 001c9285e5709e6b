"""Hours of drift, jitter, loss and stalls: latency never grows, order never breaks, nothing is kept."""

import pickle
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.pace.pacer import MAX_QUEUE, Pacer
from tests.peers.cinema import MS, SECOND, Cast, Frame, Mode, Screen, Shown, play, screen

casts = st.builds(
    Cast,
    fps=st.sampled_from([24_000 / 1001, 25.0, 30.0]),
    seconds=st.just(0.0),
    ppm=st.floats(-200, 200),
    jitter_ms=st.floats(0, 40),
    rough_ms=st.floats(0, 2),
    loss=st.floats(0, 0.05),
    stall_every_s=st.floats(40, 600),
    stall_ms=st.floats(0, 3000),
    decode_ms=st.floats(1, 12),
    seed=st.integers(0, 1000),
)
screens = st.builds(screen, st.sampled_from([50.0, 60.0]), st.floats(-200, 200))
modes = st.sampled_from(["interactive", "smooth"])


def watch(cast: Cast, tv: Screen, mode: Mode) -> None:
    """Play all of it, a minute in hand at a time."""
    pacer: Pacer[Frame] = Pacer(mode, tv.next_vsync, tv.period)
    sizes: list[int] = []
    medians: list[float] = []
    minute: list[Shown] = []
    last = count = pushed = 0

    def look(now: int) -> None:
        assert len(pacer) <= MAX_QUEUE

    push = pacer.push

    def counting(item: Frame, timestamp: int, complete_ns: int, decoded_ns: int, capture_ns: int | None = None) -> None:
        nonlocal pushed
        pushed += 1
        push(item, timestamp, complete_ns, decoded_ns, capture_ns)

    pacer.push = counting  # type: ignore[method-assign]
    for shown in play(cast, tv, pacer, late_ms=2, look=look):
        assert count == 0 or shown.number > last
        last, count = shown.number, count + 1
        if minute and shown.at - minute[0].at > 60 * SECOND:
            medians.append(median(picture.latency for picture in minute))
            del pacer.push
            sizes.append(len(pickle.dumps(pacer)))
            pacer.push = counting  # type: ignore[method-assign]
            minute = []
        minute.append(shown)
    assert count + sum(pacer.dropped.values()) == pushed
    assert count > 0.9 * pushed * min(1, SECOND / tv.period / cast.fps)
    assert max(medians[1:]) < medians[0] + 2 * tv.period + 5 * MS
    assert max(sizes) < 40_000


@settings(max_examples=8, deadline=None)
@given(casts, screens, modes)
def test_minutes_of_trouble_leave_no_delay_behind(cast: Cast, tv: Screen, mode: Mode) -> None:
    watch(Cast(**{**vars(cast), "seconds": 200}), tv, mode)


@pytest.mark.long
@settings(max_examples=4, deadline=None)
@given(casts, screens, modes)
def test_ninety_minutes_of_trouble_leave_no_delay_behind(cast: Cast, tv: Screen, mode: Mode) -> None:
    watch(Cast(**{**vars(cast), "seconds": 90 * 60}), tv, mode)
