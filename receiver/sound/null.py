"""A sound output for machines that have none: it consumes in real time, so that all else runs as if it were heard."""

import threading

from receiver.clock import Clock
from receiver.sound.api import RATE, Lost, Render
from receiver.threads import NamedThread

BLOCK = RATE // 100
_BLOCK_NS = 1_000_000_000 // 100
_LATENCY_NS = _BLOCK_NS
"""As of a sound card that has one block in hand."""
_BEHIND_NS = 500_000_000


class NullBackend:
    """Asks for a block every 10 ms, says it is heard 10 ms later, and drops it."""

    name = "null"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, render: Render, lost: Lost) -> None:
        """Begin to ask; it never fails."""
        self.stop()
        self._stopping = threading.Event()
        self._thread = NamedThread("null sound", self._run, (render, self._stopping))
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread is not None

    def _run(self, render: Render, stopping: threading.Event) -> None:
        due = self._clock.now()
        while not stopping.wait(max(0, due - self._clock.now()) / 1e9):
            render(BLOCK, due + _LATENCY_NS)
            due += _BLOCK_NS
            if self._clock.now() - due > _BEHIND_NS:
                due = self._clock.now()  # the machine slept; a card would not make up for it either

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
