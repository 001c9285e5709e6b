"""Sleep until a moment that any thread may bring forward, on a timer of the kernel's (timerfd_create(2)).

A condition's ``notify`` wakes the sleeper at once, which only learns until when it may sleep on, and which first has to
wait for the interpreter that the notifier still has. To set a timer wakes nobody before there is something to do.
"""

import ctypes
import os
import time
import weakref

CLOEXEC = os.O_CLOEXEC
BEGIN_NS = 1
"""The kernel takes 0 for never."""

libc = ctypes.PyDLL(None, use_errno=True)
"""Its calls keep the interpreter: they take a microsecond."""


class _Spec(ctypes.Structure):
    """itimerspec: how often, and from when on; seconds and nanoseconds of each."""

    _fields_ = [(name, ctypes.c_long) for name in ("every_s", "every_ns", "in_s", "in_ns")]


class Alarm:
    """Times are of one clock of the caller's, in ns. One thread sleeps; whoever else calls ``ring_at`` has changed
    before what the sleeper looks at after ``sleep``, under a lock that both take."""

    def __init__(self) -> None:
        self._fd = libc.timerfd_create(time.CLOCK_MONOTONIC, CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "no timer of the kernel's can be had")
        weakref.finalize(self, os.close, self._fd)
        self._at: int | None = None

    def ring_at(self, at: int, now: int) -> None:
        """Wake the sleeper at that time, or before where that is asked for already."""
        if self._at is not None and self._at <= at:
            return
        self._at = at
        seconds, ns = divmod(max(at - now, BEGIN_NS), 1_000_000_000)
        libc.timerfd_settime(self._fd, 0, ctypes.byref(_Spec(0, 0, seconds, ns)), None)

    def sleep(self) -> None:
        """Until the time comes; for ever where none is set."""
        os.read(self._fd, 8)
        self._at = None
