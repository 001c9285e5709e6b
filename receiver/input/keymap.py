"""Keys: DOM's names and a TV remote's to the kernel's codes, and text to strokes on a layout. Pure.

Kernel codes are linux/input-event-codes.h's; DOM names are UI Events' KeyboardEvent.code.
"""

from typing import NamedTuple

_ROWS = {
    1: "Escape Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal Backspace Tab "
    "KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight Enter ControlLeft "
    "KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backquote ShiftLeft Backslash "
    "KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash ShiftRight NumpadMultiply AltLeft Space CapsLock "
    "F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 NumLock ScrollLock Numpad7 Numpad8 Numpad9 NumpadSubtract "
    "Numpad4 Numpad5 Numpad6 NumpadAdd Numpad1 Numpad2 Numpad3 Numpad0 NumpadDecimal",
    86: "IntlBackslash F11 F12 IntlRo",
    96: "NumpadEnter ControlRight NumpadDivide",
    100: "AltRight",
    102: "Home ArrowUp PageUp ArrowLeft ArrowRight End ArrowDown PageDown Insert Delete",
    113: "AudioVolumeMute AudioVolumeDown AudioVolumeUp",
    117: "NumpadEqual",
    119: "Pause",
    124: "IntlYen MetaLeft MetaRight ContextMenu BrowserStop",
    183: "F13 F14 F15 F16 F17 F18 F19 F20 F21 F22 F23 F24",
}

_SINGLE = {
    "BrowserBack": 158,
    "BrowserForward": 159,
    "BrowserRefresh": 173,
    "BrowserHome": 172,
    "BrowserSearch": 217,
    "MediaTrackNext": 163,
    "MediaPlayPause": 164,
    "MediaTrackPrevious": 165,
    "MediaStop": 166,
}

REMOTE = {
    "Ok": 28,  # ENTER: what players and browsers understand; KEY_OK is known to few
    "Back": 158,
    "HomePage": 172,
    "Menu": 139,
    "Info": 358,
    "Guide": 362,
    "Play": 207,
    "MediaPause": 201,
    "FastForward": 208,
    "Rewind": 168,
    "Record": 167,
    "ChannelUp": 402,
    "ChannelDown": 403,
    "Subtitle": 370,
    "Red": 398,
    "Green": 399,
    "Yellow": 400,
    "Blue": 401,
}
"""A TV remote's keys that DOM has no code for."""

CODES: dict[str, int] = {
    **{name: start + at for start, names in _ROWS.items() for at, name in enumerate(names.split())},
    **_SINGLE,
    **REMOTE,
}
"""Every key that may be sent, with the kernel's code. Not Power, Sleep and PrintScreen (the kernel's SysRq): they
command the machine itself, whoever presses them."""

MODIFIERS = frozenset(
    CODES[name]
    for name in (
        *("ControlLeft", "ControlRight", "ShiftLeft", "ShiftRight"),
        *("AltLeft", "AltRight", "MetaLeft", "MetaRight", "CapsLock", "NumLock", "ScrollLock"),
    )
)
"""Keys that do not repeat."""

CONTROLS = frozenset(CODES[name] for name in ("ControlLeft", "ControlRight"))
ALTS = frozenset(CODES[name] for name in ("AltLeft", "AltRight"))
ORDERS = frozenset(CODES[name] for name in ("Delete", "NumpadDecimal", "Backspace", *(f"F{n}" for n in range(1, 13))))

CONSOLE_ORDERS = frozenset(
    CODES[name] for name in ("ArrowLeft", "ArrowRight", "ArrowUp", *(f"F{n}" for n in range(1, 13)))
)
"""With Alt alone, where the kernel's console hears the keys."""


def commands_the_machine(codes: set[int], console: bool = False) -> bool:
    """Whether these keys, held together, restart the machine (Ctrl-Alt-Delete) or take its screen (Ctrl-Alt-F1); on a
    ``console``, which no desktop keeps from hearing them, Alt-F1 and Alt-Left do so too."""
    if not codes & ALTS:
        return False
    return bool(codes & CONTROLS and codes & ORDERS) or (console and bool(codes & CONSOLE_ORDERS))


SHIFT, ALTGR, ENTER = CODES["ShiftLeft"], CODES["AltRight"], CODES["Enter"]
LEFT, RIGHT, MIDDLE = 0x110, 0x111, 0x112
BUTTONS = {"left": LEFT, "right": RIGHT, "middle": MIDDLE}


class Stroke(NamedTuple):
    """A key that is pressed and let go, while ``held`` are down."""

    code: int
    held: tuple[int, ...] = ()


_ORDER = (
    "Backquote Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal "
    "KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight "
    "KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backslash "
    "IntlBackslash KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash"
)
_KEYS = _ORDER.split(" ")

_NONE = "\0"
"""No character, or a dead key."""

# For each layout: plain, with Shift, with AltGr, in the order of _KEYS; then the dead keys, by what they put on a
# letter. As XKB's symbols have them.
_PLAIN = "`1234567890-=qwertyuiop[]asdfghjkl;'\\\0zxcvbnm,./"
_SHIFTED = '~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|\0ZXCVBNM<>?'
_LEVELS: dict[str, tuple[str, str, dict[str, str]]] = {
    "us": (_PLAIN, _SHIFTED, {}),
    "gb": (
        "`1234567890-=qwertyuiop[]asdfghjkl;'#\\zxcvbnm,./",
        '¬!"£$%^&*()_+QWERTYUIOP{}ASDFGHJKL:@~|ZXCVBNM<>?',
        {"Digit2": "²", "Digit3": "³", "Digit4": "€", "KeyS": "ß", "KeyM": "µ"},
    ),
    "de": (
        "\0" + "1234567890ß\0qwertzuiopü+asdfghjklöä#<yxcvbnm,.-",
        "°!\"§$%&/()=?\0QWERTZUIOPÜ*ASDFGHJKLÖÄ'>YXCVBNM;:_",
        {
            "Digit2": "²",
            "Digit3": "³",
            "Digit7": "{",
            "Digit8": "[",
            "Digit9": "]",
            "Digit0": "}",
            "Minus": "\\",
            "KeyQ": "@",
            "KeyE": "€",
            "BracketRight": "~",
            "IntlBackslash": "|",
            "KeyM": "µ",
        },
    ),
    "fr": (
        "²&é\"'(-è_çà)=azertyuiop\0$qsdfghjklmù*<wxcvbn,;:!",
        "\0" + "1234567890°+AZERTYUIOP\0£QSDFGHJKLM%µ>WXCVBN?./§",
        {
            "Digit2": "~",
            "Digit3": "#",
            "Digit4": "{",
            "Digit5": "[",
            "Digit6": "|",
            "Digit7": "`",
            "Digit8": "\\",
            "Digit9": "^",
            "Digit0": "@",
            "Minus": "]",
            "Equal": "}",
            "KeyE": "€",
        },
    ),
}

_DEAD: dict[str, dict[str, tuple[Stroke, str, str]]] = {
    "gb": {
        "acute": (Stroke(CODES["Semicolon"], (ALTGR,)), "aeiouyAEIOUY", "áéíóúýÁÉÍÓÚÝ"),
        "grave": (Stroke(CODES["Backslash"], (ALTGR,)), "aeiouAEIOU", "àèìòùÀÈÌÒÙ"),
        "circumflex": (Stroke(CODES["Quote"], (ALTGR,)), "aeiouAEIOU", "âêîôûÂÊÎÔÛ"),
        "diaeresis": (Stroke(CODES["BracketLeft"], (ALTGR,)), "aeiouyAEIOU", "äëïöüÿÄËÏÖÜ"),
        "tilde": (Stroke(CODES["BracketRight"], (ALTGR,)), "anoANO", "ãñõÃÑÕ"),
    },
    "de": {
        "acute": (Stroke(CODES["Equal"]), "aeiouyAEIOUY", "áéíóúýÁÉÍÓÚÝ"),
        "grave": (Stroke(CODES["Equal"], (SHIFT,)), "aeiouAEIOU ", "àèìòùÀÈÌÒÙ`"),
        "circumflex": (Stroke(CODES["Backquote"]), "aeiouAEIOU ", "âêîôûÂÊÎÔÛ^"),
    },
    "fr": {
        "circumflex": (Stroke(CODES["BracketLeft"]), "aeiouAEIOU", "âêîôûÂÊÎÔÛ"),
        "diaeresis": (Stroke(CODES["BracketLeft"], (SHIFT,)), "aeiouyAEIOU", "äëïöüÿÄËÏÖÜ"),
    },
}

_EVERYWHERE = {" ": Stroke(CODES["Space"]), "\n": Stroke(ENTER), "\t": Stroke(CODES["Tab"])}


def _table(layout: str) -> dict[str, tuple[Stroke, ...]]:
    plain, shifted, altgr = _LEVELS[layout]
    single = dict(_EVERYWHERE)
    single.update((letter, Stroke(CODES[key], (ALTGR,))) for key, letter in altgr.items())
    for letters, held in ((shifted, (SHIFT,)), (plain, ())):
        single.update((letter, Stroke(CODES[key], held)) for key, letter in zip(_KEYS, letters, strict=True))
    single.pop(_NONE, None)
    table: dict[str, tuple[Stroke, ...]] = {letter: (stroke,) for letter, stroke in single.items()}
    for dead, bases, made in _DEAD.get(layout, {}).values():
        for base, letter in zip(bases, made, strict=True):
            table.setdefault(letter, (dead, single[base]))
    return table


LAYOUTS: tuple[str, ...] = tuple(_LEVELS)
_TABLES = {layout: _table(layout) for layout in LAYOUTS}


def strokes(letter: str, layout: str) -> tuple[Stroke, ...] | None:
    """What types one character on ``layout``, one of ``LAYOUTS``; None where no key does."""
    return _TABLES[layout].get(letter)
