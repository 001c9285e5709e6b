"""The audit log on disk: ``audit.jsonl`` and the older files that it has turned into, readable by their owner alone."""

import logging
import os
import time
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from receiver.trust.audit import BrokenChain, Chain, Entry, Happening, follow, read_line
from receiver.trust.files import StateError, set_aside

NAME = "audit.jsonl"
MAX_BYTES = 1024 * 1024
OLDER = 4
"""Files beside the newest. Drop rule: the oldest goes; the chain runs on, so what is left still verifies."""
TAIL = 64 * 1024

log = logging.getLogger(__name__)


class AuditFile:
    """Appends to the log in ``state``; blocking, so not for the event loop. ``most``: bytes of one file."""

    def __init__(self, state: Path, most: int = MAX_BYTES) -> None:
        self._path = state / NAME
        self._most = most
        self._chain: Chain | None = None

    def append(self, happenings: Iterable[Happening]) -> list[Entry]:
        """Write lines and wait until the disk has them. Raises StateError; what was not written is lost."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            before, self._chain = self._chain, None  # after a failure, look at the file again
            first, position = ((), before) if before else self._take_up()
            entries, lines = [], []
            for what in chain(first, happenings):
                line, entry = position.add(what)
                lines.append(line)
                entries.append(entry)
            self._write(b"".join(lines))
            self._chain = position
        except OSError as error:
            raise StateError(
                f"{self._path} can't be written ({error.strerror}). Give the receiver's user write access to "
                f"{self._path.parent}, and see that the disk is not full or read-only"
            ) from error
        return entries

    def _take_up(self) -> tuple[tuple[Happening, ...], Chain]:
        """Where the chain is, and what must be said first: that it begins, or what a power cut has left."""
        now = time.time()
        if not self._path.exists():
            older = [path for path in files(self._path.parent) if path != self._path]
            end = _last(older[-1])[0] if older else None
            return (), Chain(end.n, end.hash) if end else Chain()
        try:
            end, torn = _last(self._path)
        except BrokenChain as error:
            aside = set_aside(self._path)
            log.error("the audit log's end is damaged; it was moved to %s, and a new log begins", aside.name)
            return (Happening(now, "log began", details=(("why", f"the one before is damaged: {error}"),)),), Chain()
        if not torn:
            return (), Chain(end.n, end.hash) if end else Chain()
        os.truncate(self._path, self._path.stat().st_size - torn)
        happening = Happening(now, "log mended", details=(("bytes of an unfinished line", torn),))
        return (happening,), Chain(end.n, end.hash) if end else Chain()

    def _write(self, data: bytes) -> None:
        fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        if size >= self._most:
            self._turn()

    def _turn(self) -> None:
        for number in range(OLDER, 0, -1):
            newer = older_name(self._path, number - 1)
            if newer.exists():
                newer.replace(older_name(self._path, number))


def older_name(path: Path, number: int) -> Path:
    """The ``number``-th older file; 0 is ``path`` itself."""
    return path.with_name(f"audit.{number}.jsonl") if number else path


def files(state: Path) -> list[Path]:
    """The log's files, the oldest first."""
    return [path for number in range(OLDER, -1, -1) if (path := older_name(state / NAME, number)).exists()]


def _last(path: Path) -> tuple[Entry | None, int]:
    """The last whole line, and how many bytes of an unfinished one follow it. Raises BrokenChain."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        whole, newline, torn = file.read().rpartition(b"\n")
    return (read_line(whole.rpartition(b"\n")[2]) if newline else None), len(torn)


def read(state: Path, verify: bool = True) -> Iterator[Entry]:
    """Every entry, the oldest first; an unfinished last line is left out. Raises StateError.

    ``verify``: stop at the first line that breaks the chain, and name it; else leave such lines out.
    """
    entry: Entry | None = None
    for path, lines in _contents(state):
        if not verify:
            yield from _readable(lines)
            continue
        try:
            for entry in follow(lines, entry):  # noqa: B020 - the next file goes on from this one's end
                yield entry
        except BrokenChain as error:
            raise StateError(f"Line {error.number} of {path} breaks the chain: {error}.") from error


def _contents(state: Path) -> Iterator[tuple[Path, list[bytes]]]:
    try:
        for path in files(state):
            yield path, path.read_bytes().split(b"\n")[:-1]
    except OSError as error:
        remedy = "Ask as the user that the receiver runs as, or with sudo"
        raise StateError(f"{error.filename} can't be read ({error.strerror}). {remedy}") from error


def _readable(lines: Iterable[bytes]) -> Iterator[Entry]:
    for line in lines:
        try:
            yield read_line(line)
        except BrokenChain:
            continue
