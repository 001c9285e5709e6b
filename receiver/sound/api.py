"""What a sound output is, for the player that feeds it and for the backends that are one."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

RATE = 48_000
"""Samples a second and channel, everywhere in this room."""
CHANNELS = 2

Samples = npt.NDArray[np.int16]
"""Shape (n, 2), interleaved stereo at ``RATE``."""

Render = Callable[[int, int], Samples]
"""``render(n, heard_ns)`` gives the n samples of which the first leaves the loudspeaker at ``heard_ns`` of
CLOCK_MONOTONIC. Called on the device's own thread; it must not block or raise."""


class Sink(Protocol):
    """Where players send sound. Any number may be attached; their sound is summed."""

    def attach(self, render: Render) -> None:
        """Begin to ask ``render`` for sound. Never raises: without a device, the sound is consumed in silence."""

    def detach(self, render: Render) -> None:
        """Ask ``render`` no more. It may be running one last time when this returns."""

    def close(self) -> None:
        """Stop the device. May be called twice."""


class Lost(Protocol):
    """Called on any thread when a device can't go on, with a sentence on why. ``again``: it asks to be opened anew at
    once, because it will be another way."""

    def __call__(self, why: str, *, again: bool = False) -> None: ...


class Backend(Protocol):
    """One way to play sound."""

    name: str

    def start(self, render: Render, lost: Lost) -> None:
        """Open the device and run until ``stop``, or until it can't go on.

        Raises BackendUnavailable with what is missing and the remedy.
        """

    def stop(self) -> None:
        """Close the device; no ``render`` runs after it returns. May be called twice."""
