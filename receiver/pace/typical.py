"""How long something mostly takes, whatever it took now and then. Pure."""

from collections import deque
from statistics import median_low

WINDOW = 31
"""Measured times that count: half a second at 60 pictures a second, and a new level is known after half as many."""


class Typical:
    """The median of the last times; ``ns``: 0 before the second one, for the first is often out of the ordinary."""

    def __init__(self) -> None:
        self._last = deque([0], WINDOW)
        self.ns = 0

    def add(self, ns: int) -> None:
        """It took so long."""
        self._last.append(ns)
        self.ns = median_low(self._last)
