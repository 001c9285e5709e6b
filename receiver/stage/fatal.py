"""A thread, task or callback that died of a bug ends the process: a new stage shows the picture again within two
seconds, a stage that lost a part of itself would show a frozen one for ever."""

import asyncio
import logging
import os
import threading
from typing import Any

log = logging.getLogger(__name__)

BROKEN = 70
"""EX_SOFTWARE of sysexits.h: a bug of ours; whoever started us starts us anew."""


def install(loop: asyncio.AbstractEventLoop) -> None:
    """From now on nothing dies in silence, on any thread or on this loop."""
    threading.excepthook = _thread_died
    loop.set_exception_handler(_callback_died)


def watch(task: asyncio.Task[None]) -> asyncio.Task[None]:
    """The same task; its death by an exception is the process's."""
    task.add_done_callback(_task_ended)
    return task


def _thread_died(failure: threading.ExceptHookArgs) -> None:
    _die(f"thread {failure.thread and failure.thread.name}", failure.exc_value)


def _callback_died(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    _die(str(context.get("message")), context.get("exception"))


def _task_ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _die(f"task {task.get_name()}", error)


def _die(what: str, error: BaseException | None) -> None:
    log.critical("%s died: %s", what, error, exc_info=error)
    os._exit(BROKEN)
