"""Shapes that text stands on: background, rounded plates, the QR code. Drawn once and kept by the caller."""

import numpy as np
import numpy.typing as npt
import pygame
import segno

from receiver.present.theme import GLOW, INK, NIGHT_BOTTOM, NIGHT_TOP, PAPER, Colour

QUIET_ZONE = 4
"""Light modules around a QR code (ISO/IEC 18004)."""


def background(width: int, height: int) -> pygame.Surface:
    """The night gradient. Dithered by noise: eight bits have too few dark steps, and bands would show on a panel."""
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    glow = np.exp(-(((x - 0.12) / 0.55) ** 2)) * np.exp(-(((y - 0.0) / 0.6) ** 2))
    noise = np.random.default_rng(0).random((256, 256), dtype=np.float32)
    grain = np.tile(noise, (height // 256 + 1, width // 256 + 1))[:height, :width]
    surface = pygame.Surface((width, height), 0, 32)
    pixels = pygame.surfarray.pixels3d(surface)
    for channel in range(3):
        top, bottom = NIGHT_TOP[channel], NIGHT_BOTTOM[channel]
        level = top + (bottom - top) * y + GLOW[channel] * glow + grain
        pixels[:, :, channel] = level.astype(np.uint8).T
    return surface


def plate(width: int, height: int, radius: int, colour: Colour, alpha: int = 255) -> pygame.Surface:
    """A filled rectangle with smooth round corners; ``radius`` of half its side makes a disc."""
    surface = pygame.Surface((width, height), pygame.SRCALPHA, 32)
    surface.fill((*colour, alpha))
    r = max(1, min(radius, width // 2, height // 2))
    side = r - 0.5 - np.arange(r)
    corner = (np.clip(r + 0.5 - np.hypot(side[:, None], side[None, :]), 0, 1) * alpha).astype(np.uint8)
    pixels: npt.NDArray[np.uint8] = pygame.surfarray.pixels_alpha(surface)
    pixels[:r, :r] = corner
    pixels[-r:, :r] = corner[::-1]
    pixels[:r, -r:] = corner[:, ::-1]
    pixels[-r:, -r:] = corner[::-1, ::-1]
    return surface


def qr_card(text: str, side: int) -> pygame.Surface:
    """A light card of ``side`` pixels with the code of ``text``, a whole number of pixels to each module.

    ``text`` of some hundred characters at most; a side too small for it cuts into the quiet zone first.
    """
    code = segno.make(text, error="l", boost_error=True, micro=False)
    modules = np.array([[bool(module) for module in row] for row in code.matrix])
    scale = max(1, side // (len(modules) + 2 * QUIET_ZONE))
    card = plate(side, side, side // 18, PAPER)
    dark = np.kron(modules, np.ones((scale, scale), dtype=np.bool_)).T
    start = max(0, (side - len(dark)) // 2)
    area = pygame.surfarray.pixels3d(card)[start : start + len(dark), start : start + len(dark)]
    area[dark[: len(area), : len(area)]] = INK
    return card
