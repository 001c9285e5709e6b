"""The replay cache: nothing twice within its window, and never more than its bound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.trust.limits import RateLimited
from receiver.trust.replay import ReplayCache, SeenBefore


def test_a_value_is_new_once_for_each_field_and_again_after_the_window() -> None:
    cache = ReplayCache(window_ns=100)
    cache.check("nonce", b"a", 0)
    cache.check("jti", "a", 0)
    with pytest.raises(SeenBefore, match="this nonce was used before"):
        cache.check("nonce", b"a", 99)
    cache.check("nonce", b"a", 100)
    assert len(cache) == 1


def test_a_full_cache_refuses_rather_than_forgets() -> None:
    cache = ReplayCache(window_ns=100, most=2)
    cache.check("nonce", b"a", 0)
    cache.check("nonce", b"b", 10)
    with pytest.raises(RateLimited) as refused:
        cache.check("nonce", b"c", 20)
    assert refused.value.retry_after_ns == 80
    with pytest.raises(SeenBefore):
        cache.check("nonce", b"a", 20)
    cache.check("nonce", b"c", 100)


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 30)), max_size=60))
def test_it_is_bounded_and_raises_nothing_else(steps: list[tuple[str, int]]) -> None:
    cache, now, taken = ReplayCache(window_ns=50, most=4), 0, dict[str, int]()
    for value, passed in steps:
        now += passed
        fresh = value not in taken or taken[value] + 50 <= now
        try:
            cache.check("jti", value, now)
        except SeenBefore:
            assert not fresh
        except RateLimited:
            assert fresh
        else:
            assert fresh
            taken[value] = now
        assert len(cache) <= 4
