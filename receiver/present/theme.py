"""Colours and proportions of everything the receiver itself draws. Pure.

Lengths are in hundredths of the screen's short side (``Sizes.u``), so one design serves 720p, 2160p and portrait.
The smallest text has capitals of 1/40 of the short side: 12 arc minutes at five metres on a 55-inch screen, well
above the 5 that normal sight resolves.
"""

from dataclasses import dataclass

Colour = tuple[int, int, int]

NIGHT_TOP: Colour = (14, 44, 54)
NIGHT_BOTTOM: Colour = (6, 18, 25)
GLOW: Colour = (4, 18, 19)
"""Added to the background around its upper left, at most."""

LIGHT: Colour = (245, 248, 247)
SOFT: Colour = (196, 215, 218)
ACCENT: Colour = (140, 240, 205)
WARNING: Colour = (255, 201, 102)
PAPER: Colour = (250, 251, 249)
INK: Colour = (7, 24, 31)
INK_SOFT: Colour = (44, 66, 74)
SHADE: Colour = (6, 18, 25)
SHADE_ALPHA = 236
"""Of notes over a picture: dark enough that light text keeps its contrast on a white picture."""

SAFE = 0.05
"""Share of each side that stays empty: EBU R 95's title-safe area, for televisions that overscan."""
DRIFT = 0.02
"""Share of each side by which the composition moves either way, against burn-in."""

OVERSHOOT = 2.8
"""Room for accents above the box, whose lines stand by their capitals, and for descenders below it."""


@dataclass(frozen=True)
class Sizes:
    """The screen in pixels, and the box in which the composition rests before it drifts."""

    width: int
    height: int

    @property
    def portrait(self) -> bool:
        return self.height > self.width

    @property
    def left(self) -> int:
        return round(self.width * (SAFE + DRIFT)) + 1

    @property
    def top(self) -> int:
        return round(self.height * (SAFE + DRIFT)) + self.u(OVERSHOOT)

    @property
    def right(self) -> int:
        return self.width - self.left

    @property
    def bottom(self) -> int:
        return self.height - self.top

    def u(self, hundredths: float) -> int:
        """Pixels of a length in hundredths of the short side, at least 1."""
        return max(1, round(min(self.width, self.height) * hundredths / 100))


def contrast(a: Colour, b: Colour) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Colour) -> float:
    r, g, b = ((c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
