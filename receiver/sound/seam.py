"""Seams without a click: where sound jumps, the step is spread over a few milliseconds. Pure."""

import numpy as np
import numpy.typing as npt

from receiver.sound.api import CHANNELS, RATE

SEAM = RATE * 5 // 1000
"""Samples over which a step fades."""

Floats = npt.NDArray[np.float32]
_FADE: Floats = (0.5 + 0.5 * np.cos(np.pi * np.arange(SEAM) / SEAM)).astype(np.float32)[:, None]


def mend(last: Floats, block: Floats) -> Floats:
    """The float32 (n, 2) block, so bent at its beginning that it goes on from the sample ``last``."""
    n = min(SEAM, len(block))
    out = block.copy()
    out[:n] += (last - block[:1]) * _FADE[:n]
    return out


class Seam:
    """Watches the samples that go out, and carries the step of a jump over into them as a fading remainder.

    It needs no look at what comes next, so it also mends an end that nobody saw coming: a device asks and nothing
    is there. Blocks are float32 (n, 2).
    """

    def __init__(self) -> None:
        self._last: Floats = np.zeros(CHANNELS, np.float32)
        self._step: Floats = np.zeros(CHANNELS, np.float32)
        self._at = SEAM

    def join(self, block: Floats, jump: bool) -> Floats:
        """The block as it should be heard after all before it; ``jump``: its first sample does not follow the last."""
        if not len(block):
            return block
        if jump:
            self._step = self._last - block[0]
            self._at = 0
        if self._at < SEAM:
            n = min(SEAM - self._at, len(block))
            block = block.copy()
            block[:n] += self._step * _FADE[self._at : self._at + n]
            self._at += n
        self._last = block[-1].copy()
        return block
