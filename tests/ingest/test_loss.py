import itertools

from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest.loss import (
    MAX_MISSING,
    MAX_OVERTAKEN_NS,
    MAX_RETRY_NS,
    PLI_REPEAT_MAX_NS,
    PLI_REPEAT_NS,
    PLI_SPACING_NS,
    REPAIR_OVERTAKEN_NS,
    KeyframeGate,
    LossTracker,
)

S, MS = 1_000_000_000, 1_000_000


def deadline_of(loss: LossTracker) -> int:
    deadline = loss.deadline()
    assert deadline is not None
    return deadline


def test_a_gap_is_asked_for_at_once_and_again_until_it_is_filled() -> None:
    loss = LossTracker()
    assert loss.gap(5, 8, 0)
    assert loss.due(0) == [5, 6, 7]
    assert loss.due(1 * MS) == []
    assert loss.arrived(6, 20 * MS, repair=True)
    assert loss.deadline() == 20 * MS + REPAIR_OVERTAKEN_NS, "5 should have come before 6"
    assert loss.due(deadline_of(loss)) == [5]
    assert loss.due(deadline_of(loss)) == [7]
    assert not loss.arrived(6, 60 * MS, repair=True)


def test_it_gives_up_in_time_on_all_up_to_the_overdue_one() -> None:
    loss = LossTracker()
    loss.gap(5, 6, 0)
    loss.gap(9, 10, 200 * MS)
    assert loss.expired(loss.patience_ns - 1) is None
    assert loss.expired(loss.patience_ns) == 5
    assert len(loss) == 1


def test_patience_follows_the_repair_time() -> None:
    slow, quick = LossTracker(), LossTracker()
    for loss, repair in ((slow, 200 * MS), (quick, 5 * MS)):
        for number in range(50):
            loss.gap(number, number + 1, 0)
            loss.due(0)
            loss.arrived(number, repair, repair=True)
    assert quick.patience_ns < slow.patience_ns
    assert quick.retry_ns < slow.retry_ns
    assert slow.repair_ns > 190 * MS


def test_from_the_second_request_on_each_waits_twice_as_long_as_the_one_before() -> None:
    loss = LossTracker()
    loss.gap(1, 2, 0)
    asked = [now for now in range(0, 1000 * MS, MS) if loss.due(now)]
    waits = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert waits[1] == waits[0], "a request may be lost as any packet may"
    assert waits[2] == 2 * waits[1]
    assert waits[-1] == MAX_RETRY_NS


def test_a_way_that_became_longer_is_learned_though_every_packet_is_asked_for_twice() -> None:
    loss = LossTracker()
    for number in range(100):
        longer = 5 * MS if number < 50 else 120 * MS
        start, answered = number * S, number * S + longer
        loss.gap(number, number + 1, start)
        while (deadline := deadline_of(loss)) < answered:
            loss.due(deadline)
        loss.arrived(number, answered, repair=True)
        if number == 49:
            assert loss.repair_ns < 6 * MS
    assert 110 * MS < loss.repair_ns <= 120 * MS
    for number in range(100, 115):
        loss.gap(number, number + 1, number * S)
        loss.due(number * S)
        loss.arrived(number, number * S + 5 * MS, repair=True)
    assert loss.repair_ns < 10 * MS  # and shorter, sooner


def test_a_packet_that_was_only_overtaken_teaches_nothing() -> None:
    loss = LossTracker()
    loss.gap(1, 2, 0)
    loss.due(0)
    assert loss.arrived(1, 2 * MS, repair=False)
    assert not loss.repair_measured


def test_where_packets_are_overtaken_it_asks_a_little_later() -> None:
    loss = LossTracker()
    loss.gap(1, 2, 0)
    loss.arrived(1, 3 * MS, repair=False)
    loss.gap(5, 6, 10 * MS)
    assert loss.due(12 * MS) == []
    assert loss.due(13 * MS) == [5]
    loss.arrived(5, 10 * MS + MAX_OVERTAKEN_NS + 1, repair=False)
    loss.gap(7, 8, 50 * MS)
    assert loss.due(53 * MS) == [7]


def test_too_many_missing_is_refused() -> None:
    loss = LossTracker()
    assert loss.gap(0, MAX_MISSING, 0)
    assert not loss.gap(5000, 5001, 0)
    loss.forget()
    assert loss.deadline() is None


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 40), st.booleans()), max_size=60))
def test_polling_at_the_deadline_always_makes_progress(events: list[tuple[int, int, bool]]) -> None:
    """Who calls due and expired at every deadline must not spin: the deadline then lies in the future."""
    loss, now, top = LossTracker(), 0, 0
    for wait, size, fill in events:
        now += wait * MS
        loss.gap(top, top + size, now)
        if fill:
            loss.arrived(top, now, repair=True)
        top += size + 1
        loss.expired(now)
        loss.due(now)
        deadline = loss.deadline()
        assert deadline is None or deadline > now


def test_a_lost_keyframe_request_is_repeated_until_a_keyframe_comes() -> None:
    gate, asked, now = KeyframeGate(), [], 0
    for now in range(0, 4000 * MS, 10 * MS):
        if gate.due(now):
            asked.append(now)
    steps = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert steps[0] >= PLI_REPEAT_NS
    assert len(asked) >= 5
    assert max(steps) <= PLI_REPEAT_MAX_NS + 10 * MS
    assert gate.passes(True)
    assert gate.deadline() is None
    assert not gate.due(now)


def test_closed_it_lets_only_keyframes_pass() -> None:
    gate = KeyframeGate()
    assert not gate.passes(False)
    assert gate.passes(True)
    assert gate.passes(False)
    gate.close()
    assert not gate.passes(False)


def test_new_reasons_ask_again_soon_but_not_too_often() -> None:
    gate = KeyframeGate()
    assert gate.due(0)
    gate.passes(True)
    gate.close()
    assert not gate.due(PLI_SPACING_NS - 1)
    assert gate.due(PLI_SPACING_NS)


def test_while_a_keyframe_comes_in_no_other_is_asked_for() -> None:
    gate = KeyframeGate()
    assert gate.due(0)
    for now in range(0, 2000 * MS, 50 * MS):
        gate.arriving(now)
        assert not gate.due(now + 49 * MS)
    assert gate.due(now + PLI_REPEAT_NS)
