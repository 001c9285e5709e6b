"""One connection's subscriptions, and what it has still to be told. Pure.

It works as Meteor's merge box: a document that several subscriptions show is sent once, with the fields of all, and
removed when the last of them goes. Nothing that changes is queued: a document that is out of date is only marked, and
what the client needs is found when the connection has room. So a slow client gets the newest state, and what waits is
bounded by the documents that it sees.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.documents import Documents, Event, Key, Names, View

NS = 1_000_000_000
MAX_SUBSCRIPTIONS = 32
MAX_TOLD = 64
"""Events such as ``ready`` that may wait for a client that does not read."""
REQUESTS_PER_S = 100
BURST = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """What one subscription shows: a collection or, with ``id``, one document of it."""

    collection: str
    id: str | None = None
    names: Names = None

    def covers(self, key: Key) -> bool:
        return self.collection == key[0] and self.id in (None, key[1])


class Subscriber:
    """``name``: of the sender, for people. ``scopes``: what its session may do. ``wake``: called when there is
    something to take."""

    def __init__(self, documents: Documents, wake: Callable[[], None], name: str, scopes: frozenset[str]) -> None:
        self.name = name
        self.scopes = scopes
        self._documents = documents
        self._wake = wake
        self._selections: dict[str, Selection] = {}
        self._sent: dict[Key, View] = {}
        self._pending: OrderedDict[Key | Event, None] = OrderedDict()
        self._told = 0
        self._credit = BURST * NS
        self._spent_at: int | None = None

    @property
    def selections(self) -> dict[str, Selection]:
        """By the client's id of the subscription."""
        return self._selections

    def spend(self, now: int) -> None:
        """Count one request. Raises Refusal where they come too fast, or their answers are not read."""
        if self._spent_at is not None:
            self._credit = min(BURST * NS, self._credit + (now - self._spent_at) * REQUESTS_PER_S)
        self._spent_at = now
        if self._credit < NS:
            raise Refusal(
                ErrorCode.RATE_LIMITED,
                f"More than {REQUESTS_PER_S} data requests a second came from this connection. Wait, then go on.",
            )
        if self._told >= MAX_TOLD:
            raise Refusal(
                ErrorCode.RATE_LIMITED,
                f"This connection has not read {MAX_TOLD} answers of the data layer. Read them, then go on.",
            )
        self._credit -= NS

    def select(self, id: str, selection: Selection) -> None:
        """Show ``selection`` under the client's ``id``. Raises Refusal."""
        if id in self._selections:
            raise Refusal(ErrorCode.INVALID_PARAMS, f"The subscription id {id!r} is in use. Choose another.")
        if len(self._selections) >= MAX_SUBSCRIPTIONS:
            raise Refusal(
                ErrorCode.BUSY,
                f"This connection has {MAX_SUBSCRIPTIONS} subscriptions, the most there may be. End one of them first.",
            )
        self._selections[id] = selection
        for document in self._documents.ids(selection.collection) if selection.id is None else (selection.id,):
            self.mark((selection.collection, document))

    def deselect(self, id: str) -> Selection:
        """Show it no longer. Raises Refusal with −32011."""
        selection = self._selections.pop(id, None)
        if selection is None:
            raise Refusal(
                ErrorCode.NO_SUCH_SUBSCRIPTION, f"There is no subscription {id!r}; it may have ended already."
            )
        for key in [key for key in self._sent if selection.covers(key)]:
            self.mark(key)
        return selection

    def mark(self, key: Key) -> None:
        """The document may differ from what the client has."""
        if key not in self._pending:
            self._pending[key] = None
            self._wake()

    def tell(self, event: Event) -> None:
        """Send ``event`` after all that is marked now."""
        self._pending[event] = None
        self._told += 1
        self._wake()

    def take(self) -> Iterator[Event]:
        """What to send, oldest first, as long as the caller asks for more."""
        while self._pending:
            item, _ = self._pending.popitem(last=False)
            if isinstance(item, Event):
                self._told -= 1
                yield item
            elif (event := self._catch_up(item)) is not None:
                yield event

    def _catch_up(self, key: Key) -> Event | None:
        had, wants = self._sent.get(key), self._view(key)
        if wants is None:
            self._sent.pop(key, None)
        else:
            self._sent[key] = wants
        return self._documents.difference(key, had, wants)

    def _view(self, key: Key) -> View | None:
        asked = [selection.names for selection in self._selections.values() if selection.covers(key)]
        if not asked:
            return None
        names: Names = None if None in asked else frozenset().union(*(some for some in asked if some is not None))
        return self._documents.view(key, names)
