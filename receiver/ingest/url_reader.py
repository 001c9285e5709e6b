"""Reads one URL ahead on a thread of its own: opens it, winds it, and asks again where the network broke.

The queue to the player holds at most ``AHEAD_NS`` of a stream or ``AHEAD_BYTES``. Its drop rule is none: the reader
waits, and its server with it.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from receiver.clock import Clock
from receiver.errors import PeerError
from receiver.ingest.url_connect import Unreachable
from receiver.ingest.url_pace import RECONNECT_NS, Unit
from receiver.ingest.url_source import About, Source
from receiver.threads import NamedThread

AHEAD_NS = 4_000_000_000
AHEAD_BYTES = 24 * 1024 * 1024
MAX_UNITS = 4000
SETTLED_NS = 10_000_000_000
"""A connection that lasted this long was a good one: the next waits are counted from the first again."""
NS = 1_000_000_000

log = logging.getLogger(__name__)


class Listener(Protocol):
    """What the reader tells; every method is called on its thread and must not block."""

    def opened(self, about: About) -> None:
        """Packets of this come next."""

    def arrived(self) -> None:
        """The queue is no longer empty."""

    def interrupted(self, error: PeerError) -> None:
        """The connection is lost and is made again."""

    def failed(self, error: PeerError) -> None:
        """Nothing more will come."""


class Reader:
    """``open_source`` makes a source for each connection. All methods are for the player's thread."""

    def __init__(self, open_source: Callable[[], Source], clock: Clock, listener: Listener) -> None:
        self._open_source = open_source
        self._clock = clock
        self._listener = listener
        self._units: deque[Unit | None] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._seek_to: int | None = None
        self._position = 0
        self._source: Source | None = None
        self._closed = False

    def start(self) -> None:
        NamedThread("url-read", self._run).start()

    def head(self) -> tuple[bool, Unit | None]:
        """Whether anything is there, and what: None is the end."""
        with self._changed:
            return bool(self._units), self._units[0] if self._units else None

    def pop(self) -> None:
        """The head is used."""
        with self._changed:
            unit = self._units.popleft()
            if unit is not None:
                self._bytes -= len(unit.data)
                self._position = unit.pts_ns
            self._changed.notify()

    def seek(self, position_ns: int) -> None:
        """What ``head`` gives from now on is from there."""
        with self._changed:
            self._seek_to = self._position = position_ns
            self._units.clear()
            self._bytes = 0
            self._changed.notify()

    def close(self) -> None:
        """End the thread; what blocks it is aborted."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._source is not None:
            self._source.abort()

    # ---- the thread

    def _run(self) -> None:
        attempt = 0
        opened = False
        while not self._closed:
            began = self._clock.now()
            source = self._source = self._open_source()
            try:
                about = source.open()
                self._listener.opened(about)
                if opened and about.seekable:
                    self._seek_to = self._position if self._seek_to is None else self._seek_to
                opened = True
                self._read(source)
                return
            except PeerError as error:
                if self._clock.now() - began > SETTLED_NS:
                    attempt = 0
                again = opened and isinstance(error, Unreachable) and attempt < len(RECONNECT_NS)
                if self._closed or not again:
                    self._listener.failed(error)
                    return
                self._listener.interrupted(error)
            except Exception:  # a fault of ours must end the cast in words, not leave it hanging
                log.exception("reading a URL broke")
                self._listener.failed(Unreachable("The receiver could not go on reading this. Its log says why."))
                return
            finally:
                source.close()
            self._wait(lambda: self._closed, RECONNECT_NS[attempt])
            attempt += 1

    def _read(self, source: Source) -> None:
        """Until closed, or the end of what can't be wound back. Raises PeerError."""
        while not self._closed:
            with self._changed:
                position, self._seek_to = self._seek_to, None
            if position is not None:
                source.seek(position)
            if all(self._put(unit) for unit in source.read()):
                if source.about.mode == "live":
                    raise source.failure or Unreachable("The stream has ended.")
                self._put(None)
                self._wait(self._disturbed)

    def _put(self, unit: Unit | None) -> bool:
        """Wait for room; False where the player wants something else first."""
        with self._changed:
            self._changed.wait_for(lambda: self._disturbed() or self._has_room())
            if self._disturbed():
                return False
            first = not self._units
            self._units.append(unit)
            self._bytes += len(unit.data) if unit is not None else 0
        if first:
            self._listener.arrived()
        return True

    def _has_room(self) -> bool:
        first, last = (self._units[0], self._units[-1]) if self._units else (None, None)
        if first is None or last is None:
            return True
        return self._bytes < AHEAD_BYTES and len(self._units) < MAX_UNITS and last.dts_ns - first.dts_ns < AHEAD_NS

    def _disturbed(self) -> bool:
        return self._closed or self._seek_to is not None

    def _wait(self, until: Callable[[], bool], at_most_ns: int | None = None) -> None:
        with self._changed:
            self._changed.wait_for(until, None if at_most_ns is None else at_most_ns / NS)
