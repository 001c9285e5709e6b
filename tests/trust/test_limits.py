"""Limits on guessing, with a fake clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.trust.limits import (
    BACKOFF_MOST,
    DISPLAY_TRIES,
    MAX_SOURCES,
    SECOND,
    SOURCE_TRIES,
    START_BURST,
    START_EVERY,
    WINDOW,
    Locked,
    PinTries,
    RateLimited,
    StartBudget,
    source_of,
)


def wait_of(tries: PinTries, source: str, now: int) -> int:
    with pytest.raises(RateLimited) as limited:
        tries.check(source, now)
    return limited.value.retry_after_ns


def test_the_back_off_doubles_up_to_its_bound() -> None:
    tries, now, waits = PinTries(), 0, []
    for _ in range(SOURCE_TRIES - 1):
        tries.check("a", now)
        tries.failed("a", now)
        waits.append(wait_of(tries, "a", now))
        now += waits[-1]
    assert waits == [min(SECOND << n, BACKOFF_MOST) for n in range(SOURCE_TRIES - 1)]


def test_one_source_can_not_lock_out_the_others() -> None:
    tries, now = PinTries(), 0
    for _ in range(SOURCE_TRIES):
        tries.failed("mallory", now)
        now += BACKOFF_MOST
    with pytest.raises(Locked, match="this device"):
        tries.check("mallory", now)
    tries.check("alice", now)


def test_twenty_tries_lock_the_display_for_the_rest_of_the_hour() -> None:
    tries = PinTries()
    for n in range(DISPLAY_TRIES):
        tries.check(f"bot{n}", n * SECOND)
        tries.failed(f"bot{n}", n * SECOND)
    now = DISPLAY_TRIES * SECOND
    with pytest.raises(Locked) as locked:
        tries.check("alice", now)
    assert locked.value.retry_after_s == (WINDOW - now) // SECOND
    tries.check("alice", WINDOW)
    tries.failed("alice", WINDOW)
    with pytest.raises(Locked):
        tries.check("bob", WINDOW)


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 120 * SECOND)), max_size=200))
def test_never_more_than_twenty_tries_in_any_hour(moves: list[tuple[str, int]]) -> None:
    tries, now, failures = PinTries(), 0, []
    for source, step in moves:
        now += step
        try:
            tries.check(source, now)
        except RateLimited:
            continue
        tries.failed(source, now)
        failures.append(now)
        assert sum(when > now - WINDOW for when in failures) <= DISPLAY_TRIES


def test_starts_come_in_a_burst_and_then_slowly() -> None:
    budget = StartBudget()
    for _ in range(START_BURST):
        budget.spend("a", 0)
    with pytest.raises(RateLimited) as limited:
        budget.spend("a", 0)
    assert limited.value.retry_after_ns == START_EVERY
    budget.spend("b", 0)
    budget.spend("a", START_EVERY)
    with pytest.raises(RateLimited):
        budget.spend("a", START_EVERY)


def test_the_budget_remembers_a_bounded_number_of_sources() -> None:
    budget = StartBudget()
    for n in range(3 * MAX_SOURCES):
        budget.spend(str(n), n)
    assert len(budget._full_at) == MAX_SOURCES


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::1"),
        ("::1", "::1"),
        ("", ""),
    ],
)
def test_sources(address: str, source: str) -> None:
    assert source_of(address) == source
