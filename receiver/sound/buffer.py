"""Sound that waits to be heard: a ring addressed by media time, which can't grow and knows what it holds. Pure."""

import math

import numpy as np

from receiver.sound.api import CHANNELS, RATE, Samples
from receiver.sound.resample import TAPS_AFTER, TAPS_BEFORE, interpolate
from receiver.sound.seam import SEAM, Floats, mend

CAPACITY = RATE * 3 // 2
"""Samples. Drop rule ``sound_overflow``: what does not fit pushes out the oldest."""
QUIET = 16
"""Of 32767: -66 dB, which no room is still enough for."""
_GUARD = 8
"""Samples kept behind the reading point: the cubic looks one back, and its place is a fraction."""


class SampleBuffer:
    """The samples of media times [start, end). Holes are filled with silence that fades in and out.

    Media times are RTP timestamps at 48 kHz, unwrapped.
    """

    def __init__(self) -> None:
        self._ring: Samples = np.zeros((CAPACITY + _GUARD, CHANNELS), np.int16)
        self.clear()

    def clear(self) -> None:
        """Forget all sound; the next to come sets the place."""
        self.start = self.end = 0
        self._empty = True
        self._last = np.zeros(CHANNELS, np.float32)
        self._ring[:] = 0

    def write(self, samples: Samples, timestamp: int) -> dict[str, int]:
        """Take sound that begins at ``timestamp``; returns how many samples were dropped, by cause.

        ``sound_late``: it lies before what is already there or already heard. ``sound_overflow``: the oldest, where
        more than CAPACITY would wait.
        """
        if self._empty or timestamp - self.end > CAPACITY or self.start - timestamp > CAPACITY:
            lost = self.end - self.start
            self.clear()
            self.start = self.end = timestamp
            self._empty = False
            self._append(samples)
            return {"sound_overflow": lost} if lost else {}
        hole = timestamp - self.end
        dropped: dict[str, int] = {}
        if hole > 0:
            self._append(np.zeros((hole, CHANNELS), np.int16), jump=True)
        elif hole < 0:
            dropped["sound_late"] = min(-hole, len(samples))
            samples = samples[-hole:]
        self._append(samples, jump=hole > 0)
        if (over := self.end - self.start - CAPACITY) > 0:
            self.start += over
            dropped["sound_overflow"] = over
        return dropped

    def _append(self, samples: Samples, jump: bool = False) -> None:
        if not len(samples):
            return
        if jump:
            head = mend(self._last, samples[:SEAM].astype(np.float32))
            samples = np.concatenate([np.clip(np.rint(head), -32768, 32767).astype(np.int16), samples[SEAM:]])
        self._last = samples[-1].astype(np.float32)
        kept = samples[-len(self._ring) :]
        at = (self.end + len(samples) - len(kept)) % len(self._ring)
        room = len(self._ring) - at
        self._ring[at : at + len(kept)] = kept[:room]
        self._ring[: max(0, len(kept) - room)] = kept[room:]
        self.end += len(samples)

    def _held(self, first: int, last: int) -> Samples:
        """The ring's samples of [first, last), in their order."""
        at = first % len(self._ring)
        held = self._ring[at : at + last - first]
        if len(held) < last - first:
            held = np.concatenate([held, self._ring[: last - first - len(held)]])
        return held

    def ready(self, position: float, n: int, ratio: float) -> int:
        """How many of n samples, read from ``position`` at ``ratio``, are there."""
        if position < self.start:
            return 0
        return max(0, min(n, int((self.end - TAPS_AFTER - position) / ratio)))

    def read(self, position: float, n: int, ratio: float) -> Floats:
        """float32 (n, 2) from ``position`` on, ``ratio`` media samples a sample; all must be ``ready``.

        What lies before is given up.
        """
        first = math.floor(position) - TAPS_BEFORE
        span = math.ceil(n * ratio) + TAPS_BEFORE + TAPS_AFTER + 1
        out = interpolate(self._held(first, first + span), position - first + ratio * np.arange(n, dtype=np.float64))
        self.skip(position + n * ratio)
        return out

    def quiet(self, position: float, until: float) -> bool:
        """Whether all from ``position`` to ``until`` is there, and nothing in it can be heard."""
        first, last = math.floor(position), math.ceil(until)
        if first < self.start or last > self.end:
            return False
        return bool(np.abs(self._held(first, last)).max(initial=0) <= QUIET)

    def skip(self, position: float) -> None:
        """Give up all before ``position``."""
        self.start = min(max(self.start, math.floor(position)), self.end)
