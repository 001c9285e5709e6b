"""Encoders that leave our priority alone.

SVT-AV1, where root runs it, takes the highest realtime priority (SCHED_FIFO, 99) for its threads and for the one that
opens it, and whatever that starts from then on has it too. Two busy programs like that, and on two processors nothing
else goes on: not the timer that should end them.
"""

import contextlib
import os

import av


def open_calmly(context: av.CodecContext) -> None:
    """Open it; then no thread of this process is realtime."""
    context.open()
    for thread in os.listdir("/proc/self/task"):
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            os.sched_setscheduler(int(thread), os.SCHED_OTHER, os.sched_param(0))
