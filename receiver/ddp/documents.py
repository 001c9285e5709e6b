"""Documents in collections, and what a subscriber that saw one state must be told to see another. Pure.

A document is named by collection and id, and its fields are kept as the JSON that goes out, so each value is encoded
once, however many subscribers there are. What two subscribers need who saw the same state is one and the same Event.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from receiver.errors import ReceiverError

MAX_DOCUMENT = 32 * 1024
"""Bytes of JSON: with its envelope and seal, a document fits into one message of 64 KiB."""
CACHED = 256

Key = tuple[str, str]
"""Collection and id."""
Names = frozenset[str] | None
"""Which fields a subscriber asked for; None: all."""
Kind = Literal["added", "changed", "removed", "ready", "nosub", "updated"]


@dataclass(frozen=True, eq=False, slots=True)
class Event:
    """One thing to tell subscribers. ``params``: a JSON object, the same on both wires (DDP.md section 11)."""

    kind: Kind
    params: bytes


def event(kind: Kind, **members: object) -> Event:
    return Event(kind, msgspec.json.encode(members))


@dataclass(frozen=True, slots=True)
class View:
    """A document in one of its versions, as far as ``names`` shows it. ``fields``: each value as JSON."""

    version: int
    names: Names
    fields: Mapping[str, bytes]


class Documents:
    """All documents of a display, each in its newest version."""

    def __init__(self) -> None:
        self._collections: dict[str, dict[str, View]] = {}
        self._versions = itertools.count(1)
        self._events: dict[object, Event | None] = {}

    def put(self, key: Key, fields: Mapping[str, object]) -> bool:
        """Have the document be exactly ``fields``; whether that changes anything. Raises ReceiverError."""
        encoded = {name: msgspec.json.encode(value) for name, value in fields.items()}
        size = sum(len(name) + len(value) for name, value in encoded.items())
        if size > MAX_DOCUMENT:
            raise ReceiverError(f"the document {key[1]} of {key[0]} has {size} bytes; at most {MAX_DOCUMENT} are sent")
        collection = self._collections.setdefault(key[0], {})
        old = collection.get(key[1])
        if old is not None and old.fields == encoded:
            return False
        collection[key[1]] = View(next(self._versions), None, encoded)
        return True

    def remove(self, key: Key) -> None:
        """The document is no more; nothing happens where it was not."""
        collection = self._collections.get(key[0], {})
        collection.pop(key[1], None)
        if not collection:
            self._collections.pop(key[0], None)

    def ids(self, collection: str) -> Iterable[str]:
        return tuple(self._collections.get(collection, ()))

    def view(self, key: Key, names: Names) -> View | None:
        """What ``names`` shows of the document now; None where there is none."""
        whole = self._collections.get(key[0], {}).get(key[1])
        if whole is None or names is None:
            return whole
        return View(whole.version, names, {name: value for name, value in whole.fields.items() if name in names})

    def difference(self, key: Key, had: View | None, wants: View | None) -> Event | None:
        """What leads from ``had`` to ``wants``; None where they show the same."""
        step = (key, had and (had.version, had.names), wants and (wants.version, wants.names))
        if step not in self._events:
            if len(self._events) >= CACHED:
                self._events.clear()
            self._events[step] = _difference(key, had, wants)
        return self._events[step]


def _difference(key: Key, had: View | None, wants: View | None) -> Event | None:
    collection, id = key
    if wants is None:
        return event("removed", collection=collection, id=id) if had is not None else None
    if had is None:
        return event("added", collection=collection, id=id, fields=_raw(wants.fields))
    changed = {name: value for name, value in wants.fields.items() if had.fields.get(name) != value}
    cleared = [name for name in had.fields if name not in wants.fields]
    members: dict[str, object] = {"fields": _raw(changed)} if changed else {}
    members |= {"cleared": cleared} if cleared else {}
    return event("changed", collection=collection, id=id, **members) if members else None


def _raw(fields: Mapping[str, bytes]) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(value) for name, value in fields.items()}
