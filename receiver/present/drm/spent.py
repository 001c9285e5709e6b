"""What a thread's call that waits in the kernel was: work, waiting for a processor, or waiting for the device.

A call that comes back only once its picture is shown does not tell when its own part of that was done. The kernel keeps
count of both things that delay it: the thread's processor time, and how long it stood ready with no processor to run on
(``/proc/PID/task/TID/schedstat``, sched-stats.rst).
"""

import contextlib
import os
import time
from typing import NamedTuple

SCHEDSTAT = "/proc/thread-self/schedstat"


class Spent(NamedTuple):
    """In ns: on a processor, and ready but kept from one."""

    ran: int
    kept: int

    def since(self, before: "Spent") -> "Spent":
        return Spent(self.ran - before.ran, self.kept - before.kept)


def done_ns(handed_ns: int, spent: Spent, back_ns: int, shown_ns: int | None) -> int:
    """When at the earliest the work of a call was done that began at ``handed_ns`` and came back at ``back_ns``, after
    what it waited for was shown. Pure. The last time it was kept may have been on its way back; that is not counted."""
    way_back = 0 if shown_ns is None else max(0, back_ns - shown_ns)
    return min(back_ns, handed_ns + spent.ran + max(0, spent.kept - way_back))


class ThreadClock:
    """What the thread that made it has spent. A kernel that does not count (CONFIG_SCHED_INFO) keeps nobody."""

    def __init__(self) -> None:
        self._file = None
        with contextlib.suppress(OSError):
            self._file = os.open(SCHEDSTAT, os.O_RDONLY | os.O_CLOEXEC)

    def read(self) -> Spent:
        kept = 0 if self._file is None else int(os.pread(self._file, 64, 0).split()[1])
        return Spent(time.thread_time_ns(), kept)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
