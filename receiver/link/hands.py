"""What the app and hands, the process of the input devices, tell each other. Pure.

The event classes are the schema of ``input.event`` (DDP.md section 12) as well: what a sender may send is what hands
can carry out.
"""

from typing import Annotated, Literal

import msgspec

Unit = Annotated[float, msgspec.Meta(ge=0, le=1)]
Deflection = Annotated[float, msgspec.Meta(ge=-1, le=1)]
Notches = Annotated[float, msgspec.Meta(ge=-50, le=50)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]

MAX_TEXT = 256
BUTTONS = 17
AXES = 4

# ---- events


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="key"):
    """A key by its place on the keyboard, DOM's ``KeyboardEvent.code``, or a TV remote's (docs/DDP.md has the names).

    ``press`` is down and up. Another ``down`` of a key that is held says that it still is.
    """

    code: Name
    action: Literal["press", "down", "up"] = "press"


class Pointer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="pointer"):
    """The pointer goes to ``x``, ``y``, from 0 to 1 across the shown picture, and then ``button`` does ``action``."""

    x: Unit
    y: Unit
    action: Literal["move", "down", "up", "click"] = "move"
    button: Literal["left", "middle", "right"] = "left"


class MouseClick(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="mouse-click"):
    """A click at ``x``, ``y``, or ENTER there, as the box's configuration says."""

    x: Unit
    y: Unit


class Wheel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="wheel"):
    """The wheel turns by so many notches: ``dy`` > 0 is down, ``dx`` > 0 to the right, as in DOM."""

    dx: Notches = 0.0
    dy: Notches = 0.0


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="text"):
    """Text is typed, as the keyboard's layout has it."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]


class Touch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="touch"):
    """A finger, of ten, on the shown picture; ``up`` needs no place."""

    finger: Annotated[int, msgspec.Meta(ge=0, le=9)]
    action: Literal["down", "move", "up"]
    x: Unit = 0.0
    y: Unit = 0.0


class Gamepad(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="gamepad"):
    """The state of a pad in W3C's standard layout: up to 17 ``buttons`` from 0 to 1, and up to 4 ``axes``."""

    buttons: Annotated[tuple[Unit, ...], msgspec.Meta(max_length=BUTTONS)] = ()
    axes: Annotated[tuple[Deflection, ...], msgspec.Meta(max_length=AXES)] = ()


InputEvent = Key | Pointer | MouseClick | Wheel | Text | Touch | Gamepad
LocalInput = Key | Pointer | Wheel | Touch
"""What is done at the display itself: no ``press`` and no ``click``, and ``down`` again each second of what is held."""

# ---- app -> hands


class SetUpHands(msgspec.Struct, frozen=True, tag="set-up-hands"):
    """First of all: which devices (``[input]`` of the configuration), the layout that text is typed on, and whether a
    ``mouse-click`` is ENTER."""

    device: Literal["auto", "off", "null"] = "auto"
    layout: Literal["us", "gb", "de", "fr"] = "us"
    enter: bool = False


class Inject(msgspec.Struct, frozen=True, tag="inject"):
    """Carry this out for the session ``who``. Places are the whole screen's by now."""

    who: str
    event: InputEvent


class LetGo(msgspec.Struct, frozen=True, tag="let-go"):
    """Release all that the session ``who`` holds."""

    who: str


class SetUpTv(msgspec.Struct, frozen=True, tag="set-up-tv"):
    """Speak CEC with the TV, which lists us under this name; without an adapter, wait for one."""

    name: str


class TurnTv(msgspec.Struct, frozen=True, tag="turn-tv"):
    """Wake the TV and make it show us; or send it to standby, if it shows us."""

    on: bool


class WatchLocal(msgspec.Struct, frozen=True, tag="watch-local"):
    """Tell what is done at the display's own keyboards, mice and touch screens, or tell it no longer.

    ``width``, ``height``: of the screen, for mice, which only say how far they went; ``degrees``: how far pictures are
    turned clockwise for a screen that hangs turned, whose touches are not. ``console``: only while this
    virtual terminal is in front, e.g. ``tty1``; empty where that does not matter.
    """

    on: bool
    width: int = 1920
    height: int = 1080
    degrees: int = 0
    console: str = ""


# ---- hands -> app


class HandsReady(msgspec.Struct, frozen=True, tag="hands-ready"):
    """Hands are up. ``able``: there are devices to drive; ``reason``: a sentence on which, or on why not.

    ``guarded``: the display's own keyboards can be read, so that a key of theirs ends all control.
    """

    able: bool
    reason: str
    guarded: bool


class LocalKey(msgspec.Struct, frozen=True, tag="local-key"):
    """Somebody pressed a key of the display's own ``device``. Hands have let go of everything already."""

    device: str


class LocalEvent(msgspec.Struct, frozen=True, tag="local-event"):
    """Somebody at the display does this. Places are the whole screen's."""

    event: LocalInput


class WatchingLocal(msgspec.Struct, frozen=True, tag="watching-local"):
    """What there is of the display's own devices is open as ``wanted``: what is done there is told from here on, or no
    longer."""

    wanted: WatchLocal


class HandsTrouble(msgspec.Struct, frozen=True, tag="hands-trouble"):
    """An event was not carried out; ``reason`` is a sentence."""

    reason: str


class TvState(msgspec.Struct, frozen=True, tag="tv-state"):
    """What is known of the TV, whenever that changes. ``connected``: it can be spoken to; ``reason``: a sentence on
    how, or on why not. ``shows_us`` and ``power`` are as it says itself, and TVs lie."""

    connected: bool
    reason: str
    shows_us: bool = False
    power: Literal["on", "standby", "unknown"] = "unknown"


class TvKey(msgspec.Struct, frozen=True, tag="tv-key"):
    """A key of the TV's remote control goes down or up, e.g. ``select``, ``back``, ``up``; ``again``: it is still down,
    as the TV says some times a second."""

    name: str
    down: bool
    again: bool = False
