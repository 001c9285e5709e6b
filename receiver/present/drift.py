"""The slow path along which the composition moves, so that no pixel of the panel wears alone. Pure.

A closed Lissajous curve of 3 by 2 turns. It is walked in steps far apart in time and small in space (about two
pixels at 1080p): the motion isn't noticed, and the screen is redrawn only three times a minute.
"""

from math import pi, sin

from receiver.present.theme import DRIFT

STEP_NS = 20_000_000_000
STEPS = 270
"""One cycle: 90 minutes."""


def offset(width: int, height: int, now_ns: int) -> tuple[int, int]:
    """Pixels to move right and down at ``now_ns``; at most ``DRIFT`` of each side either way."""
    turn = 2 * pi * (now_ns // STEP_NS % STEPS) / STEPS
    return round(width * DRIFT * sin(3 * turn)), round(height * DRIFT * sin(2 * turn))
