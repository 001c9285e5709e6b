"""A film's packets go out in time, whatever is done to it."""

import itertools
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest.url_pace import FAR_NS, LATE_NS, LIVE_BREAK_NS, Pace, Unit

MS = 1_000_000
FRAME = 40 * MS


def video(pts: int, dts: int | None = None) -> Unit:
    return Unit("video", pts, pts if dts is None else dts, b"", True)


def audio(pts: int) -> Unit:
    return Unit("audio", pts, pts, b"", True)


def test_the_first_goes_at_once_and_the_rest_as_time_goes_by() -> None:
    pace = Pace("file")
    assert pace.place(video(9_000 * MS), 5).due_ns == 5
    assert pace.place(video(9_000 * MS + FRAME), 5).due_ns == 5 + FRAME
    assert pace.place(audio(9_000 * MS + 2 * FRAME), 6).due_ns == 5 + 2 * FRAME


def test_pictures_that_are_decoded_early_keep_even_places() -> None:
    """I P B B as x264 orders them: shown at 2, 5, 3, 4 frames, decoded at 0, 1, 2, 3."""
    pace = Pace("file")
    pace.place(video(5 * FRAME, 1 * FRAME), 0)
    pace.restart()
    places = [pace.place(video(pts * FRAME, dts * FRAME), 1_000 * MS) for dts, pts in enumerate((2, 5, 3, 4, 8, 6, 7))]
    due = [place.due_ns for place in places]
    assert [b - a for a, b in itertools.pairwise(due)] == [FRAME] * 6
    assert sorted(place.at_ns for place in places) == [places[0].at_ns + i * FRAME for i in range(7)]
    assert all(place.at_ns <= place.due_ns for place in places)


def test_sound_and_picture_of_one_time_have_one_place() -> None:
    pace = Pace("file")
    pace.place(video(4 * FRAME, 0), 0)
    assert pace.place(video(6 * FRAME, 4 * FRAME), 0).at_ns == pace.place(audio(6 * FRAME), 0).at_ns


def test_a_pause_moves_all_that_follows() -> None:
    pace = Pace("file")
    pace.place(video(0), 0)
    pace.pause(FRAME)
    pace.pause(2 * FRAME)
    assert pace.paused
    pace.play(10 * FRAME)
    pace.play(11 * FRAME)
    assert pace.place(video(2 * FRAME), 10 * FRAME).due_ns == 11 * FRAME


def test_a_seek_begins_anew_also_backwards() -> None:
    pace = Pace("file")
    pace.place(video(60_000 * MS), 0)
    pace.restart()
    assert pace.place(video(5), 100).due_ns == 100


def test_a_starved_file_goes_on_without_a_rush() -> None:
    pace = Pace("file")
    pace.place(video(0), 0)
    now = FRAME + LATE_NS + 1
    assert pace.place(video(FRAME), now).due_ns == now
    assert pace.place(video(2 * FRAME), now).due_ns == now + FRAME


def test_a_break_in_the_times_is_not_waited_for() -> None:
    pace = Pace("file")
    pace.place(video(0), 0)
    assert pace.place(video(FAR_NS + FRAME + 1), FRAME).due_ns == FRAME


def test_live_goes_as_it_comes_and_keeps_its_place() -> None:
    pace = Pace("live")
    pace.place(video(0), 1_000 * MS)
    late = pace.place(video(FRAME), 1_000 * MS + FRAME + 30 * MS)
    assert late.due_ns == 1_000 * MS + FRAME + 30 * MS
    assert late.at_ns == 1_000 * MS + FRAME
    early = pace.place(video(3 * FRAME), 1_000 * MS + 2 * FRAME)
    assert early.at_ns == early.due_ns == 1_000 * MS + 2 * FRAME


def test_live_after_a_break_is_now() -> None:
    pace = Pace("live")
    pace.place(video(0), 0)
    assert pace.place(video(9 * LIVE_BREAK_NS), FRAME).at_ns == FRAME


units = st.builds(
    Unit,
    st.sampled_from(["video", "audio"]),
    st.integers(-(2**62), 2**62),
    st.integers(-(2**62), 2**62),
    st.just(b""),
    st.booleans(),
)


@given(st.sampled_from(["file", "live"]), st.lists(st.tuples(units, st.integers(0, 10**9)), max_size=20))
def test_whatever_times_a_file_has_nothing_waits_for_long_or_lies_ahead(
    mode: Literal["file", "live"], script: list[tuple[Unit, int]]
) -> None:
    pace = Pace(mode)
    now = 10**12
    for unit, passed in script:
        now += passed
        place = pace.place(unit, now)
        assert now - LATE_NS <= place.due_ns <= now + FAR_NS
        assert place.at_ns <= place.due_ns
