"""The audit log's chain: who was let in, who was refused, and who did what (DDP.md section 4). Pure.

A line is one JSON object. ``prev`` is the line before's ``hash``, and ``hash`` is SHA-256 of the line's own bytes up
to that member; so a line that is altered, left out or moved breaks the chain at its place. Who can write the file
can also write the whole chain anew: the newest hash, noted elsewhere, shows that too.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

import msgspec

from receiver.errors import ReceiverError

Event = Literal[
    "paired",
    "returned",
    "resumed",
    "refused",
    "revoked",
    "cast began",
    "cast ended",
    "takeover asked",
    "takeover granted",
    "takeover denied",
    "input asked",
    "input granted",
    "input denied",
    "input stopped",
    "local input sent",
    "stream key made",
    "stream key revoked",
    "command",
    "setting changed",
    "log began",
    "log mended",
]
EVENTS: tuple[Event, ...] = get_args(Event)

Detail = str | int
MAX_TEXT = 128
START = "0" * 64
"""``prev`` of the very first line."""

_END = re.compile(rb',"hash":"([0-9a-f]{64})"}')
_END_BYTES = 75


class BrokenChain(ReceiverError):
    """A line that does not follow the one before it; ``number``: its place in its file, from 1."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(why)
        self.number = number


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A line. ``n``: from 1, through all files; ``at``: RFC 3339, in UTC; ``device``: a thumbprint.

    ``left_out``: entries of the same event before this one that were too many to be written.
    """

    n: int
    at: str
    event: Event
    prev: str
    hash: str = ""
    who: str = ""
    device: str = ""
    details: dict[str, Detail] = {}
    left_out: int = 0

    @property
    def shown(self) -> dict[str, object]:
        """What it tells, without what chains it."""
        fields: dict[str, object] = {"n": self.n, "at": self.at, "event": self.event}
        return fields | {"who": self.who, "device": self.device, "details": self.details, "left_out": self.left_out}


@dataclass(frozen=True)
class Happening:
    """What shall become a line. ``at_s``: seconds of wall time. No secret may ever be among its values."""

    at_s: float
    event: Event
    who: str = ""
    device: str = ""
    details: tuple[tuple[str, Detail], ...] = ()
    left_out: int = 0


class Chain:
    """Where the chain is: ``n`` and ``hash`` of the newest line."""

    def __init__(self, n: int = 0, hash: str = START) -> None:
        self.n = n
        self.hash = hash

    def add(self, what: Happening) -> tuple[bytes, Entry]:
        """The next line, with its newline, and what it says."""
        self.n += 1
        at = datetime.fromtimestamp(what.at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry = Entry(
            n=self.n,
            at=at,
            event=what.event,
            prev=self.hash,
            who=_short(what.who),
            device=_short(what.device),
            details={name: _short(value) if isinstance(value, str) else value for name, value in what.details},
            left_out=what.left_out,
        )
        body = msgspec.json.encode(entry)[:-1]
        self.hash = hashlib.sha256(body).hexdigest()
        return b'%s,"hash":"%s"}\n' % (body, self.hash.encode()), msgspec.structs.replace(entry, hash=self.hash)


def read_line(line: bytes, number: int = 1) -> Entry:
    """What a line says, without its newline. Raises BrokenChain where it is not whole."""
    end = _END.fullmatch(line[-_END_BYTES:])
    if end is None:
        raise BrokenChain(number, "it is not a line of this log")
    if hashlib.sha256(line[:-_END_BYTES]).hexdigest() != end[1].decode():
        raise BrokenChain(number, "it was altered: its hash does not fit what it says")
    try:
        return msgspec.json.decode(line, type=Entry)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenChain(number, f"it can't be read ({error})") from error


def follow(lines: Iterable[bytes], after: Entry | None = None) -> Iterator[Entry]:
    """The entries of ``lines``, each checked to follow the one before. Raises BrokenChain.

    Without ``after`` the first line is taken where it stands: older files may have been dropped.
    """
    for number, line in enumerate(lines, 1):
        entry = read_line(line, number)
        if after is not None and (entry.prev != after.hash or entry.n != after.n + 1):
            raise BrokenChain(
                number, f"it is entry {entry.n} and does not follow entry {after.n}: lines were left out or moved"
            )
        after = entry
        yield entry


def _short(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


SECOND = 1_000_000_000
BURST = 20
EVERY: dict[Event, int] = {"refused": 60 * SECOND}
"""After a burst, how often an event is still written; so a flood can't push the log's history out."""
EVERY_ELSE = 10 * SECOND


class Thrift:
    """Which happenings are written, and how many were not: a token bucket for each event."""

    def __init__(self) -> None:
        self._full_at: dict[Event, int] = {}
        self._left_out: dict[Event, int] = {}

    def spend(self, event: Event, now: int) -> int | None:
        """None where this one is left out; else how many like it were, since the last that was written."""
        every = EVERY.get(event, EVERY_ELSE)
        full_at = max(self._full_at.get(event, now), now)
        if full_at + every > now + BURST * every:
            self._left_out[event] = self._left_out.get(event, 0) + 1
            return None
        self._full_at[event] = full_at + every
        return self._left_out.pop(event, 0)
