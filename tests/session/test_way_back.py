"""What is done at the display goes to one session, whole, or to nobody."""

from hypothesis import given
from hypothesis import strategies as st

from receiver.link.hands import Key, LocalInput, Pointer, Touch, Wheel
from receiver.session.way_back import KINDS, QUIET, Told, WayBack

ALL = frozenset(KINDS)
DOWN = Key("KeyP", "down")


def to_anna() -> WayBack:
    way = WayBack()
    way.goes("anna", ALL)
    way.typing(QUIET)
    return way


def typed(way: WayBack, event: Key, now: int) -> Told | None:
    way.typing(now)
    return way.take(event)


def test_the_rest_of_a_password_reaches_nobody_else() -> None:
    way = to_anna()
    assert typed(way, DOWN, QUIET) == Told("anna", DOWN)
    assert way.goes("ben", ALL) == [Told("anna", Key("KeyP", "up"))]
    assert way.take(Key("KeyP", "up")) is None
    now = QUIET
    for letter in "ASSWORD":
        now += QUIET // 2
        assert typed(way, Key(f"Key{letter}", "down"), now) is None
        assert way.take(Key(f"Key{letter}", "up")) is None
    assert typed(way, DOWN, now + QUIET) == Told("ben", DOWN), "after a pause it is meant for what is shown"


def test_whoever_touches_the_new_picture_means_it() -> None:
    way = to_anna()
    typed(way, DOWN, QUIET)
    way.goes("ben", ALL)
    assert way.take(Touch(0, "down", 0.5, 0.5), within=False) is None
    assert typed(way, DOWN, QUIET) is None
    assert way.take(Touch(1, "down", 0.5, 0.5)) == Told("ben", Touch(1, "down", 0.5, 0.5))
    assert typed(way, DOWN, QUIET) == Told("ben", DOWN)


def test_the_key_that_ended_remote_control_was_for_that() -> None:
    way = to_anna()
    typed(way, Key("ShiftLeft", "down"), QUIET)
    assert way.stopped(QUIET + 1) == [Told("anna", Key("ShiftLeft", "up"))]
    assert way.take(DOWN) is None
    assert way.take(Key("KeyP", "up")) is None
    assert typed(way, DOWN, 3 * QUIET) == Told("anna", DOWN)


def test_only_what_was_asked_for_is_told() -> None:
    way = WayBack()
    way.goes("anna", frozenset({"touch"}))
    assert way.take(Wheel(0, 1)) is None
    assert way.take(Pointer(0.5, 0.5)) is None
    assert typed(way, DOWN, QUIET) is None
    assert way.take(Touch(0, "down")) == Told("anna", Touch(0, "down"))


def test_what_lies_beside_the_picture_is_not_told_but_a_drag_goes_on() -> None:
    way = to_anna()
    assert way.take(Pointer(1, 1), within=False) is None
    assert way.take(Wheel(0, 1)) is None
    assert way.take(Pointer(1, 1, "down")) is not None
    assert way.take(Pointer(1, 1), within=False) is not None
    assert way.take(Pointer(1, 1, "up"), within=False) is not None
    assert way.take(Touch(2, "move", 1, 1)) is None


EVENTS = st.one_of(
    st.builds(Key, st.sampled_from(["KeyA", "KeyB"]), st.sampled_from(["down", "up"])),
    st.builds(Touch, st.integers(0, 2), st.sampled_from(["down", "move", "up"])),
    st.builds(Pointer, st.just(0.5), st.just(0.5), st.sampled_from(["move", "down", "up"])),
)
STEPS = st.lists(st.tuples(EVENTS | st.sampled_from(["anna", "ben", None]), st.booleans()), max_size=60)


@given(STEPS)
def test_nothing_is_stuck_and_nobody_is_told_of_what_another_got(
    steps: list[tuple[LocalInput | str | None, bool]],
) -> None:
    way, now, to = WayBack(), 0, None
    down: dict[str, set[str]] = {"anna": set(), "ben": set()}
    for step, within in [*steps, (None, True)]:
        now += QUIET // 3
        if isinstance(step, str | None):
            told = way.goes(step, ALL)
            assert {who for who, _ in told} <= {to}
            to = step
        else:
            if isinstance(step, Key) and step.action == "down":
                way.typing(now)
            one = way.take(step, within)
            told = [] if one is None else [one]
            assert {who for who, _ in told} <= {to}
        for who, event in told:
            assert not isinstance(event, Wheel)
            name = repr(getattr(event, "code", getattr(event, "finger", "left")))
            if event.action == "down":
                down[who].add(name)
            elif event.action == "up":
                down[who].remove(name)
    assert down == {"anna": set(), "ben": set()}
