"""When a call that waits had done its own part."""

import os
import subprocess
import sys
import time

import pytest

from receiver.present.drm.spent import Spent, ThreadClock, done_ns

MS = 1_000_000


@pytest.mark.parametrize(
    ("done", "spent", "back", "shown"),
    [
        (2, Spent(2, 0), 16, 16),
        (7, Spent(2, 5), 16, 16),  # kept before it was shown
        (2, Spent(2, 5), 21, 16),  # kept on its way back
        (4, Spent(2, 5), 19, 16),  # both
        (7, Spent(2, 5), 16, None),
        (16, Spent(9, 9), 16, 16),  # no later than it came back
        (2, Spent(2, 0), 15, 16),  # a clock that steps back
    ],
)
def test_a_call_is_done_after_its_work_and_what_it_was_kept_for(
    done: int, spent: Spent, back: int, shown: int | None
) -> None:
    shown_ns = None if shown is None else shown * MS
    assert done_ns(0, Spent(*(one * MS for one in spent)), back * MS, shown_ns) == done * MS


def work(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_the_kernel_counts_what_kept_this_thread() -> None:
    clock, processors = ThreadClock(), os.sched_getaffinity(0)
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
        try:
            os.sched_setaffinity(other.pid, {min(processors)})
            os.sched_setaffinity(0, {min(processors)})
            before = clock.read()
            work(0.1)
            spent = clock.read().since(before)
        finally:
            os.sched_setaffinity(0, processors)
            other.kill()
            clock.close()
    assert spent.ran >= 100 * MS
    assert spent.kept > 10 * MS


def test_a_kernel_that_does_not_count_keeps_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("receiver.present.drm.spent.SCHEDSTAT", "/nowhere")
    clock = ThreadClock()
    work(0.001)
    assert clock.read().kept == 0
    clock.close()
    clock.close()
