"""Text of any kind: cleaning, order, fitting, and fonts that are missing or broken."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.present.glyphs import MAX_CHARACTERS, clean, visual
from receiver.present.text import Typesetter
from receiver.present.theme import (
    ACCENT,
    GLOW,
    INK,
    INK_SOFT,
    LIGHT,
    NIGHT_BOTTOM,
    NIGHT_TOP,
    PAPER,
    SHADE,
    SHADE_ALPHA,
    SOFT,
    WARNING,
    contrast,
)

BARE = Typesetter(lambda weight: [None])
"""A machine without a single font."""


@given(st.text())
def test_cleaned_text_is_one_bounded_line_without_controls(text: str) -> None:
    line = clean(text)
    assert len(line) <= MAX_CHARACTERS
    assert not any(unicodedata.category(c)[0] == "C" or unicodedata.category(c) in ("Zl", "Zp") for c in line)
    assert clean(line) == line
    assert len(visual(line)) <= len(line)


def test_marks_are_no_tower() -> None:
    assert clean("e" + "\u0301" * 50) == "\u00e9\u0301\u0301"[: len(clean("e" + "\u0301" * 50))]
    assert len(clean("x" + "\u0348" * 50)) == 3


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Anna", "Anna"),
        ("שלום", "םולש"),
        ("שלום עולם", "םלוע םולש"),
        ("Anna שלום עולם ok", "Anna םלוע םולש ok"),
        ("חדר 12א", "א12 רדח"),
        ("سلام", "ﻡﻼﺳ"),
        ("محمد", "ﺪﻤﺤﻣ"),
        ("دار", "ﺭﺍﺩ"),
    ],
)
def test_right_to_left_text_is_put_in_the_order_of_sight(text: str, seen: str) -> None:
    assert visual(text) == seen


@given(text=st.text(max_size=150), width=st.integers(40, 800))
def test_fitted_text_is_never_wider_than_asked(text: str, width: int) -> None:
    fitted, size = BARE.fit(text, "bold", 60, 20, width)
    assert 20 <= size <= 60
    assert BARE.width(fitted, "bold", size) <= width
    assert BARE.line("bold", size, (fitted, LIGHT)).width <= width
    rows, size = BARE.fit_block(text, "medium", 60, 20, width, 2)
    assert 1 <= len(rows) <= 2
    assert all(BARE.width(row, "medium", size) <= width for row in rows)


def test_only_what_has_no_room_is_shortened() -> None:
    assert BARE.fit("Boardroom", "bold", 60, 20, 2000) == ("Boardroom", 60)
    text, size = BARE.fit("Boardroom " * 9, "bold", 60, 20, 300)
    assert size == 20
    assert text.startswith("Boardroom")
    assert text.endswith("…")


def test_a_block_is_even_and_whole() -> None:
    text = "Open this address in your browser, or scan the code."
    rows, size = BARE.fit_block(text, "medium", 40, 20, 700, 2)
    assert " ".join(rows) == text
    first, second = (BARE.width(row, "medium", size) for row in rows)
    assert abs(first - second) < 200


def test_a_damaged_font_file_is_passed_over(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.otf"
    damaged.write_bytes(b"not a font")
    setter = Typesetter(lambda weight: [str(damaged), str(tmp_path / "gone.ttf"), None])
    assert setter.line("bold", 40, ("Boardroom", LIGHT)).width > 100


def test_symbols_without_a_glyph_are_left_out_and_letters_become_a_box() -> None:
    assert BARE.width("a\U0001f98a", "bold", 40) == BARE.width("a", "bold", 40)
    assert BARE.width("a\U00020000", "bold", 40) > BARE.width("a", "bold", 40)


def test_all_text_has_a_contrast_of_seven_to_one() -> None:
    top = [high + glow + 1 for high, glow in zip(NIGHT_TOP, GLOW, strict=True)]
    brightest = (top[0], top[1], top[2])
    for text in (LIGHT, SOFT, ACCENT, WARNING):
        assert contrast(text, brightest) >= 7
        assert contrast(text, NIGHT_BOTTOM) >= 7
    for text in (INK, INK_SOFT):
        assert contrast(text, PAPER) >= 7
    assert contrast(INK, WARNING) >= 7
    on_white = [round((c * SHADE_ALPHA + 255 * (255 - SHADE_ALPHA)) / 255) for c in SHADE]
    assert contrast(LIGHT, (on_white[0], on_white[1], on_white[2])) >= 7


def test_contrast_of_known_pairs() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


def test_each_character_comes_from_a_font_that_has_it() -> None:
    setter = Typesetter()
    missing = setter.width("\U00020000", "bold", 40)
    for letter in ("a", "Ж", "ö"):
        assert setter.width(letter, "bold", 40) != missing
    assert setter.width("a \U0001f98a b", "bold", 40) == setter.width("a b", "bold", 40)
