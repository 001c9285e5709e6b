"""What is heard where sound did not come in time: the last of it, repeated in its own pitch while it fades. Pure.

A gap of 10 to 20 ms is hardly heard so, which lets packets wait less for the rare late one (as in NetEq's expansion).
"""

import numpy as np

from receiver.sound.api import CHANNELS, RATE
from receiver.sound.seam import Floats

HISTORY = RATE * 30 // 1000
"""Samples that are remembered."""
SHORTEST, LONGEST = RATE // 400, RATE // 66
"""Samples of one period of the highest and lowest pitch that is looked for."""
FADE = RATE * 40 // 1000
"""Samples until the repetition is silent: a vowel that stands still is heard as a robot's."""
_COARSE = 4


class Continuation:
    """Watches what goes out, and carries it on. Blocks are float32 (n, 2)."""

    def __init__(self) -> None:
        self._history: Floats = np.zeros((HISTORY, CHANNELS), np.float32)
        self._period: Floats | None = None
        self._at = 0

    def heard(self, block: Floats) -> None:
        """Real sound went out; it is what comes next that would be carried on."""
        if len(block):
            self._history = np.concatenate([self._history[len(block) :], block[-HISTORY:]])
            self._period = None

    def carry_on(self, n: int) -> Floats:
        """The next n samples of what nobody sent; silence once it has faded."""
        if self._period is None:
            self._period, self._at = self._history[-pitch(self._history) :], 0
        at = self._at + np.arange(n)
        self._at += n
        fade = np.clip(1.0 - at / FADE, 0.0, 1.0).astype(np.float32)
        return self._period[at % len(self._period)] * fade[:, None]

    def forget(self) -> None:
        """What was heard last is over."""
        self._history[:] = 0
        self._period = None


def pitch(history: Floats) -> int:
    """Samples after which the end of ``history``, float32 (HISTORY, 2), is most like itself."""
    mono = history.sum(axis=1)[: HISTORY // _COARSE * _COARSE].reshape(-1, _COARSE).mean(axis=1)
    newest = mono[-SHORTEST // _COARSE * 2 :]
    lags = range(SHORTEST // _COARSE, LONGEST // _COARSE + 1)

    def likeness(lag: int) -> float:
        before = mono[len(mono) - len(newest) - lag : len(mono) - lag]
        return float(newest @ before) / (float(np.linalg.norm(before)) + 1e-6)

    return max(lags, key=likeness) * _COARSE
