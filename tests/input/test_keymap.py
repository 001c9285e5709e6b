"""Keys by their names, and text on layouts."""

import pytest

from receiver.input import keymap
from receiver.input.keymap import CODES, Stroke, commands_the_machine, strokes


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *(("Escape", 1), ("KeyQ", 16), ("KeyA", 30), ("Backquote", 41), ("KeyZ", 44), ("Space", 57), ("F10", 68)),
        *(("Numpad7", 71), ("NumpadDecimal", 83), ("IntlBackslash", 86), ("F12", 88), ("IntlRo", 89)),
        *(("NumpadEnter", 96), ("AltRight", 100), ("ArrowUp", 103), ("Delete", 111), ("AudioVolumeUp", 115)),
        *(("Pause", 119), ("IntlYen", 124), ("MetaLeft", 125), ("ContextMenu", 127), ("F13", 183), ("F24", 194)),
        *(("MediaPlayPause", 164), ("Back", 158), ("Ok", 28), ("Blue", 401)),
    ],
)
def test_codes_are_the_kernels(name: str, code: int) -> None:
    assert CODES[name] == code


def test_no_key_commands_the_machine_itself() -> None:
    assert not {116, 142, 143, 99, 84} & set(CODES.values()), "Power, Sleep, WakeUp, SysRq"
    control, alt, delete = CODES["ControlLeft"], CODES["AltRight"], CODES["Delete"]
    assert commands_the_machine({control, alt, delete})
    assert commands_the_machine({control, alt, CODES["F1"], CODES["KeyA"]})
    assert not commands_the_machine({control, delete})
    assert not commands_the_machine({control, alt, CODES["KeyA"]})


def test_no_key_takes_the_screen_where_the_console_hears_it() -> None:
    alt = CODES["AltLeft"]
    for name in ("F4", "ArrowLeft"):
        assert commands_the_machine({alt, CODES[name]}, console=True)
        assert not commands_the_machine({alt, CODES[name]}), "a desktop's: close the window, go back"
        assert not commands_the_machine({CODES[name]}, console=True)


@pytest.mark.parametrize(
    ("layout", "letter", "typed"),
    [
        ("us", "a", [Stroke(CODES["KeyA"])]),
        ("us", "A", [Stroke(CODES["KeyA"], (keymap.SHIFT,))]),
        ("us", "@", [Stroke(CODES["Digit2"], (keymap.SHIFT,))]),
        ("gb", "@", [Stroke(CODES["Quote"], (keymap.SHIFT,))]),
        ("gb", "€", [Stroke(CODES["Digit4"], (keymap.ALTGR,))]),
        ("de", "z", [Stroke(CODES["KeyY"])]),
        ("de", "ß", [Stroke(CODES["Minus"])]),
        ("de", "@", [Stroke(CODES["KeyQ"], (keymap.ALTGR,))]),
        ("de", "é", [Stroke(CODES["Equal"]), Stroke(CODES["KeyE"])]),
        ("de", "^", [Stroke(CODES["Backquote"]), Stroke(CODES["Space"])]),
        ("fr", "a", [Stroke(CODES["KeyQ"])]),
        ("fr", "1", [Stroke(CODES["Digit1"], (keymap.SHIFT,))]),
        ("fr", "é", [Stroke(CODES["Digit2"])]),
        ("fr", "Ê", [Stroke(CODES["BracketLeft"]), Stroke(CODES["KeyE"], (keymap.SHIFT,))]),
        ("us", "\n", [Stroke(CODES["Enter"])]),
    ],
)
def test_text_on_layouts(layout: str, letter: str, typed: list[Stroke]) -> None:
    assert list(strokes(letter, layout) or ()) == typed


@pytest.mark.parametrize("layout", keymap.LAYOUTS)
def test_every_layout_types_ascii(layout: str) -> None:
    assert [chr(code) for code in range(32, 127) if strokes(chr(code), layout) is None] == []
    assert strokes("ж", layout) is None
    assert strokes("\0", layout) is None
