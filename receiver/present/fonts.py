"""The fonts: Inter where it is installed, others for what it lacks, pygame's own at the end. Never none."""

from contextlib import suppress
from pathlib import Path
from typing import Literal

import pygame
import pygame.freetype

Weight = Literal["light", "medium", "bold", "address"]
WEIGHTS: tuple[Weight, ...] = ("light", "medium", "bold", "address")

_INTER = ("/usr/share/fonts/opentype/inter", "/usr/share/fonts/truetype/inter", "/usr/share/fonts/inter")
_DEJAVU = "/usr/share/fonts/truetype/dejavu"
_NAMES: dict[Weight, tuple[str, ...]] = {
    "light": ("InterDisplay-Light", "Inter-Light", "Inter-Regular", "InterVariable", "Inter"),
    "medium": ("Inter-Medium", "Inter-Regular", "InterVariable", "Inter"),
    "bold": ("InterDisplay-SemiBold", "Inter-SemiBold", "Inter-Bold", "InterVariable", "Inter"),
    "address": ("Inter-SemiBold", "Inter-Bold", "InterVariable", "Inter"),  # spaced wider: dots and ones stay apart
}
_OTHERS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
)


def font_files(weight: Weight) -> list[str | None]:
    """Font files of this machine in the order to look for a glyph; None, always last, is pygame's bundled font."""
    inter = [f"{folder}/{name}.{ext}" for name in _NAMES[weight] for folder in _INTER for ext in ("otf", "ttf")]
    dejavu = [f"{_DEJAVU}/DejaVuSans.ttf"]
    if weight in ("bold", "address"):
        dejavu.insert(0, f"{_DEJAVU}/DejaVuSans-Bold.ttf")
    first = [path for path in inter if Path(path).is_file()][:1]
    return [*first, *(path for path in (*dejavu, *_OTHERS) if Path(path).is_file()), None]


def open_faces(files: list[str | None]) -> list[tuple[str | None, pygame.freetype.Font]]:
    """The files that hold a font. pygame.font opens a damaged one without a word and fails when it draws."""
    pygame.freetype.init()
    faces: list[tuple[str | None, pygame.freetype.Font]] = []
    for file in files:
        with suppress(OSError, pygame.error):
            faces.append((file, pygame.freetype.Font(file, size=16)))
    return faces
