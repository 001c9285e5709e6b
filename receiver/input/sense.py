"""What a device of the display's own says, as events that a sender knows: ``hand`` the other way round. Pure."""

from dataclasses import dataclass, field
from typing import Literal

from msgspec.structs import replace

from receiver.input import keymap
from receiver.input.hand import ABS_X, ABS_Y, BTN_TOUCH, EV_ABS, EV_KEY, EV_REL, MT_ID, MT_SLOT, MT_X, MT_Y, SLOTS
from receiver.input.traits import NAMES, REL_X, Cursor, Traits, turned_back, unit
from receiver.link.hands import Key, LocalInput, Pointer, Touch, Wheel

EV_SYN, SYN_REPORT, SYN_DROPPED = 0, 0, 3
REL_HWHEEL, REL_WHEEL_FINE, REL_HWHEEL_FINE = 6, 0x0B, 0x0C
FINE = 120
MOST_NOTCHES = 50.0

_BUTTONS = {code: name for name, code in keymap.BUTTONS.items()}
Button = Literal["left", "middle", "right"]


@dataclass
class _Finger:
    x: float = 0.0
    y: float = 0.0
    number: int = -1
    shown: int = -1
    """The ``number`` that was told of, -1 for none."""


@dataclass
class Sense:
    """One device; ``take`` each report as it comes. ``console``: the kernel's console hears its keys too."""

    traits: Traits
    cursor: Cursor = field(default_factory=Cursor)
    console: bool = False

    def __post_init__(self) -> None:
        self._kinds = self.traits.kinds
        self._held: dict[str, LocalInput] = {}
        self._keys: set[int] = set()
        self._frame: list[LocalInput] = []
        self._moved = self._blind = False
        self._turned = [0.0, 0.0]
        self._multi = MT_ID in self.traits.ranges
        self._slot = self.traits.values.get(MT_SLOT, 0)
        self._fingers = [_Finger() for _ in range(SLOTS)]
        self._pen = _Finger()
        """Where a pointer is that says where."""
        self._changed: dict[int, None] = {}
        for axis, values in self.traits.slots.items():
            for finger, value in zip(self._fingers, values, strict=False):
                self._put(finger, axis, value)
        for axis in () if self._multi else (ABS_X, ABS_Y):
            self._place(axis, self.traits.values.get(axis, 0))
        self._moved = False

    def take(self, kind: int, code: int, value: int) -> list[LocalInput]:
        """What follows from one report; most come with the end of its frame."""
        if kind == EV_SYN:
            if code == SYN_DROPPED:
                self._blind = True
                self._frame.clear()
                return self.release()
            return self._end() if code == SYN_REPORT else []
        if self._blind:
            return []
        if kind == EV_KEY:
            self._press(code, value)
        elif kind == EV_REL:
            self._turn(code, value)
        elif kind == EV_ABS:
            self._place(code, value)
        return []

    def still(self) -> list[LocalInput]:
        """All that is held, again."""
        return list(self._held.values())

    def release(self) -> list[LocalInput]:
        """Nothing is held any more, whatever the device says."""
        for finger in self._fingers:
            finger.shown = finger.number
        self._changed.clear()
        return [up for name in list(self._held) if (up := self._up(name)) is not None]

    def _end(self) -> list[LocalInput]:
        if self._blind:
            self._blind = False
            return []
        x, y = self.cursor.x, self.cursor.y
        frame = [replace(event, x=x, y=y) if isinstance(event, Pointer) else event for event in self._frame]
        if self._moved and not any(isinstance(event, Pointer) for event in frame):
            frame.append(Pointer(x, y))
        self._frame = frame
        if any(self._turned):
            dx, dy = (max(-MOST_NOTCHES, min(MOST_NOTCHES, turned)) for turned in self._turned)
            self._frame.append(Wheel(dx, dy))
        for slot in self._changed:
            self._touch(slot, self._fingers[slot])
        frame, self._frame = self._frame, []
        self._moved, self._turned = False, [0.0, 0.0]
        self._changed.clear()
        return frame

    def _press(self, code: int, value: int) -> None:
        """``value`` 2, the kernel's own repetition, is for whoever gets the key to make."""
        if code == BTN_TOUCH and "touch" in self._kinds and not self._multi:
            self._fingers[0].number = value - 1
            self._changed[0] = None
        elif code in _BUTTONS and "pointer" in self._kinds:
            button: Button = _BUTTONS[code]  # type: ignore[assignment]
            self._change(f"button {button}", Pointer(self.cursor.x, self.cursor.y, "down", button), value)
        elif code in NAMES:
            (self._keys.add if value else self._keys.discard)(code)
            if value and keymap.commands_the_machine(self._keys, self.console):
                self._frame += self.release()  # that is for this machine, whoever is told of the rest
            else:
                self._change(f"key {code}", Key(NAMES[code], "down"), value)

    def _change(self, name: str, down: Key | Pointer, value: int) -> None:
        if value == 1:
            self._held[name] = down
            self._frame.append(down)
        elif value == 0 and (up := self._up(name)) is not None:
            self._frame.append(up)

    def _up(self, name: str) -> LocalInput | None:
        match self._held.pop(name, None):
            case Key(code):
                return Key(code, "up")
            case Pointer(button=button):
                return Pointer(self.cursor.x, self.cursor.y, "up", button)
            case Touch(finger, x=x, y=y):
                return Touch(finger, "up", x, y)
        return None

    def _turn(self, code: int, value: int) -> None:
        fine = REL_WHEEL_FINE in self.traits.relative
        match code:
            case 0 | 1:
                self.cursor.move(*((value, 0) if code == REL_X else (0, value)))
                self._moved = True
            case 0x0B | 0x0C:
                across = code == REL_HWHEEL_FINE
                self._turned[0 if across else 1] += (value if across else -value) / FINE
            case 6 | 8 if not fine:
                across = code == REL_HWHEEL
                self._turned[0 if across else 1] += value if across else -value

    def _place(self, axis: int, value: int) -> None:
        if "touch" in self._kinds:
            if axis == MT_SLOT:
                self._slot = value
            elif (slot := self._slot if self._multi else 0) in range(SLOTS):
                finger = self._fingers[slot]
                if axis == MT_ID:
                    finger.number = value
                elif not self._put(finger, axis, value):
                    return
                self._changed[slot] = None
        elif "pointer" in self._kinds and axis in (ABS_X, ABS_Y) and axis in self.traits.ranges:
            self._put(self._pen, axis, value)
            self.cursor.x, self.cursor.y = turned_back(self._pen.x, self._pen.y, self.cursor.degrees)
            self._moved = True

    def _put(self, finger: _Finger, axis: int, value: int) -> bool:
        across, down = (MT_X, MT_Y) if self._multi else (ABS_X, ABS_Y)
        if axis not in (across, down):
            return False
        if axis == across:
            finger.x = self._part(axis, value)
        else:
            finger.y = self._part(axis, value)
        return True

    def _part(self, axis: int, value: int) -> float:
        least, greatest = self.traits.ranges.get(axis, (0, 0))
        return unit((value - least) / (greatest - least)) if greatest > least else 0.0

    def _touch(self, slot: int, finger: _Finger) -> None:
        name = f"finger {slot}"
        x, y = turned_back(finger.x, finger.y, self.cursor.degrees)
        if finger.shown != finger.number and name in self._held:
            self._frame.append(Touch(slot, "up", x, y))
            del self._held[name]
        if finger.number >= 0 and (finger.shown != finger.number or name in self._held):
            self._frame.append(Touch(slot, "move" if name in self._held else "down", x, y))
            self._held[name] = Touch(slot, "down", x, y)
        finger.shown = finger.number


def newest(events: list[LocalInput]) -> list[LocalInput]:
    """The same without places that a pointer or a finger has left again before anything else happened."""
    kept: list[LocalInput] = []
    for event in events:
        if kept and _is_move(event) and _is_move(kept[-1]) and _who(event) == _who(kept[-1]):
            kept.pop()
        kept.append(event)
    return kept


def _is_move(event: LocalInput) -> bool:
    return isinstance(event, Pointer | Touch) and event.action == "move"


def _who(event: LocalInput) -> int:
    return event.finger if isinstance(event, Touch) else -1
