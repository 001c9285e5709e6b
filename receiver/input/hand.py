"""What events do to devices: each becomes frames that a device reports at once. Pure.

Four devices, since one that is all things is taken for none: keyboard (with a TV remote's keys), pointer (absolute,
with wheel), touch (type B of the kernel's multi-touch protocol) and gamepad. Text is typed at ``STROKE_EVERY``, so
that no reader's buffer runs over; what its sender presses meanwhile waits behind it.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from receiver.input import keymap
from receiver.input.held import SECOND, Change, Control, Held
from receiver.input.keymap import Stroke
from receiver.link.hands import Gamepad, InputEvent, Key, MouseClick, Pointer, Text, Touch, Wheel

KEYBOARD, POINTER, TOUCH, GAMEPAD = "keyboard", "pointer", "touch", "gamepad"
EV_KEY, EV_REL, EV_ABS = 1, 2, 3
ABS_X, ABS_Y, ABS_Z, ABS_RX, ABS_RY, ABS_RZ = range(6)
MT_SLOT, MT_X, MT_Y, MT_ID = 0x2F, 0x35, 0x36, 0x39
BTN_TOUCH = 0x14A
WHEELS = ((8, 0x0B, -1), (6, 0x0C, 1))
"""Vertical and horizontal: in notches, in 120ths of one, and which way is forward."""

RANGE = 65535
STICK = 32767
SLOTS = 10
PAD = (
    *(0x130, 0x131, 0x134, 0x133, 0x136, 0x137, 0x138, 0x139, 0x13A, 0x13B, 0x13D, 0x13E),
    *(0x220, 0x221, 0x222, 0x223, 0x13C),
)
"""W3C's standard gamepad, button by button: the kernel's codes."""

STICKS = (ABS_X, ABS_Y, ABS_RX, ABS_RY)
TRIGGERS = {6: ABS_Z, 7: ABS_RZ}
PRESSED = 0.5
_AXIS = 0x1000
"""Added to an axis to tell it from a button in the table of what is held."""

STROKE_EVERY = SECOND // 200
MOST_WAITING = 2048

Report = tuple[int, int, int]
"""Type, code and value, as the kernel has them."""


class Frame(NamedTuple):
    """What one device reports at once."""

    device: str
    reports: tuple[Report, ...]


@dataclass
class Hand:
    """All senders' events, on one set of devices. ``enter``: a ``mouse-click`` is ENTER; ``layout``: of the text;
    ``console``: the kernel's console hears it."""

    layout: str = "us"
    enter: bool = False
    console: bool = False
    _held: Held = field(default_factory=lambda: Held(frozenset({KEYBOARD}), keymap.MODIFIERS))
    _typing: deque[tuple[str, Stroke | Key]] = field(default_factory=deque)
    _next_stroke: int = 0
    _slots: dict[tuple[str, int], int] = field(default_factory=dict)
    _touches: int = 0
    _wheel: list[float] = field(default_factory=lambda: [0.0, 0.0])
    _notches: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def take(self, who: str, event: InputEvent, now: int) -> list[Frame]:
        """Carry out an event that ``events.read`` has let pass."""
        self._held.alive(who, now)
        match event:
            case Key():
                if any(waiting == who for waiting, _ in self._typing):
                    return self._wait(who, [event])
                return self._key(who, event, now)
            case Text(text):
                strokes = [stroke for letter in text for stroke in keymap.strokes(letter, self.layout) or ()]
                return self._wait(who, strokes)
            case Pointer(x, y, action, button):
                return [_move(x, y), *self._press(who, Control(POINTER, keymap.BUTTONS[button]), action, now)]
            case MouseClick(x, y):
                control = Control(KEYBOARD, keymap.ENTER) if self.enter else Control(POINTER, keymap.LEFT)
                return [_move(x, y), *self._press(who, control, "press", now)]
            case Wheel():
                return self._turn(event)
            case Touch():
                return self._touch(who, event, now)
            case Gamepad():
                return self._pad(who, event, now)

    def let_go(self, who: str) -> list[Frame]:
        """``who`` is gone, or may no longer: nothing of theirs stays down, and nothing more is typed."""
        self._typing = deque(item for item in self._typing if item[0] != who)
        return self._frames(self._held.let_go(who))

    def let_all_go(self) -> list[Frame]:
        self._typing.clear()
        return self._frames(self._held.let_all_go())

    def tick(self, now: int) -> list[Frame]:
        """What is due: a stroke of text, a repetition, the end of what nobody vouches for."""
        frames = self._frames(self._held.tick(now))
        if self._typing and now >= self._next_stroke:
            who, item = self._typing.popleft()
            self._next_stroke = now + STROKE_EVERY
            frames += self._key(who, item, now) if isinstance(item, Key) else self._type(item, now)
        return frames

    def _type(self, stroke: Stroke, now: int) -> list[Frame]:
        """What somebody holds down goes up before, where it would make another letter of this one."""
        spoiling = self._held.codes(KEYBOARD) & {stroke.code, *stroke.held, *keymap.MODIFIERS}
        lifted = [change for code in sorted(spoiling) for change in self._held.lift(Control(KEYBOARD, code), now)]
        return self._frames(lifted) + _stroke(stroke)

    def deadline(self) -> int | None:
        """When ``tick`` is to be called; None: not before the next event."""
        times = [] if (held := self._held.deadline()) is None else [held]
        return min([*times, self._next_stroke] if self._typing else times, default=None)

    def _wait(self, who: str, items: list[Stroke] | list[Key]) -> list[Frame]:
        """Drop rule: where too much waits, all of its sender's that waits is dropped, and they hold nothing."""
        if len(self._typing) + len(items) > MOST_WAITING:
            return self.let_go(who)
        self._typing.extend((who, item) for item in items)
        return []

    def _key(self, who: str, event: Key, now: int) -> list[Frame]:
        return self._press(who, Control(KEYBOARD, keymap.CODES[event.code]), event.action, now)

    def _press(self, who: str, control: Control, action: str, now: int) -> list[Frame]:
        if control.device == KEYBOARD and action != "up" and not self._held.holds(control):
            together = self._held.codes(KEYBOARD) | {control.code}
            if keymap.commands_the_machine(together, self.console):
                return []
        changes: list[Change] = []
        if action in ("down", "press", "click"):
            changes += self._held.down(who, control, now)
        if action in ("up", "press", "click"):
            changes += self._held.up(who, control, now)
        return self._frames(changes)

    def _turn(self, event: Wheel) -> list[Frame]:
        reports: list[Report] = []
        for at, (turn, (notch, fine, forward)) in enumerate(zip((event.dy, event.dx), WHEELS, strict=True)):
            self._wheel[at] += turn * 120 * forward
            self._notches[at] += turn * forward
            for code, left in ((fine, self._wheel), (notch, self._notches)):
                if whole := int(left[at]):
                    left[at] -= whole
                    reports.append((EV_REL, code, whole))
        return [Frame(POINTER, tuple(reports))] if reports else []

    def _touch(self, who: str, event: Touch, now: int) -> list[Frame]:
        key = (who, event.finger)
        slot = self._slots.get(key)
        if event.action == "up":
            return [] if slot is None else self._frames(self._held.up(who, Control(TOUCH, slot), now))
        if slot is None:
            free = set(range(SLOTS)) - set(self._slots.values())
            if event.action == "move" or not free:
                return []
            slot = self._slots[key] = min(free)
        frames = self._frames(self._held.down(who, Control(TOUCH, slot), now))
        x, y = _spot(event.x, event.y)
        at = [(EV_ABS, MT_SLOT, slot), (EV_ABS, MT_X, x), (EV_ABS, MT_Y, y)]
        if slot == min(self._slots.values()):
            at += [(EV_ABS, ABS_X, x), (EV_ABS, ABS_Y, y)]
        if frames and frames[-1].reports[-1][1:] != (MT_ID, -1):  # a finger comes down together with its place
            return [*frames[:-1], Frame(TOUCH, (*frames[-1].reports, *at))]
        return [*frames, Frame(TOUCH, tuple(at))]

    def _pad(self, who: str, event: Gamepad, now: int) -> list[Frame]:
        frames: list[Frame] = []
        values = [(index, value) for index, value in enumerate(event.buttons)]
        for index, value in values:
            frames += self._press(who, Control(GAMEPAD, PAD[index]), "down" if value >= PRESSED else "up", now)
        axes = [(TRIGGERS[index], round(value * 255)) for index, value in values if index in TRIGGERS]
        axes += [(STICKS[index], round(value * STICK)) for index, value in enumerate(event.axes)]
        for axis, place in axes:
            control = Control(GAMEPAD, _AXIS + axis)
            if not place:
                frames += self._press(who, control, "up", now)
                continue
            self._held.down(who, control, now)
            frames.append(Frame(GAMEPAD, ((EV_ABS, axis, place),)))
        return frames

    def _frames(self, changes: list[Change]) -> list[Frame]:
        return [frame for change in changes if (frame := self._frame(change))]

    def _frame(self, change: Change) -> Frame | None:
        (device, code), value = change
        if device == TOUCH:
            return self._finger(code, down=value == 1)
        if device == GAMEPAD and code >= _AXIS:
            return Frame(GAMEPAD, ((EV_ABS, code - _AXIS, 0),)) if value == 0 else None
        return Frame(device, ((EV_KEY, code, value),))

    def _finger(self, slot: int, *, down: bool) -> Frame:
        reports: list[Report] = [(EV_ABS, MT_SLOT, slot)]
        if down:
            self._touches += 1
            if len(self._slots) == 1:
                reports.insert(0, (EV_KEY, BTN_TOUCH, 1))
            return Frame(TOUCH, (*reports, (EV_ABS, MT_ID, self._touches % RANGE)))
        self._slots = {key: taken for key, taken in self._slots.items() if taken != slot}
        if not self._slots:
            reports.insert(0, (EV_KEY, BTN_TOUCH, 0))
        return Frame(TOUCH, (*reports, (EV_ABS, MT_ID, -1)))


def _spot(x: float, y: float) -> tuple[int, int]:
    return round(x * RANGE), round(y * RANGE)


def _move(x: float, y: float) -> Frame:
    across, down = _spot(x, y)
    return Frame(POINTER, ((EV_ABS, ABS_X, across), (EV_ABS, ABS_Y, down)))


def _stroke(stroke: Stroke) -> list[Frame]:
    order = [*((code, 1) for code in stroke.held), (stroke.code, 1), (stroke.code, 0)]
    order += [(code, 0) for code in reversed(stroke.held)]
    return [Frame(KEYBOARD, ((EV_KEY, code, value),)) for code, value in order]
