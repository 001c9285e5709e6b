"""Reading samples at a speed near one, for following another clock without a click. Pure."""

import numpy as np
import numpy.typing as npt

from receiver.sound.api import Samples

TAPS_BEFORE = 1
TAPS_AFTER = 2


def interpolate(samples: Samples, at: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """float32 (n, 2): the values of ``samples`` at the fractional indexes ``at``, by Catmull-Rom's cubic.

    Four points, since a straight line between two would dull the treble, and by an amount that wanders as the
    fraction drifts. Every index must lie in [TAPS_BEFORE, len(samples) - TAPS_AFTER).
    """
    whole = np.floor(at).astype(np.intp)
    t = (at - whole).astype(np.float32)[:, None]
    x = samples.astype(np.float32)
    a, b, c, d = x[whole - 1], x[whole], x[whole + 1], x[whole + 2]
    out: npt.NDArray[np.float32] = b + 0.5 * t * (
        c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a))
    )
    return out
