"""When the TV is woken, and when it is sent to sleep."""

from hypothesis import given
from hypothesis import strategies as st

from receiver.input.tv import DAY, TvSchedule

MINUTE = 60_000_000_000


def test_a_cast_wakes_it_and_a_while_without_one_sends_it_to_sleep_once() -> None:
    tv = TvSchedule(standby_ns=10 * MINUTE)
    assert tv.poll(0, 600) is None
    assert tv.needed(True, 0) == "wake"
    assert tv.needed(True, 1) is None
    assert tv.poll(60 * MINUTE, 660) is None
    assert tv.needed(False, 61 * MINUTE) is None
    assert tv.poll(70 * MINUTE, 670) is None
    assert tv.poll(71 * MINUTE, 671) == "sleep"
    assert tv.poll(90 * MINUTE, 690) is None, "somebody may have turned it on by hand since"


def test_a_display_that_nobody_has_used_since_it_began_is_left_as_it_is() -> None:
    tv = TvSchedule(standby_ns=MINUTE)
    assert [tv.poll(at * MINUTE, at) for at in range(10)] == [None] * 10


def test_the_days_schedule() -> None:
    tv = TvSchedule(on=8 * 60, off=18 * 60)
    orders = {minute % DAY: tv.poll(minute * MINUTE, minute % DAY) for minute in range(6 * 60, 30 * 60)}
    assert {minute: order for minute, order in orders.items() if order} == {480: "wake", 1080: "sleep"}


def test_off_waits_for_the_end_of_a_cast() -> None:
    tv = TvSchedule(off=18 * 60)
    tv.poll(0, 1070)
    assert tv.needed(True, 0) == "wake"
    assert [tv.poll(at * MINUTE, 1070 + at) for at in range(30)] == [None] * 30
    assert tv.needed(False, 31 * MINUTE) == "sleep"


def test_a_minute_that_was_slept_through_counts() -> None:
    tv = TvSchedule(off=1080)
    tv.poll(0, 1079)
    assert tv.poll(MINUTE, 1082) == "sleep"


def test_waking_can_be_turned_off() -> None:
    assert TvSchedule(wakes=False).needed(True, 0) is None


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 40 * DAY)), max_size=60),
    st.integers(0, 1439),
    st.integers(0, 1439),
)
def test_it_is_never_sent_to_sleep_while_it_is_needed(steps: list[tuple[bool, int]], on: int, off: int) -> None:
    tv, now = TvSchedule(5 * MINUTE, on, off), 0
    for needed, minutes in steps:
        now += minutes * MINUTE
        orders = [tv.needed(needed, now), tv.poll(now, now // MINUTE % DAY)]
        if needed:
            assert "sleep" not in orders
