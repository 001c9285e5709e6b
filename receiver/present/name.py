"""The display's name across the screen, so that people in the room can tell which one it is."""

import pygame

from receiver.present.shapes import plate
from receiver.present.text import Typesetter
from receiver.present.theme import INK, INK_SOFT, PAPER, SHADE, SHADE_ALPHA

LEADING = 1.25
"""From one line's capitals to the next over the em."""
DESCENDER = 0.25
"""What hangs below a line's capitals over the em."""


def name_card(setter: Typesetter, name: str, below: str, width: int, height: int, unit: int) -> pygame.Surface:
    """A light card of ``width`` x ``height`` pixels in a dark frame; ``unit``: a hundredth of the screen's short side.

    The name is as large as fits on two lines; ``below`` is one small line.
    """
    card = plate(width, height, 5 * unit, SHADE, SHADE_ALPHA)
    card.blit(plate(width - 2 * unit, height - 2 * unit, 4 * unit, PAPER), (unit, unit))
    inner = width - 16 * unit
    rows, size = setter.fit_block(name, "bold", 24 * unit, 6 * unit, inner, 2)
    lines = [setter.line("bold", size, (row, INK)) for row in rows]
    text, small = setter.fit(below, "medium", 5 * unit, 3 * unit, inner)
    last = setter.line("medium", small, (text, INK_SOFT))
    step, gap = round(size * LEADING), round(size * DESCENDER) + 7 * unit
    tall = lines[0].cap + step * (len(lines) - 1) + gap + last.cap
    y = (height - tall) // 2
    for i, line in enumerate(lines):
        card.blit(*line.at((width - line.width) // 2, y + i * step))
    card.blit(*last.at((width - last.width) // 2, y + tall - last.cap))
    return card
