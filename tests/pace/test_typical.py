from hypothesis import given
from hypothesis import strategies as st

from receiver.pace.typical import WINDOW, Typical

MS = 1_000_000


def after(*times_ms: float) -> float:
    typical = Typical()
    for time in times_ms:
        typical.add(round(time * MS))
    return typical.ns / MS


def test_what_took_long_now_and_then_does_not_move_it() -> None:
    assert after(*[1.0] * 20, *[200.0, 1.0, 1.0, 90.0] * 20) == 1.0
    assert after(80.0) == 0
    assert after(80.0, 2.0) == 2.0


def test_a_new_level_is_known_after_half_a_window() -> None:
    assert after(*[1.0] * 100, *[5.0] * (WINDOW // 2)) == 1.0
    assert after(*[1.0] * 100, *[5.0] * (WINDOW // 2 + 1)) == 5.0
    assert after(*[5.0] * 100, *[1.0] * (WINDOW // 2 + 1)) == 1.0


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=80))
def test_it_lies_among_what_was_measured(times: list[int]) -> None:
    typical = Typical()
    for time in times:
        typical.add(time)
    assert min(times) <= typical.ns <= max(times)
