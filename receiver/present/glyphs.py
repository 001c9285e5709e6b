"""Text from anywhere made fit to draw on one line, left to right. Pure.

Names come from peers and may hold any Unicode. What can't be drawn honestly on a line of its own is taken out:
controls, direction overrides, lone surrogates, towers of combining marks. Right-to-left text is put into the order
in which it is seen, with Arabic letters in their joined forms, since the font library draws left to right only.
This is far from all of UAX #9, but right for a name in one script, with or without Latin words beside it.
"""

import unicodedata
from functools import cache

MAX_CHARACTERS = 96
MAX_MARKS = 2
"""Combining marks kept on one letter; more would climb over the lines around."""


def clean(text: str) -> str:
    """At most ``MAX_CHARACTERS`` drawable characters on one line; never raises."""
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text[: 4 * MAX_CHARACTERS]):
        category = unicodedata.category(character)
        if category in ("Zs", "Zl", "Zp") or character in "\t\n\r":
            character = " "
        elif category[0] == "C":
            continue
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    line = " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
    return line if len(line) <= MAX_CHARACTERS else line[: MAX_CHARACTERS - 1].rstrip() + "…"


def visual(text: str) -> str:
    """``text`` in the order in which it is seen from left to right."""
    if not any(map(_leans_right, text)):
        return text
    runs: list[tuple[bool, str]] = []
    for word in text.split(" "):
        rtl = any(map(_leans_right, word))
        shown = _turn(word) if rtl else word
        if runs and runs[-1][0] == rtl:
            runs[-1] = (rtl, f"{shown} {runs[-1][1]}" if rtl else f"{runs[-1][1]} {shown}")
        else:
            runs.append((rtl, shown))
    if runs[0][0]:  # the line's own direction is that of its first strong word
        runs.reverse()
    return " ".join(shown for _, shown in runs)


def _leans_right(character: str) -> bool:
    return unicodedata.bidirectional(character) in ("R", "AL")


def _turn(word: str) -> str:
    """One right-to-left word reversed; runs of digits and Latin inside it keep their order, marks their letter."""
    clusters: list[str] = []
    for character in _join(word):
        follows = unicodedata.combining(character) or (
            clusters and _keeps_order(character) and _keeps_order(clusters[-1][-1])
        )
        if clusters and follows:
            clusters[-1] += character
        else:
            clusters.append(_MIRROR.get(character, character))
    return "".join(reversed(clusters))


_MIRROR = dict(zip("()[]<>{}«»", ")(][><}{»«", strict=True))


def _keeps_order(character: str) -> bool:
    return unicodedata.bidirectional(character) in ("L", "EN", "AN")


@cache
def _forms() -> dict[str, dict[str, str]]:
    """Letter or lam-alef pair -> its presentation forms by position, from Unicode's own decompositions."""
    forms: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFBB2), *range(0xFBD3, 0xFC00), *range(0xFE70, 0xFEFD)):
        kind, *letters = unicodedata.decomposition(chr(code)).split() or [""]
        if kind in ("<isolated>", "<final>", "<initial>", "<medial>"):
            forms.setdefault("".join(chr(int(x, 16)) for x in letters), {})[kind[1:-1]] = chr(code)
    return {letters: by for letters, by in forms.items() if len(letters) == 1 or letters[0] == "\u0644"}


def _join(word: str) -> str:
    """Arabic letters in the forms that join them to their neighbours."""
    forms = _forms()
    units: list[str] = []
    for character in word:
        if units and units[-1] == "\u0644" and units[-1] + character in forms:
            units[-1] += character
        else:
            units.append(character)
    letters = [i for i, unit in enumerate(units) if not unicodedata.combining(unit[-1])]
    shaped = list(units)
    for place, i in enumerate(letters):
        own = forms.get(units[i], {})
        before = forms.get(units[letters[place - 1]], {}) if place else {}
        after = forms.get(units[letters[place + 1]], {}) if place + 1 < len(letters) else {}
        back = "final" in own and "initial" in before
        on = "initial" in own and "final" in after
        position = ("medial" if on else "final") if back else ("initial" if on else "isolated")
        shaped[i] = own.get(position, units[i])
    return "".join(shaped)
