"""In a guest: when its processors stood still because the host served others. Such time is no fault of the guest's.

One watcher on each processor, above all else (SCHED_FIFO), sleeps for a moment again and again, and notes when that
took much longer than asked: ``python -m tests.vm.guest.stalls PROCESSOR``.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

STEP_S = 0.002
STALL_NS = 4_000_000
"""Between two looks; the watcher was then kept off its processor, as everything was, for half of it."""


class Stalls:
    """From ``watched``."""

    def __init__(self, notes: list[str]) -> None:
        self._notes = notes
        self.found = np.zeros((0, 2), np.int64)
        """Begin and end of each, in ns of CLOCK_MONOTONIC, as of the last ``look``."""

    def look(self) -> None:
        lines = "".join(Path(name).read_text() for name in self._notes).split()
        self.found = np.array(lines, np.int64).reshape(-1, 2)

    def within(self, begin_ns: int, end_ns: int) -> int:
        """The longest in this time, in ns; 0: none."""
        met = self.found[(self.found[:, 0] < end_ns) & (self.found[:, 1] > begin_ns)]
        return int((met[:, 1] - met[:, 0]).max(initial=0))


@contextmanager
def watched() -> Iterator[Stalls]:
    with tempfile.TemporaryDirectory() as folder:
        notes = [f"{folder}/{number}" for number in range(os.cpu_count() or 1)]
        watchers = []
        for number, name in enumerate(notes):
            with open(name, "w") as told:
                command = [sys.executable, "-m", "tests.vm.guest.stalls", str(number)]
                watchers.append(subprocess.Popen(command, stdout=told))
        try:
            while not all(Path(name).read_text() for name in notes):
                time.sleep(0.1)
            yield Stalls(notes)
        finally:
            for watcher in watchers:
                watcher.kill()
                watcher.wait()


def watch(processor: int) -> None:
    os.sched_setaffinity(0, {processor})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
    last = time.monotonic_ns()
    print(last, last, flush=True)  # it watches
    while True:
        time.sleep(STEP_S)
        now = time.monotonic_ns()
        if now - last > STALL_NS:
            print(last, now, flush=True)
        last = time.monotonic_ns()


if __name__ == "__main__":
    watch(int(sys.argv[1]))
