"""The PIN as large digits in equal cells, grouped 4 + 4, with who it is for above it."""

import pygame

from receiver.present.shapes import plate
from receiver.present.text import CAP_HEIGHT, Typesetter
from receiver.present.theme import INK, INK_SOFT, PAPER

BETWEEN = 0.07
"""Space between digits over the em, beside that of narrow digits in their cells."""
GAP = 0.42
"""Space between the groups over the em."""
LEADING = 0.33
"""Space between stacked groups over the em."""
ASK = "wants to connect. Type this PIN there:"


def pin_card(setter: Typesetter, pin: str, pin_for: str | None, width: int, height: int, ask: int) -> pygame.Surface:
    """A light card of ``width`` x ``height`` pixels; ``ask`` is the em of the question in pixels.

    The peer's name has a line of its own, between quotation marks: whatever it says, it can't be read as ours.
    """
    card = plate(width, height, ask, PAPER)
    pad = round(ask * 1.5)
    inner = width - 2 * pad
    name, name_size = setter.fit(pin_for or "", "bold", round(ask * 1.3), ask, inner - 2 * ask)
    who = setter.line("bold", name_size, *([("“", INK), (name, INK), ("”", INK)] if name else [("Someone", INK)]))
    question, ask_size = setter.fit(ASK, "medium", ask, ask // 2, inner)
    what = setter.line("medium", ask_size, (question, INK_SOFT))

    stacked = height > width
    groups = [pin[: len(pin) // 2], pin[len(pin) // 2 :]]
    rows = groups if stacked else [" ".join(groups)]
    cell = max(setter.line("bold", 100, (digit, INK)).width for digit in "0123456789") / 100 + BETWEEN
    head, gap = who.cap + round(ask * 0.8) + what.cap, round(ask * 1.6)
    room = height - 2 * pad - head - gap
    tall = CAP_HEIGHT + (len(rows) - 1) * (CAP_HEIGHT + LEADING)
    size = max(8, int(min(inner / max(_ems(row, cell) for row in rows), room / tall)))

    top = (height - head - gap - round(size * tall)) // 2
    card.blit(*who.at((width - who.width) // 2, top))
    card.blit(*what.at((width - what.width) // 2, top + head - what.cap))
    for i, row in enumerate(rows):
        y = top + head + gap + round(i * size * (CAP_HEIGHT + LEADING))
        x = (width - _ems(row, cell) * size) / 2
        for digit in row:
            drawn = setter.line("bold", size, (digit, INK))
            card.blit(*drawn.at(round(x + (cell * size - drawn.width) / 2), y))
            x += _ems(digit, cell) * size
    return card


def _ems(row: str, cell: float) -> float:
    return sum(GAP if digit == " " else cell for digit in row)
