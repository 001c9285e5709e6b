"""The audit log of the running display: takes what happens, and has a thread write it down."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from receiver.clock import Clock
from receiver.errors import ReceiverError
from receiver.trust.audit import Detail, Entry, Event, Happening, Thrift
from receiver.trust.audit_file import AuditFile, read

RECENT = 200
"""Entries that the publication ``audit`` shows, the newest."""
MAX_WAITING = 256
"""Drop rule: what happens while so many wait for the disk is counted, and the count written."""

log = logging.getLogger(__name__)


class Record(Protocol):
    """How the app tells what has happened. No secret may be among what is told."""

    def __call__(self, event: Event, who: str = "", device: str = "", **details: Detail) -> None: ...


def unrecorded(event: Event, who: str = "", device: str = "", **details: Detail) -> None:
    """Where there is no audit log."""


class AuditDesk:
    """``record`` returns at once; ``run`` writes, and ``close`` writes what is left."""

    def __init__(self, state: Path, clock: Clock, wall: Callable[[], float] = time.time) -> None:
        self._state = state
        self._file = AuditFile(state)
        self._clock = clock
        self._wall = wall
        self._thrift = Thrift()
        self._waiting: deque[Happening] = deque()
        self._recent: deque[Entry] = deque(maxlen=RECENT)
        self._lost = 0
        self._due = asyncio.Event()
        self._writing = threading.Lock()  # the last write may still go on when ``close`` comes

    def record(self, event: Event, who: str = "", device: str = "", **details: Detail) -> None:
        """As ``Record``."""
        left_out = self._thrift.spend(event, self._clock.now())
        if left_out is None:
            return
        if len(self._waiting) >= MAX_WAITING:
            self._lost += 1
            return
        self._waiting.append(Happening(self._wall(), event, who, device, tuple(details.items()), left_out))
        self._due.set()

    async def run(self) -> None:
        """Write down what happens, until cancelled."""
        try:
            self._recent.extend(await asyncio.to_thread(self._newest))
        except ReceiverError as error:
            log.error("the audit log's past is not shown: %s", error)
        while True:
            await self._due.wait()
            self._due.clear()
            await asyncio.to_thread(self._write)

    def _newest(self) -> list[Entry]:
        return list(deque(read(self._state, verify=False), RECENT))

    def _write(self) -> None:
        with self._writing:
            self._write_batch()

    def _write_batch(self) -> None:
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not batch:
            return
        lost, self._lost = self._lost, 0
        gap = [Happening(self._wall(), "log mended", details=(("entries lost", lost),))] if lost else []
        try:
            self._recent.extend(self._file.append([*gap, *batch]))
        except ReceiverError as error:
            self._lost += lost + len(batch)
            log.error("entries of the audit log are lost, %d by now: %s", self._lost, error)

    async def close(self) -> None:
        """Write what is left, and wait until the disk has it all."""
        await asyncio.to_thread(self._write)

    def documents(self) -> dict[str, dict[str, object]]:
        """The publication ``audit``: the newest entries by their numbers, the newest first."""
        return {str(entry.n): entry.shown for entry in reversed(tuple(self._recent))}
