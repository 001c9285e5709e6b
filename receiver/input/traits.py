"""What a device of the display's own is, by what it says of itself, and where on the screen its places are. Pure.

A device is a keyboard, a mouse, a touch screen, or several of them at once. Touch pads are none of them: where they are
touched is no place on the screen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from receiver.input import keymap
from receiver.input.hand import ABS_X, BTN_TOUCH, MT_ID

BTN_LEFT, BTN_TOOL_FINGER = keymap.LEFT, 0x145
REL_X = 0

NAMES: dict[int, str] = {
    352: "Ok",
    353: "Ok",  # KEY_OK, KEY_SELECT: what the remote controls of boxes have
    **{code: name for name, code in reversed(keymap.CODES.items())},  # DOM's own names before a remote's
}
CEC_NAMES: dict[str, str] = {
    "select": "Ok",
    "up": "ArrowUp",
    "down": "ArrowDown",
    "left": "ArrowLeft",
    "right": "ArrowRight",
    "home": "HomePage",
    "menu": "Menu",
    "back": "Back",
    "channel_up": "ChannelUp",
    "channel_down": "ChannelDown",
    "volume_up": "AudioVolumeUp",
    "volume_down": "AudioVolumeDown",
    "mute": "AudioVolumeMute",
    "play": "Play",
    "stop": "MediaStop",
    "pause": "MediaPause",
    "rewind": "Rewind",
    "fast_forward": "FastForward",
    "play_pause": "MediaPlayPause",
    **{str(digit): f"Digit{digit}" for digit in range(10)},
}
"""Keys of a TV's remote control as ``cec`` names them, to those of ``input.event``."""

Kind = Literal["key", "pointer", "touch"]


class Traits(NamedTuple):
    """What a device says of itself. ``ranges``: the least and the greatest of each axis; ``direct``: what is touched is
    the screen; ``values``: of axes at first, and ``slots`` of each finger's, since only changes are told."""

    keys: frozenset[int] = frozenset()
    relative: frozenset[int] = frozenset()
    ranges: Mapping[int, tuple[int, int]] = {}
    direct: bool = False
    values: Mapping[int, int] = {}
    slots: Mapping[int, tuple[int, ...]] = {}

    @property
    def kinds(self) -> frozenset[Kind]:
        """What it is; empty for what nobody is told of."""
        kinds: set[Kind] = set()
        if self.keys & NAMES.keys():
            kinds.add("key")
        if BTN_TOUCH in self.keys or (self.direct and MT_ID in self.ranges):
            if self.direct or BTN_TOOL_FINGER not in self.keys:
                kinds.add("touch")
        elif BTN_LEFT in self.keys and (REL_X in self.relative or ABS_X in self.ranges):
            kinds.add("pointer")
        return frozenset(kinds)


@dataclass
class Cursor:
    """Where the pointer is, from 0 to 1; all mice move the same one. ``width``, ``height``: of the screen as people see
    it; ``degrees``: how far pictures are turned clockwise to stand upright on it, and so what touches it not."""

    x: float = 0.5
    y: float = 0.5
    width: int = 1920
    height: int = 1080
    degrees: int = 0

    def move(self, dx: int, dy: int) -> None:
        self.x, self.y = unit(self.x + dx / self.width), unit(self.y + dy / self.height)


def turned_back(x: float, y: float, degrees: int) -> tuple[float, float]:
    """A place on what was turned clockwise by so much, as one on what it was before."""
    for _ in range(degrees // 90):
        x, y = y, 1 - x
    return x, y


def unit(value: float) -> float:
    return min(1.0, max(0.0, value))
