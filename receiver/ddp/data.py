"""The data layer: publications, subscriptions and topics (DDP.md sections 7 and 11). Pure.

Both wires, JSON-RPC and Meteor's, are views of this one server.
"""

import itertools
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import islice

import msgspec

from receiver.ddp import ejson
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.documents import Documents, Key, Names, event
from receiver.ddp.subscriber import Selection, Subscriber

SCOPES: dict[str, str | None] = {
    "displays": None,
    "sessions": "cast",
    "streams": "cast",
    "settings": "cast",
    "rooms": "cast",
    "audit": "admin",
}
"""Each publication, and the scope that reading it takes. None: what discovery tells everybody anyway."""

ROOMS = "rooms"
MAX_TOPICS = 256
MAX_VALUE = 16 * 1024
"""Bytes of JSON of a published value."""
MAX_DOCUMENTS = 1024
"""Of one publication; a source gives the most useful first, and the rest is left out."""
MAX_NAMED_FIELDS = 32
MAX_NAME = 64

_TOPIC = re.compile(r"[A-Za-z0-9._~/-]{1,64}")

Source = Callable[[], Mapping[str, Mapping[str, object]]]
"""What a publication shows now: documents by id."""


@dataclass(frozen=True)
class Method:
    """What ``data.method`` may call. ``scope``: what it takes; ``call``: gets the caller and its parameters, and
    raises PeerError or ReceiverError."""

    scope: str
    call: Callable[[Subscriber, list[object]], Awaitable[object]]


class DataServer:
    """All publications of a display. ``sources`` and ``methods`` are filled by the app; a publication without a
    source has no documents."""

    def __init__(self) -> None:
        self.sources: dict[str, Source] = {}
        self.methods: dict[str, Method] = {}
        self._documents = Documents()
        self._watchers: dict[tuple[str, str | None], dict[Subscriber, None]] = {}
        self._published = itertools.count(1)

    def join(self, wake: Callable[[], None], name: str = "", scopes: frozenset[str] = frozenset()) -> Subscriber:
        """A connection, which has subscribed to nothing yet."""
        return Subscriber(self._documents, wake, name, scopes)

    def leave(self, subscriber: Subscriber) -> None:
        """The connection is over; it leaves nothing behind."""
        for id in tuple(subscriber.selections):
            self._deselect(subscriber, id)

    def rescope(self, subscriber: Subscriber, scopes: frozenset[str]) -> None:
        """What the client may do has changed; subscriptions that it may not have any more end with ``nosub``."""
        subscriber.scopes = scopes
        for id, selection in tuple(subscriber.selections.items()):
            scope = SCOPES[selection.collection]
            if scope is not None and scope not in scopes:
                self._deselect(subscriber, id)
                subscriber.tell(event("nosub", id=id))

    # ---- what clients ask

    def sub(self, subscriber: Subscriber, id: str, name: str, params: list[object], now: int) -> None:
        """Subscribe: the documents as they are, then ``ready``, then each change. Raises Refusal."""
        subscriber.spend(now)
        _check_name(id, "The subscription's id")
        publication, _, topic = name.partition("/")
        if publication not in SCOPES or (publication == ROOMS) != bool(topic):
            known = ", ".join(name if name != ROOMS else "rooms/<topic>" for name in SCOPES)
            raise Refusal(ErrorCode.NO_SUCH_SUBSCRIPTION, f"There is no such publication. There are: {known}.")
        permit(subscriber, SCOPES[publication], f"read {publication}")
        selection = self._topic(topic, params) if publication == ROOMS else _selection(publication, params)
        if not self._is_watched(publication):
            self.refresh(publication)
        subscriber.select(id, selection)
        self._watchers.setdefault((selection.collection, selection.id), {})[subscriber] = None
        subscriber.tell(event("ready", subs=[id]))

    def unsub(self, subscriber: Subscriber, id: str, now: int) -> None:
        """End a subscription; ``nosub`` follows what must be removed. Raises Refusal with −32011."""
        subscriber.spend(now)
        self._deselect(subscriber, id)
        subscriber.tell(event("nosub", id=id))

    def publish(self, subscriber: Subscriber, topic: str, value: object, now: int) -> int:
        """Give ``value`` to all who subscribe to the topic; how many they are. Raises Refusal.

        A topic is there while somebody subscribes to it, and keeps its newest value for those who join.
        """
        subscriber.spend(now)
        permit(subscriber, SCOPES[ROOMS], "publish")
        _check_topic(topic)
        encoded = msgspec.Raw(ejson.encode(value, MAX_VALUE, "The value"))
        audience = self._watchers.get((ROOMS, topic), ())
        if audience:
            self.put((ROOMS, topic), {"value": encoded, "from": subscriber.name, "n": next(self._published)})
        return len(audience)

    def method(self, subscriber: Subscriber, id: str, name: str, now: int) -> Method:
        """The method that a client asks for; after its call comes ``updated``. Raises Refusal."""
        subscriber.spend(now)
        _check_name(id, "The method call's id")
        method = self.methods.get(name)
        if method is None:
            known = ", ".join(sorted(self.methods))
            raise Refusal(ErrorCode.METHOD_NOT_FOUND, f"There is no such data method. There are: {known}.")
        permit(subscriber, method.scope, f"call {name}")
        return method

    def updated(self, subscriber: Subscriber, id: str) -> None:
        """Tell the caller that it has seen, with this, all that its method call changed."""
        subscriber.tell(event("updated", methods=[id]))

    # ---- what the app tells

    def refresh(self, publication: str) -> None:
        """Ask the publication's source, and tell what has changed. Raises ReceiverError."""
        source = self.sources.get(publication)
        documents = dict(islice(source().items(), MAX_DOCUMENTS)) if source else {}
        for id in self._documents.ids(publication):
            if id not in documents:
                self.remove((publication, id))
        for id, fields in documents.items():
            self.put((publication, id), fields)

    def refresh_watched(self) -> None:
        """``refresh`` for every publication that somebody subscribes to."""
        for publication in self.sources:
            if self._is_watched(publication):
                self.refresh(publication)

    def put(self, key: Key, fields: Mapping[str, object]) -> None:
        """Have a document be exactly ``fields``. Raises ReceiverError where it is too big to be sent."""
        if self._documents.put(key, fields):
            self._mark(key)

    def remove(self, key: Key) -> None:
        self._documents.remove(key)
        self._mark(key)

    def _mark(self, key: Key) -> None:
        collection, id = key
        for watched in ((collection, None), (collection, id)):
            for subscriber in self._watchers.get(watched, ()):
                subscriber.mark(key)

    def _is_watched(self, publication: str) -> bool:
        return any(collection == publication for collection, _ in self._watchers)

    # ---- subscriptions

    def _topic(self, topic: str, params: list[object]) -> Selection:
        _check_topic(topic)
        if params:
            raise Refusal(ErrorCode.INVALID_PARAMS, "A topic takes no parameters.")
        topics = sum(1 for collection, _ in self._watchers if collection == ROOMS)
        if (ROOMS, topic) not in self._watchers and topics >= MAX_TOPICS:
            raise Refusal(
                ErrorCode.BUSY, f"This display has {MAX_TOPICS} topics, the most there may be. Use one of them."
            )
        return Selection(ROOMS, topic)

    def _deselect(self, subscriber: Subscriber, id: str) -> None:
        ended = subscriber.deselect(id)
        place = (ended.collection, ended.id)
        if any((other.collection, other.id) == place for other in subscriber.selections.values()):
            return
        watchers = self._watchers[place]
        del watchers[subscriber]
        if not watchers:
            del self._watchers[place]
            if ended.collection == ROOMS and ended.id is not None:
                self._documents.remove((ROOMS, ended.id))


def permit(subscriber: Subscriber, scope: str | None, what: str) -> None:
    """Let it pass, or raise Refusal with −32001 (who is that?) or −32002 (not for this one)."""
    if scope is None or scope in subscriber.scopes:
        return
    if not subscriber.scopes:
        raise Refusal(ErrorCode.UNAUTHENTICATED, f"Only paired devices may {what}. Pair with the display first.")
    raise Refusal(ErrorCode.FORBIDDEN, f"This device may not {what}: that takes the scope {scope!r}.", scope=scope)


def _selection(publication: str, params: list[object]) -> Selection:
    """``[]``, or one object that names a document (``id``), or fields (``fields``), or both."""
    match params:
        case []:
            return Selection(publication)
        case [{**wanted}] if set(wanted) <= {"id", "fields"}:
            return Selection(publication, _wanted_id(wanted.get("id")), _wanted_names(wanted.get("fields")))
    raise Refusal(
        ErrorCode.INVALID_PARAMS, 'The parameters are [] or [{"id": …, "fields": […]}], with one of the two or both.'
    )


def _wanted_id(id: object) -> str | None:
    if id is None or (isinstance(id, str) and len(id) <= MAX_NAME):
        return id
    raise Refusal(ErrorCode.INVALID_PARAMS, f"id is a text of at most {MAX_NAME} characters.")


def _wanted_names(names: object) -> Names:
    if names is None:
        return None
    if isinstance(names, list) and len(names) <= MAX_NAMED_FIELDS:
        texts = [name for name in names if isinstance(name, str) and len(name) <= MAX_NAME]
        if len(texts) == len(names):
            return frozenset(texts)
    raise Refusal(
        ErrorCode.INVALID_PARAMS, f"fields is a list of at most {MAX_NAMED_FIELDS} names of {MAX_NAME} characters each."
    )


def _check_name(text: str, what: str) -> None:
    if not 1 <= len(text) <= MAX_NAME:
        raise Refusal(ErrorCode.INVALID_PARAMS, f"{what} has {len(text)} characters; it takes 1 to {MAX_NAME}.")


def _check_topic(topic: str) -> None:
    if not _TOPIC.fullmatch(topic):
        raise Refusal(ErrorCode.INVALID_PARAMS, f"A topic is 1 to {MAX_NAME} letters, digits and . _ ~ / -")
