"""What the display's own devices say, and that it is what was done: through ``hand`` and back."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from receiver.input import hand as hands
from receiver.input.hand import EV_ABS, EV_KEY, EV_REL, KEYBOARD, POINTER, TOUCH, Frame, Hand
from receiver.input.keymap import CODES
from receiver.input.sense import SYN_DROPPED, SYN_REPORT, Sense, newest
from receiver.input.traits import Cursor, Traits
from receiver.link.hands import Key, LocalInput, Pointer, Touch, Wheel

PLACE = (0, hands.RANGE)
KEYS = Traits(keys=frozenset(CODES.values()))
TABLET = Traits(frozenset({0x110, 0x111, 0x112}), frozenset({8, 6, 0x0B, 0x0C}), {0: PLACE, 1: PLACE})
MOUSE = Traits(frozenset({0x110}), frozenset({0, 1, 8}))
SCREEN = Traits(
    frozenset({hands.BTN_TOUCH}),
    ranges=dict.fromkeys((0, 1, hands.MT_X, hands.MT_Y, hands.MT_ID), PLACE) | {hands.MT_SLOT: (0, 9)},
)
PLAIN_SCREEN = Traits(frozenset({hands.BTN_TOUCH}), ranges={0: (0, 100), 1: (100, 200)})
PAD = Traits(frozenset({0x110, hands.BTN_TOUCH, 0x145}), ranges={0: PLACE, 1: PLACE})


def said(sense: Sense, *reports: tuple[int, int, int]) -> list[LocalInput]:
    return [event for report in (*reports, (0, SYN_REPORT, 0)) for event in sense.take(*report)]


def test_what_a_device_is() -> None:
    kinds = ((KEYS, "key"), (TABLET, "pointer"), (MOUSE, "pointer"), (SCREEN, "touch"), (PLAIN_SCREEN, "touch"))
    for traits, kind in kinds:
        assert traits.kinds == {kind}
    assert PAD.kinds == frozenset(), "where a touch pad is touched is no place on the screen"
    assert Traits(frozenset({0x130}), ranges={0: PLACE}).kinds == frozenset(), "a gamepad"
    assert Traits(KEYS.keys | MOUSE.keys, MOUSE.relative).kinds == {"key", "pointer"}, "both by one receiver"


def test_a_mouse_moves_the_pointer_over_the_screen() -> None:
    sense = Sense(MOUSE, Cursor(0.5, 0.5, 200, 100))
    assert said(sense, (EV_REL, 0, 20), (EV_REL, 1, -200)) == [Pointer(0.6, 0.0)]
    assert said(sense, (EV_KEY, 0x110, 1), (EV_REL, 0, 20)) == [Pointer(0.7, 0.0, "down")], "where it is by then"
    assert said(sense, (EV_REL, 8, -2)) == [Wheel(0, 2.0)]
    assert sense.still() == [Pointer(0.6, 0.0, "down")]
    assert said(sense, (EV_KEY, 0x110, 0)) == [Pointer(0.7, 0.0, "up")]


def test_a_screen_of_one_finger() -> None:
    sense = Sense(PLAIN_SCREEN)
    assert said(sense, (EV_ABS, 0, 50), (EV_ABS, 1, 100), (EV_KEY, hands.BTN_TOUCH, 1)) == [Touch(0, "down", 0.5, 0.0)]
    assert said(sense, (EV_ABS, 1, 200)) == [Touch(0, "move", 0.5, 1.0)]
    assert said(sense, (EV_KEY, hands.BTN_TOUCH, 0)) == [Touch(0, "up", 0.5, 1.0)]


def test_on_a_screen_that_hangs_turned_places_are_those_that_people_see() -> None:
    upright = Sense(PLAIN_SCREEN, Cursor(degrees=90))
    assert said(upright, (EV_ABS, 0, 100), (EV_ABS, 1, 125), (EV_KEY, hands.BTN_TOUCH, 1)) == [
        Touch(0, "down", 0.25, 0)
    ]
    sense = Sense(TABLET, Cursor(degrees=270))
    assert said(sense, (EV_ABS, 0, 0), (EV_ABS, 1, hands.RANGE)) == [Pointer(0.0, 0.0)]


def test_keys_that_repeat_or_command_the_machine_are_not_told() -> None:
    sense = Sense(KEYS)
    control, alt, f2, a = (CODES[name] for name in ("ControlLeft", "AltLeft", "F2", "KeyA"))
    assert said(sense, (EV_KEY, a, 1), (EV_KEY, a, 2), (EV_KEY, 116, 1)) == [Key("KeyA", "down")]
    assert said(sense, (EV_KEY, a, 0)) == [Key("KeyA", "up")]
    said(sense, (EV_KEY, control, 1), (EV_KEY, alt, 1))
    assert said(sense, (EV_KEY, f2, 1)) == [Key("ControlLeft", "up"), Key("AltLeft", "up")]
    assert said(sense, (EV_KEY, f2, 0), (EV_KEY, alt, 0), (EV_KEY, control, 0)) == []


def test_at_a_console_keys_that_switch_it_are_not_told_either() -> None:
    alt, left = CODES["AltLeft"], CODES["ArrowLeft"]
    for console, told in ((False, [Key("ArrowLeft", "down")]), (True, [Key("AltLeft", "up")])):
        sense = Sense(KEYS, console=console)
        said(sense, (EV_KEY, alt, 1))
        assert said(sense, (EV_KEY, left, 1)) == told


def test_what_the_kernel_lost_is_let_go_of() -> None:
    sense = Sense(KEYS)
    said(sense, (EV_KEY, 30, 1))
    assert sense.take(0, SYN_DROPPED, 0) == [Key("KeyA", "up")]
    assert said(sense, (EV_KEY, 31, 1)) == [], "until the end of that frame nothing is sure"
    assert said(sense, (EV_KEY, 30, 1)) == [Key("KeyA", "down")]


def test_a_finger_that_was_there_before_is_not_told() -> None:
    sense = Sense(SCREEN._replace(slots={hands.MT_X: (hands.RANGE,), hands.MT_Y: (0,)}, values={hands.MT_SLOT: 0}))
    assert said(sense, (EV_ABS, hands.MT_ID, -1)) == []
    assert said(sense, (EV_ABS, hands.MT_ID, 7)) == [Touch(0, "down", 1.0, 0.0)], "the kernel tells only what changes"
    assert sense.release() == [Touch(0, "up", 1.0, 0.0)]
    assert said(sense, (EV_ABS, hands.MT_X, 0)) == [], "until it is lifted"


def test_places_that_are_old_already_are_left_out() -> None:
    moves: list[LocalInput] = [
        *(Touch(0, "move", 0.1), Touch(0, "move", 0.2), Touch(1, "move")),
        *(Pointer(0, 0), Pointer(1, 1), Key("KeyA")),
    ]
    assert newest(moves) == [Touch(0, "move", 0.2), Touch(1, "move"), Pointer(1, 1), Key("KeyA")]


class Machine:
    """Our devices' reports, read again: what came out, and what is still held."""

    def __init__(self) -> None:
        cursor = Cursor()
        self.senses = {KEYBOARD: Sense(KEYS), POINTER: Sense(TABLET, cursor), TOUCH: Sense(SCREEN)}

    def see(self, frames: Iterable[Frame]) -> list[LocalInput]:
        return [event for device, reports in frames for event in said(self.senses[device], *reports)]


STEP = st.sampled_from([n / 100 for n in range(101)])
KEY_NAMES = st.sampled_from(["KeyA", "Enter", "ShiftLeft", "F5"])
DOWN_UP = st.sampled_from(["down", "up"])
ACTIONS = st.one_of(
    st.builds(Key, KEY_NAMES, DOWN_UP),
    st.builds(Pointer, STEP, STEP, DOWN_UP, st.sampled_from(["left", "right"])),
    st.builds(Touch, st.integers(0, 4), st.sampled_from(["down", "move", "up"]), STEP, STEP),
)


@given(st.lists(ACTIONS, max_size=40))
def test_what_goes_in_comes_out(actions: list[Key | Pointer | Touch]) -> None:
    hand, machine = Hand(), Machine()
    held: dict[tuple[str, object], LocalInput] = {}
    for action in actions:
        told = [_action(event) for event in machine.see(hand.take("anna", action, 0))]
        who = _name(action)
        effects = [one for one in told if one in ("down", "up")]
        if action.action == "move":
            assert told == (["move"] if who in held else [])
        elif action.action == "down" and who not in held:
            assert effects == ["down"]
            held[who] = action
        elif action.action == "up" and who in held:
            assert effects == ["up"]
            del held[who]
        else:
            assert effects == []
    machine.see(hand.let_all_go())
    assert [event for sense in machine.senses.values() for event in sense.still()] == []


def _action(event: LocalInput) -> str:
    assert not isinstance(event, Wheel)
    return event.action


def _name(event: LocalInput) -> tuple[str, object]:
    match event:
        case Key(code):
            return "key", code
        case Pointer(button=button):
            return "button", button
        case Touch(finger):
            return "finger", finger
    raise AssertionError(event)
