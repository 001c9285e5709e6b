"""A test picture that moves and tells the time, and a tone at every whole second.

The top 16 rows hold 56 blocks of 16x16 pixels, black for 0 and white for 1: the wall clock in 0.1 ms modulo 2^32
(32 bits), a picture counter (16) and a checksum (8), so that a machine can tell what is shown and how late it is.
"""

import os
import time
from datetime import datetime

import numpy as np
import numpy.typing as npt

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
import pygame.font
import pygame.surfarray

Plane = npt.NDArray[np.uint8]
SIZE, BLOCKS = 16, 56
TONE_HZ, TONE_S, TONE_LEVEL = 1000, 0.1, 16_000
BLACK, GREY, WHITE = 16, 128, 235
BARS = ((180, 128, 128), (168, 44, 136), (145, 147, 44), (134, 63, 52), (63, 193, 204), (51, 109, 212), (28, 212, 120))
"""Colour bars of 75%, BT.601: white, yellow, cyan, green, magenta, red, blue as Y, Cb, Cr."""


class Pattern:
    """Pictures of ``width`` x ``height`` pixels, both even."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._base = np.zeros((height * 3 // 2, width), np.uint8)
        chroma = self._base[height:].reshape(2, height // 2, width // 2)
        self._base[:height] = BLACK
        chroma[:] = GREY
        top, bottom = height // 4, height * 3 // 4
        edges = np.linspace(0, width // 2, len(BARS) + 1).astype(int)
        for (y, cb, cr), left, right in zip(BARS, edges[:-1], edges[1:], strict=True):
            self._base[top:bottom, left * 2 : right * 2] = y
            chroma[:, top // 2 : bottom // 2, left:right] = np.array((cb, cr))[:, None, None]
        self._glyphs = _glyphs(height // 6)
        length = sum(self._glyphs[character].shape[1] for character in _clock(0))
        tall = self._glyphs["0"].shape[0]
        self._text_at = bottom + (height - bottom - tall) // 2, max(0, (width - length) // 2)

    def picture(self, count: int, wall_ns: int) -> Plane:
        """Picture ``count`` as planes of yuv420p, one below the other: (height * 3 / 2, width)."""
        picture = self._base.copy()
        if self._width >= BLOCKS * SIZE:
            picture[:SIZE, : BLOCKS * SIZE] = _blocks(count, wall_ns)
        rail, mark = self._height // 8, self._height // 16
        at = count * 8 % (self._width - mark)
        picture[rail : rail + mark, at : at + mark] = WHITE
        row, column = self._text_at
        for character in _clock(wall_ns):
            glyph = self._glyphs[character][:, : max(0, self._width - column)]
            picture[row : row + glyph.shape[0], column : column + glyph.shape[1]] = glyph
            column += self._glyphs[character].shape[1]
        return picture


def _clock(wall_ns: int) -> str:
    return datetime.fromtimestamp(wall_ns / 1e9).strftime("%H:%M:%S.%f")[:12]


def _blocks(count: int, wall_ns: int) -> Plane:
    octets = (wall_ns // 100_000 % 2**32).to_bytes(4, "big") + (count & 0xFFFF).to_bytes(2, "big")
    octets += bytes([(sum(octets) ^ 0x5A) & 255])
    bits = np.unpackbits(np.frombuffer(octets, np.uint8))
    return np.tile(np.repeat(np.where(bits, WHITE, BLACK).astype(np.uint8), SIZE), (SIZE, 1))


def _glyphs(height: int) -> dict[str, Plane]:
    """Digits, in cells of one width, and signs, as luma."""
    pygame.font.init()
    font = pygame.font.Font(None, height)
    digit = max(font.size(character)[0] for character in "0123456789")
    glyphs = {}
    for character in "0123456789:.":
        drawn = font.render(character, True, (255, 255, 255), (0, 0, 0))
        ink = pygame.surfarray.array3d(drawn)[:, :, 0].T.astype(np.uint16)
        cell = np.full((ink.shape[0], digit if character.isdecimal() else ink.shape[1]), BLACK, np.uint8)
        cell[:, : ink.shape[1]] = BLACK + ink * (WHITE - BLACK) // 255
        glyphs[character] = cell
    return glyphs


def tone(first: int, count: int, wall_ns: int, rate: int) -> npt.NDArray[np.int16]:
    """Samples ``first`` to ``first + count`` of a sound whose sample 0 is at ``wall_ns``: mono, (1, count)."""
    second = ((wall_ns % 1_000_000_000) / 1e9 + np.arange(first, first + count) / rate) % 1
    wave = np.sin(2 * np.pi * TONE_HZ * second) * (second < TONE_S) * TONE_LEVEL
    return wave.astype(np.int16)[None, :]


def now() -> int:
    """The wall clock, in ns."""
    return time.time_ns()
