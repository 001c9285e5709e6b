"""Lines of text as surfaces: the fonts, and fitting a text into a width.

pygame.font (SDL_ttf with HarfBuzz) draws, since pygame.freetype doesn't kern OpenType fonts such as Inter;
pygame.freetype tells which glyphs a font has, which pygame.font can't. Neither needs a display or video.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import pygame
import pygame.font

from receiver.present.fonts import WEIGHTS, Weight, font_files, open_faces
from receiver.present.glyphs import clean, visual
from receiver.present.theme import Colour

CAP_HEIGHT = 0.727
"""Height of capitals over the em, of Inter; DejaVu's is 0.729."""


@dataclass(frozen=True)
class Line:
    """A drawn line: ``surface`` is cropped to its ink at both sides; lengths in pixels."""

    surface: pygame.Surface
    ascent: int
    cap: int

    @property
    def width(self) -> int:
        return self.surface.get_width()

    def at(self, x: int, cap_top: int) -> tuple[pygame.Surface, tuple[int, int]]:
        """Placed so that the ink begins at ``x`` and capitals are between ``cap_top`` and ``cap_top + cap``."""
        return self.surface, (x, cap_top + self.cap - self.ascent)


class Typesetter:
    """Draws and fits text in one family. Any ``str`` is taken; what no font has is left out or shown as a box."""

    def __init__(self, files: Callable[[Weight], list[str | None]] = font_files) -> None:
        pygame.font.init()
        self._faces = {weight: open_faces(files(weight)) for weight in WEIGHTS}
        self._font = lru_cache(maxsize=48)(self._load)
        self._source = lru_cache(maxsize=4096)(self._find)

    def _load(self, file: str | None, size: int) -> pygame.font.Font:
        try:
            return pygame.font.Font(file, size)
        except (OSError, pygame.error):  # a package upgrade must not take the screen away
            return pygame.font.Font(None, size)

    def _find(self, character: str, weight: Weight) -> tuple[str | None, str] | None:
        """The file to draw ``character`` from, and what to draw; None: nothing."""
        faces = self._faces[weight]
        for file, face in faces:
            if face.get_metrics(character)[0] is not None:
                return file, character
        if not character.isalnum():  # an emoji that no font has says nothing as a box
            return None
        return faces[0][0], "\uffff"  # a noncharacter: the font's own sign for a missing glyph

    def _runs(self, text: str, weight: Weight, size: int) -> list[tuple[pygame.font.Font, str]]:
        runs: list[tuple[str | None, str]] = []
        for character in visual(text):
            found = self._source(character, weight)
            if found is None or (found[1] == " " and (not runs or runs[-1][1][-1] == " ")):
                continue
            if runs and runs[-1][0] == found[0]:
                runs[-1] = (found[0], runs[-1][1] + found[1])
            else:
                runs.append(found)
        return [(self._font(file, size), part) for file, part in runs]

    def width(self, text: str, weight: Weight, size: int) -> int:
        """Pixels that ``text`` takes, side bearings included."""
        return sum(font.size(part)[0] for font, part in self._runs(text, weight, size))

    def line(self, weight: Weight, size: int, *spans: tuple[str, Colour]) -> Line:
        """Draw texts, each cleaned and in its colour, one after the other on one line."""
        pieces: list[tuple[pygame.Surface, int]] = []
        for text, colour in spans:
            for font, part in self._runs(clean(text), weight, size):
                pieces.append((font.render(part, True, colour), font.get_ascent()))
        ascent = max((a for _, a in pieces), default=size)
        below = max((s.get_height() - a for s, a in pieces), default=1)
        surface = pygame.Surface((max(1, sum(s.get_width() for s, _ in pieces)), ascent + below), pygame.SRCALPHA, 32)
        x = 0
        for piece, own in pieces:
            surface.blit(piece, (x, ascent - own))
            x += piece.get_width()
        ink = surface.get_bounding_rect()
        if ink.width:
            surface = surface.subsurface((ink.x, 0, ink.width, surface.get_height()))
        return Line(surface, ascent, round(size * CAP_HEIGHT))

    def shorten(self, text: str, weight: Weight, size: int, width: int) -> str:
        """``text`` cleaned, and ended by an ellipsis where it is wider than ``width`` pixels."""
        text = clean(text)
        if self.width(text, weight, size) <= width:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(text[:middle].rstrip() + "…", weight, size) <= width:
                low = middle
            else:
                high = middle - 1
        return text[:low].rstrip() + "…"

    def fit(self, text: str, weight: Weight, largest: int, smallest: int, width: int) -> tuple[str, int]:
        """The text and the largest size at which it fits ``width``; shortened if it doesn't even at ``smallest``."""
        text = clean(text)
        size = largest
        while size > smallest and (wide := self.width(text, weight, size)) > width:
            size = max(smallest, min(size - 1, size * width // wide))
        return self.shorten(text, weight, size, width), size

    def wrap(self, text: str, weight: Weight, size: int, width: int, lines: int, breaks: str = " ") -> list[str] | None:
        """``text`` cut after characters of ``breaks`` into at most ``lines`` lines; None where it doesn't fit."""
        words = _words(clean(text), breaks)
        rows: list[str] = []
        for word in words:
            if rows and self.width((rows[-1] + word).rstrip(), weight, size) <= width:
                rows[-1] += word
            elif len(rows) < lines and self.width(word.rstrip(), weight, size) <= width:
                rows.append(word)
            else:
                return None
        return [row.strip() for row in rows]

    def fit_block(
        self, text: str, weight: Weight, largest: int, smallest: int, width: int, lines: int, breaks: str = " "
    ) -> tuple[list[str], int]:
        """At most ``lines`` even lines at the largest size that fits; cut by an ellipsis only at ``smallest``."""
        size = largest
        while not (rows := self.wrap(text, weight, size, width, lines, breaks)):
            if size <= smallest:
                return self._force(clean(text), weight, smallest, width, lines), smallest
            size = max(smallest, size * 15 // 16)
        narrow, wide = width // len(rows), width
        while wide - narrow > size // 4:  # the least width that needs no further line leaves no lonely last word
            middle = (narrow + wide) // 2
            if even := self.wrap(text, weight, size, middle, len(rows), breaks):
                rows, wide = even, middle
            else:
                narrow = middle
        return rows, size

    def _force(self, text: str, weight: Weight, size: int, width: int, lines: int) -> list[str]:
        rows: list[str] = []
        while text and len(rows) < lines - 1:
            cut = max((n for n in range(1, len(text) + 1) if self.width(text[:n], weight, size) <= width), default=0)
            if not cut:
                break
            rows.append(text[:cut].strip())
            text = text[cut:]
        return [*rows, self.shorten(text, weight, size, width)] if text else rows or [""]


def _words(text: str, breaks: str) -> list[str]:
    words = [""]
    for character in text:
        words[-1] += character
        if character in breaks:
            words.append("")
    return [word for word in words if word]
