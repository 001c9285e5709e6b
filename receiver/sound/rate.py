"""How fast to play, so that sound drifts back to its place without a listener noticing. Pure."""

MAX_PULL = 0.005
"""Fraction of the speed: 9 cents of pitch, below what is noticed in speech and music that is not compared."""
_GAIN = 0.1
"""Pull for each second of error: a small error is gone in 10 s, one of 50 ms and more is pulled at MAX_PULL."""
_MEMORY = _GAIN * _GAIN / 4.0
"""Critically damped: what remains is the clocks' own drift, learnt without overshoot."""
_NEAR_S = 0.02
"""A larger error came from a jump of the target and teaches nothing about the clocks."""
_MAX_DRIFT = 0.001
"""Crystals are within 0.0002 of each other; more is not drift."""


class RateControl:
    """A proportional-integral controller from the place of sound to the speed of reading it.

    ``drift``: how much faster than our clock the sender's runs, as a fraction, as far as it is learnt.
    """

    def __init__(self) -> None:
        self.drift = 0.0

    def step(self, ahead_s: float, elapsed_s: float) -> float:
        """The ratio of media time to time for the next block. ``ahead_s``: how much too early sound is now."""
        pull = self.drift - _GAIN * ahead_s
        if abs(ahead_s) < _NEAR_S:
            self.drift -= _MEMORY * ahead_s * elapsed_s
            self.drift = max(-_MAX_DRIFT, min(_MAX_DRIFT, self.drift))
        return 1.0 + max(-MAX_PULL, min(MAX_PULL, pull))
