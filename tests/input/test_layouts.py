"""What we type is what a desktop reads: every character of every layout, through the system's own XKB and Compose."""

import ctypes
import unicodedata
from ctypes import POINTER, Structure, byref, c_char_p, c_int, c_uint32, c_void_p, create_string_buffer

import pytest

from receiver.input import keymap
from receiver.input.keymap import Stroke, strokes

EVDEV = 8
"""XKB counts the kernel's keys from here."""
COMPOSING, COMPOSED = 1, 2
END = {"\r": "\n"}


class Names(Structure):
    _fields_ = [(name, c_char_p) for name in ("rules", "model", "layout", "variant", "options")]


def library() -> ctypes.CDLL:
    try:
        xkb = ctypes.CDLL("libxkbcommon.so.0")
    except OSError:
        pytest.skip("libxkbcommon is not here to read what is typed")
    for name in (
        "context_new",
        "keymap_new_from_names",
        "state_new",
        "compose_table_new_from_locale",
        "compose_state_new",
    ):
        getattr(xkb, f"xkb_{name}").restype = c_void_p
    xkb.xkb_keymap_new_from_names.argtypes = [c_void_p, POINTER(Names), c_int]
    xkb.xkb_compose_table_new_from_locale.argtypes = [c_void_p, c_char_p, c_int]
    xkb.xkb_state_update_key.argtypes = [c_void_p, c_uint32, c_int]
    xkb.xkb_state_key_get_one_sym.argtypes = [c_void_p, c_uint32]
    xkb.xkb_keysym_to_utf8.argtypes = [c_uint32, c_char_p, ctypes.c_size_t]
    xkb.xkb_compose_state_feed.argtypes = [c_void_p, c_uint32]
    xkb.xkb_compose_state_get_utf8.argtypes = [c_void_p, c_char_p, ctypes.c_size_t]
    for name in ("state_new", "compose_state_get_status", "compose_state_reset"):
        getattr(xkb, f"xkb_{name}").argtypes = [c_void_p]
    xkb.xkb_compose_state_new.argtypes = [c_void_p, c_int]
    return xkb


class Desktop:
    """A program that reads our keyboard on a desktop with that layout."""

    def __init__(self, layout: str) -> None:
        self._xkb = xkb = library()
        context = c_void_p(xkb.xkb_context_new(0))
        table = c_void_p(xkb.xkb_compose_table_new_from_locale(context, b"en_US.UTF-8", 0))
        keys = c_void_p(xkb.xkb_keymap_new_from_names(context, byref(Names(b"evdev", b"pc105", layout.encode())), 0))
        if not keys or not table:
            pytest.skip("the system has no XKB or Compose data")
        self._state, self._compose = c_void_p(xkb.xkb_state_new(keys)), c_void_p(xkb.xkb_compose_state_new(table, 0))
        self._text = create_string_buffer(16)

    def read(self, typed: tuple[Stroke, ...]) -> str:
        return "".join(map(self._stroke, typed))

    def _stroke(self, stroke: Stroke) -> str:
        xkb = self._xkb
        for code in stroke.held:
            xkb.xkb_state_update_key(self._state, code + EVDEV, 1)
        sym = xkb.xkb_state_key_get_one_sym(self._state, stroke.code + EVDEV)
        for code in (stroke.code, *stroke.held):
            xkb.xkb_state_update_key(self._state, code + EVDEV, int(code == stroke.code))
            xkb.xkb_state_update_key(self._state, code + EVDEV, 0)
        xkb.xkb_compose_state_feed(self._compose, sym)
        status = xkb.xkb_compose_state_get_status(self._compose)
        if status == COMPOSING:
            return ""
        if status == COMPOSED:
            xkb.xkb_compose_state_get_utf8(self._compose, self._text, 16)
            xkb.xkb_compose_state_reset(self._compose)
        else:
            xkb.xkb_keysym_to_utf8(sym, self._text, 16)
        return self._text.value.decode()


@pytest.mark.parametrize("layout", keymap.LAYOUTS)
def test_a_desktop_reads_what_was_sent(layout: str) -> None:
    desktop, wrong = Desktop(layout), {}
    can = [chr(code) for code in range(9, 0x2100) if strokes(chr(code), layout)]
    for letter in can:
        read = desktop.read(strokes(letter, layout) or ())
        if END.get(read, read) != letter:
            wrong[letter, unicodedata.name(letter, "")] = read
    assert not wrong
    assert len(can) >= 97
