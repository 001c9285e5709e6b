"""A sender, a network and a sound card that live on a fake clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from receiver.clock import FakeClock
from receiver.sound.api import RATE, Render, Samples
from receiver.sound.player import Player

MS = 1_000_000
PACKET = 960
BLOCK = 480
FIRST = 4_000_000_000
"""RTP timestamps begin anywhere."""


class Card:
    """A sink that is asked by hand."""

    def __init__(self) -> None:
        self.renders: list[Render] = []

    def attach(self, render: Render) -> None:
        self.renders.append(render)

    def detach(self, render: Render) -> None:
        self.renders.remove(render)

    def close(self) -> None:
        self.renders.clear()


@dataclass
class World:
    """Sends a tone for a while, and records all that is heard.

    ``network``: delay in ns of packet i, from its capture's end, or None for a lost one. ``ppm``: how much slower than
    ours the sender's clock runs. ``latency``: of the card.
    """

    network: Callable[[int], int | None] = lambda i: 20 * MS
    ppm: float = 0.0
    latency: int = 20 * MS
    captured: bool = False
    max_hold: int = 250 * MS
    tone: float = 440.0
    volume: int = 10_000
    clock: FakeClock = field(default_factory=lambda: FakeClock(1_000_000 * MS))

    def __post_init__(self) -> None:
        self.card = Card()
        self.player = Player(self.card, self.clock, self.max_hold)
        self.began = self.clock.now()
        self.heard: list[Samples] = []
        self.offsets: list[float] = []
        self.levels: list[float] = []
        self.i = 0
        self.waiting: list[tuple[int, int, int]] = []
        self.next_block = self.began
        self.discontinuity = False

    def capture_time(self, i: int) -> int:
        return self.began + round(i * PACKET * 1e9 / RATE * (1 + self.ppm * 1e-6))

    def samples(self, i: int) -> Samples:
        t = np.arange(i * PACKET, (i + 1) * PACKET)
        wave = (self.volume * np.sin(2 * np.pi * self.tone * t / RATE)).astype(np.int16)
        return np.stack([wave, wave], axis=1)

    def run(self, seconds: float) -> None:
        end = self.next_block + round(seconds * 1e9)
        while self.next_block < end:
            self._send()
            self.clock.advance(max(0, self.next_block - self.clock.now()))
            for render in list(self.card.renders):
                self.heard.append(render(BLOCK, self.next_block + self.latency))
            stats = self.stats()
            if stats["offset_ms"] is not None:
                self.offsets.append(stats["offset_ms"])
            self.levels.append(stats["buffered_ms"])
            self.next_block += BLOCK * 1_000_000_000 // RATE

    def _send(self) -> None:
        while self.capture_time(self.i + 1) <= self.next_block:
            delay = self.network(self.i)
            if delay is not None:
                earliest = self.waiting[-1][0] if self.waiting else 0
                self.waiting.append((max(earliest, self.capture_time(self.i + 1) + delay), self.i, len(self.waiting)))
            else:
                self.discontinuity = True
            self.i += 1
        while self.waiting and self.waiting[0][0] <= self.next_block:
            at, i, _ = self.waiting.pop(0)
            capture = self.capture_time(i) if self.captured else None
            self.clock.advance(max(0, at - self.clock.now()))
            self.player.push(self.samples(i), FIRST + i * PACKET, capture, at, self.discontinuity)
            self.discontinuity = False

    def stats(self) -> dict[str, Any]:
        return self.player.stats()

    def sound(self) -> np.ndarray:
        return np.concatenate(self.heard)[:, 0].astype(np.int64)


@pytest.fixture
def world() -> type[World]:
    return World
