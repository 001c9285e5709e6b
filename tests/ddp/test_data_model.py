"""Whatever happens in whatever order, and however slowly a client reads: in the end it has what the server has."""

import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from receiver.ddp.data import DataServer
from receiver.ddp.subscriber import MAX_SUBSCRIPTIONS

NAMES = ["streams", "sessions", "rooms/a", "rooms/b"]
FIELDS = ["x", "y", "z"]
VALUE = st.none() | st.booleans() | st.integers(-2, 2) | st.floats(-1, 1) | st.lists(st.integers(0, 1), max_size=2)
DOCUMENT = st.dictionaries(st.sampled_from(FIELDS), VALUE)


class Client:
    """A replica, kept as a client keeps it; strict about what may come when."""

    def __init__(self, server: DataServer) -> None:
        self.woken = False
        self.subscriber = server.join(self._wake, "Anna", frozenset({"cast"}))
        self.replica: dict[tuple[str, str], dict[str, Any]] = {}
        self.ready: set[str] = set()
        self.subs: dict[str, tuple[str, str | None, frozenset[str] | None]] = {}

    def _wake(self) -> None:
        self.woken = True

    def read(self, most: int | None = None) -> None:
        for count, event in enumerate(self.subscriber.take(), 1):
            self._hear(event.kind, json.loads(event.params))
            if count == most:
                return
        self.woken = False

    def _hear(self, kind: str, params: dict[str, Any]) -> None:
        key = (params.get("collection", ""), params.get("id", ""))
        match kind:
            case "added":
                assert key not in self.replica
                self.replica[key] = params["fields"]
            case "changed":
                assert params.get("fields") or params.get("cleared")
                self.replica[key].update(params.get("fields", {}))
                for name in params.get("cleared", []):
                    del self.replica[key][name]
            case "removed":
                del self.replica[key]
            case "ready":
                self.ready.update(params["subs"])
            case "nosub":
                self.ready.remove(params["id"])


class DataModel(RuleBasedStateMachine):
    clients = Bundle("clients")

    def __init__(self) -> None:
        super().__init__()
        self.server = DataServer()
        self.shown: dict[str, dict[str, dict[str, object]]] = {"streams": {}, "sessions": {}}
        self.rooms: dict[str, dict[str, object]] = {}
        self.here: list[Client] = []
        self.count = 0
        self.ids = 0
        self.now = 0
        for name in self.shown:
            self.server.sources[name] = lambda name=name: self.shown[name]  # type: ignore[misc]

    def tick(self) -> int:
        self.now += 1_000_000_000
        return self.now

    @initialize(target=clients, name=st.sampled_from(NAMES))
    def first(self, name: str) -> Client:
        client = self.join()
        assert isinstance(client, Client)
        self.sub(client, name, None, None)
        return client

    @rule(target=clients)
    def join(self) -> Client:
        self.here.append(Client(self.server))
        return self.here[-1]

    @rule(client=consumes(clients))
    @precondition(lambda self: len(self.here) > 2)
    def leave(self, client: Client) -> None:
        self.server.leave(client.subscriber)
        self.here.remove(client)
        self._forget_rooms()

    @rule(
        client=clients,
        name=st.sampled_from(NAMES),
        id=st.none() | st.sampled_from("123"),
        fields=st.none() | st.frozensets(st.sampled_from(FIELDS)),
    )
    def sub(self, client: Client, name: str, id: str | None, fields: frozenset[str] | None) -> None:
        if len(client.subs) == MAX_SUBSCRIPTIONS:
            return
        self.ids += 1
        collection, _, topic = name.partition("/")
        wanted = {} if id is None else {"id": id}
        params: list[object] = [] if topic else [wanted | ({} if fields is None else {"fields": sorted(fields)})]
        self.server.sub(client.subscriber, str(self.ids), name, params, self.tick())
        client.subs[str(self.ids)] = (collection, topic, None) if topic else (collection, id, fields)

    @rule(client=clients, data=st.data())
    def unsub(self, client: Client, data: st.DataObject) -> None:
        if client.subs:
            id = data.draw(st.sampled_from(sorted(client.subs)))
            self.server.unsub(client.subscriber, id, self.tick())
            del client.subs[id]
            self._forget_rooms()

    @rule(client=clients, topic=st.sampled_from("ab"), value=VALUE)
    def publish(self, client: Client, topic: str, value: object) -> None:
        reached = self.server.publish(client.subscriber, topic, value, self.tick())
        listening = [one for one in self.here if any(sub[:2] == ("rooms", topic) for sub in one.subs.values())]
        assert reached == len(listening)
        if listening:
            self.count += 1
            self.rooms[topic] = {"value": value, "from": "Anna", "n": self.count}

    @rule(name=st.sampled_from(["streams", "sessions"]), id=st.sampled_from("123"), fields=st.none() | DOCUMENT)
    def change(self, name: str, id: str, fields: dict[str, object] | None) -> None:
        if fields is None:
            self.shown[name].pop(id, None)
        else:
            self.shown[name][id] = fields
        self.server.refresh(name)

    @rule(client=clients, most=st.integers(1, 4))
    def read_some(self, client: Client, most: int) -> None:
        client.read(most)

    @rule(client=clients)
    def read_all(self, client: Client) -> None:
        client.read()
        assert self._text(client.replica) == self._text(self._wanted(client))
        assert client.ready == set(client.subs)

    def _forget_rooms(self) -> None:
        listened = {id for one in self.here for collection, id, _ in one.subs.values() if collection == "rooms"}
        self.rooms = {topic: fields for topic, fields in self.rooms.items() if topic in listened}

    def _wanted(self, client: Client) -> dict[tuple[str, str], dict[str, object]]:
        documents = {(name, id): fields for name, all in self.shown.items() for id, fields in all.items()}
        documents |= {("rooms", topic): fields for topic, fields in self.rooms.items()}
        wanted: dict[tuple[str, str], dict[str, object]] = {}
        for collection, only, names in client.subs.values():
            for (found, id), fields in documents.items():
                if found == collection and only in (None, id):
                    shown = {name: fields[name] for name in fields if names is None or name in names}
                    wanted.setdefault((found, id), {}).update(shown)
        return wanted

    @staticmethod
    def _text(replica: dict[tuple[str, str], dict[str, Any]]) -> str:
        """As JSON, where 1, 1.0 and true differ."""
        return json.dumps([[key, replica[key]] for key in sorted(replica)], sort_keys=True)

    @invariant()
    def who_has_something_to_read_was_woken(self) -> None:
        for client in self.here:
            assert client.woken or not vars(client.subscriber)["_pending"]

    def teardown(self) -> None:
        for client in self.here:
            self.read_all(client)
            self.server.leave(client.subscriber)
        assert not vars(self.server)["_watchers"]


TestDataModel = DataModel.TestCase
