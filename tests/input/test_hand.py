"""What events do to devices, and that no key is ever left down."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.input import hand as hands
from receiver.input.hand import EV_ABS, EV_KEY, GAMEPAD, POINTER, STROKE_EVERY, TOUCH, Frame, Hand
from receiver.input.held import LEASE, MOST, REPEAT_AFTER, REPEAT_EVERY, SECOND
from receiver.input.keymap import CODES, LEFT
from receiver.input.rate import BURST, PER_SECOND, Rate
from receiver.link.hands import Gamepad, InputEvent, Key, MouseClick, Pointer, Text, Touch, Wheel

A, ENTER, SHIFT = CODES["KeyA"], CODES["Enter"], CODES["ShiftLeft"]


def keys(frames: Iterable[Frame]) -> list[tuple[int, int]]:
    return [(code, value) for _, reports in frames for kind, code, value in reports if kind == EV_KEY]


def test_a_key_is_pressed_and_let_go() -> None:
    hand = Hand()
    assert keys(hand.take("anna", Key("KeyA"), 0)) == [(A, 1), (A, 0)]
    assert keys(hand.take("anna", Key("KeyA", "up"), 0)) == []
    assert hand.deadline() is None


def test_two_people_hold_one_key() -> None:
    hand = Hand()
    assert keys(hand.take("anna", Key("KeyA", "down"), 0)) == [(A, 1)]
    assert keys(hand.take("ben", Key("KeyA", "down"), 0)) == []
    assert keys(hand.take("anna", Key("KeyA", "up"), 0)) == []
    assert keys(hand.let_go("ben")) == [(A, 0)]


def test_what_nobody_vouches_for_goes_up() -> None:
    hand = Hand()
    hand.take("anna", Key("ShiftLeft", "down"), 0)
    assert hand.deadline() == LEASE
    assert keys(hand.take("anna", Key("ShiftLeft", "down"), LEASE - 1)) == []
    assert keys(hand.tick(LEASE)) == []
    assert keys(hand.tick(2 * LEASE - 1)) == [(SHIFT, 0)]
    assert hand.deadline() is None


def test_a_held_key_repeats_and_a_modifier_does_not() -> None:
    hand = Hand()
    hand.take("anna", Key("KeyA", "down"), 0)
    hand.take("anna", Key("ShiftLeft", "down"), 0)
    assert keys(hand.tick(REPEAT_AFTER - 1)) == []
    assert keys(hand.tick(REPEAT_AFTER)) == [(A, 2)]
    assert hand.deadline() == REPEAT_AFTER + REPEAT_EVERY
    hand.take("anna", Key("KeyA", "up"), REPEAT_AFTER)
    assert keys(hand.tick(2 * REPEAT_AFTER)) == []


def test_nobody_holds_more_than_fingers_can() -> None:
    hand = Hand()
    names = [name for name in CODES if name.startswith("Key")]
    seen = [keys(hand.take("anna", Key(name, "down"), 0)) for name in names]
    assert all(len(changes) == 1 for changes in seen[:MOST])
    assert seen[MOST] == [(CODES[names[0]], 0), (CODES[names[MOST]], 1)]


def test_keys_that_restart_the_machine_do_nothing() -> None:
    hand = Hand()
    for name in ("ControlLeft", "AltLeft"):
        hand.take("anna", Key(name, "down"), 0)
    assert keys(hand.take("anna", Key("Delete"), 0)) == []
    assert keys(hand.take("ben", Key("F2", "down"), 0)) == []
    hand = Hand()
    for name in ("Delete", "ControlLeft"):
        hand.take("anna", Key(name, "down"), 0)
    assert keys(hand.take("ben", Key("AltRight", "down"), 0)) == [], "in that order too"


def test_a_click_moves_first_and_may_be_enter() -> None:
    move = Frame(POINTER, ((EV_ABS, 0, 32768), (EV_ABS, 1, 65535)))
    frames = Hand().take("anna", MouseClick(0.5, 1), 0)
    assert (frames[0], keys(frames)) == (move, [(LEFT, 1), (LEFT, 0)])
    frames = Hand(enter=True).take("anna", MouseClick(0.5, 1), 0)
    assert (frames[0], keys(frames)) == (move, [(ENTER, 1), (ENTER, 0)])
    assert Hand().take("anna", Pointer(0.5, 1), 0) == [move]


def test_a_wheel_counts_parts_of_notches() -> None:
    hand = Hand()
    assert hand.take("anna", Wheel(dy=0.5), 0) == [Frame(POINTER, ((2, 0x0B, -60),))]
    assert hand.take("anna", Wheel(dy=0.5), 0) == [Frame(POINTER, ((2, 0x0B, -60), (2, 8, -1)))]
    assert hand.take("anna", Wheel(dx=1), 0) == [Frame(POINTER, ((2, 0x0C, 120), (2, 6, 1)))]


def test_text_is_typed_at_a_pace_and_what_follows_waits() -> None:
    hand = Hand()
    assert hand.take("anna", Text("aA"), 0) == []
    assert hand.take("anna", Key("Enter"), 0) == []
    typed, now = [], 0
    while hand.deadline() is not None:
        typed += keys(hand.tick(now))
        now += STROKE_EVERY
    assert typed == [(A, 1), (A, 0), (SHIFT, 1), (A, 1), (A, 0), (SHIFT, 0), (ENTER, 1), (ENTER, 0)]
    hand.take("anna", Text("aaa"), now)
    assert hand.let_go("anna") == []
    assert hand.deadline() is None


def test_fingers() -> None:
    hand = Hand()
    (down,) = hand.take("anna", Touch(3, "down", 0, 1), 0)
    assert down.reports == (
        *((EV_KEY, hands.BTN_TOUCH, 1), (EV_ABS, hands.MT_SLOT, 0), (EV_ABS, hands.MT_ID, 1)),
        *((EV_ABS, hands.MT_SLOT, 0), (EV_ABS, hands.MT_X, 0), (EV_ABS, hands.MT_Y, 65535)),
        *((EV_ABS, 0, 0), (EV_ABS, 1, 65535)),
    )
    (second,) = hand.take("ben", Touch(3, "down", 0, 0), 0)
    assert second.reports[:2] == ((EV_ABS, hands.MT_SLOT, 1), (EV_ABS, hands.MT_ID, 2))
    assert hand.let_go("anna") == [Frame(TOUCH, ((EV_ABS, hands.MT_SLOT, 0), (EV_ABS, hands.MT_ID, -1)))]
    (last,) = hand.take("ben", Touch(3, "up"), 0)
    assert last.reports[0] == (EV_KEY, hands.BTN_TOUCH, 0)
    assert hand.take("ben", Touch(3, "move"), 0) == []


def test_a_pad_is_let_go_too() -> None:
    hand = Hand()
    frames = hand.take("anna", Gamepad((1, 0, 0, 0, 0, 0, 0.5), (-1.0, 0)), 0)
    assert keys(frames) == [(0x130, 1), (0x138, 1)]
    assert Frame(GAMEPAD, ((EV_ABS, 0, -32767),)) in frames
    assert set(hand.let_go("anna")) == {
        *(Frame(GAMEPAD, ((EV_KEY, code, 0),)) for code in (0x130, 0x138)),
        *(Frame(GAMEPAD, ((EV_ABS, axis, 0),)) for axis in (0, hands.ABS_Z)),
    }


UNIT = st.floats(0, 1)
EVENTS = st.one_of(
    st.builds(Key, st.sampled_from(sorted(CODES)), st.sampled_from(["press", "down", "up"])),
    st.builds(Pointer, UNIT, UNIT, st.sampled_from(["move", "down", "up", "click"]), st.just("left")),
    st.builds(Text, st.text("abcXYZ!", min_size=1, max_size=5)),
    st.builds(Touch, st.integers(0, 9), st.sampled_from(["down", "move", "up"]), UNIT, UNIT),
    st.builds(Gamepad, st.tuples(UNIT, UNIT), st.tuples(st.floats(-1, 1))),
    st.builds(MouseClick, UNIT, UNIT),
)
STEPS = st.lists(st.tuples(st.sampled_from(["anna", "ben"]), EVENTS | st.none(), st.integers(0, SECOND)), max_size=60)


class Machine:
    """What a machine would think is down."""

    def __init__(self) -> None:
        self.down: set[tuple[str, int]] = set()
        self.slot = 0
        self.touching: set[int] = set()
        self.axes: dict[int, int] = {}

    def see(self, frames: list[Frame]) -> None:
        for device, reports in frames:
            for kind, code, value in reports:
                if kind == EV_KEY and value == 1:
                    assert (device, code) not in self.down, "pressed twice"
                    self.down.add((device, code))
                elif kind == EV_KEY and value == 0:
                    self.down.remove((device, code))
                elif kind == EV_KEY:
                    assert (device, code) in self.down, "repeated while up"
                elif device == GAMEPAD:
                    self.axes[code] = value
                elif device == TOUCH and code == hands.MT_SLOT:
                    self.slot = value
                elif device == TOUCH and code == hands.MT_ID:
                    (self.touching.discard if value == -1 else self.touching.add)(self.slot)

    @property
    def at_rest(self) -> bool:
        return not self.down and not self.touching and not any(self.axes.values())


def test_text_is_typed_as_it_is_whatever_is_held() -> None:
    hand = Hand()
    hand.take("ben", Key("Digit1", "down"), 0)
    hand.take("ben", Key("ControlLeft", "down"), 0)
    hand.take("ben", Key("ArrowUp", "down"), 0)
    hand.take("anna", Text("!"), 1)
    codes = [code[1:] for frame in hand.tick(1) for code in frame.reports]
    one, shift, control = (CODES[name] for name in ("Digit1", "ShiftLeft", "ControlLeft"))
    assert sorted(codes[:2]) == sorted([(one, 0), (control, 0)])
    assert codes[2:] == [(shift, 1), (one, 1), (one, 0), (shift, 0)]


@pytest.mark.parametrize("end", ["let go", "time"])
@given(STEPS)
def test_nothing_is_ever_stuck(end: str, steps: list[tuple[str, InputEvent | None, int]]) -> None:
    hand, machine, now = Hand(), Machine(), 0
    for who, event, wait in steps:
        now += wait
        while (deadline := hand.deadline()) is not None and deadline <= now:
            machine.see(hand.tick(deadline))
        machine.see(hand.let_go(who) if event is None else hand.take(who, event, now))
    if end == "let go":
        for who in ("anna", "ben"):
            machine.see(hand.let_go(who))
    else:
        limit = now + 2 * LEASE
        while (deadline := hand.deadline()) is not None and deadline <= limit:
            machine.see(hand.tick(deadline))
    assert hand.deadline() is None
    assert machine.at_rest


def test_how_fast_events_may_come() -> None:
    rate = Rate()
    assert all(rate.spend(1, SECOND) for _ in range(BURST))
    assert not rate.spend(1, SECOND)
    assert sum(rate.spend(1, 2 * SECOND) for _ in range(2 * PER_SECOND)) == PER_SECOND
