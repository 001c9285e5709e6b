"""The data layer's server: what subscribers see, what is refused, and what is bounded."""

import json
from typing import Any

import pytest

from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.data import MAX_DOCUMENTS, MAX_TOPICS, MAX_VALUE, SCOPES, DataServer, Method
from receiver.ddp.documents import MAX_DOCUMENT, Event
from receiver.ddp.subscriber import BURST, MAX_SUBSCRIPTIONS, MAX_TOLD, REQUESTS_PER_S, Subscriber
from receiver.errors import ReceiverError

SECOND = 1_000_000_000
CAST = frozenset({"cast"})


class Sources:
    """What the app would know."""

    def __init__(self, server: DataServer) -> None:
        self.streams: dict[str, dict[str, object]] = {
            "1": {"fps": 30, "codec": "VP8"},
            "2": {"fps": 15, "codec": "H264"},
        }
        server.sources["streams"] = lambda: self.streams
        server.sources["displays"] = lambda: {"tv": {"name": "Living room"}}


@pytest.fixture
def server() -> DataServer:
    return DataServer()


@pytest.fixture
def sources(server: DataServer) -> Sources:
    return Sources(server)


def joined(server: DataServer, scopes: frozenset[str] = CAST, name: str = "Anna") -> Subscriber:
    return server.join(lambda: None, name, scopes)


def told(subscriber: Subscriber) -> list[tuple[str, dict[str, Any]]]:
    return [(event.kind, json.loads(event.params)) for event in subscriber.take()]


def test_a_subscription_gives_the_documents_then_ready_then_changes(server: DataServer, sources: Sources) -> None:
    anna = joined(server)
    server.sub(anna, "a", "streams", [], 0)
    assert told(anna) == [
        ("added", {"collection": "streams", "id": "1", "fields": {"fps": 30, "codec": "VP8"}}),
        ("added", {"collection": "streams", "id": "2", "fields": {"fps": 15, "codec": "H264"}}),
        ("ready", {"subs": ["a"]}),
    ]
    sources.streams = {"1": {"fps": 29, "codec": "VP8", "live": True}, "3": {"fps": 1}}
    server.refresh_watched()
    assert told(anna) == [
        ("removed", {"collection": "streams", "id": "2"}),
        ("changed", {"collection": "streams", "id": "1", "fields": {"fps": 29, "live": True}}),
        ("added", {"collection": "streams", "id": "3", "fields": {"fps": 1}}),
    ]
    sources.streams["1"] = {"fps": 29, "codec": "VP8"}
    server.refresh_watched()
    assert told(anna) == [("changed", {"collection": "streams", "id": "1", "cleared": ["live"]})]
    server.unsub(anna, "a", 0)
    assert told(anna) == [
        ("removed", {"collection": "streams", "id": "1"}),
        ("removed", {"collection": "streams", "id": "3"}),
        ("nosub", {"id": "a"}),
    ]


def test_nothing_is_told_when_nothing_has_changed(server: DataServer, sources: Sources) -> None:
    anna = joined(server)
    server.sub(anna, "a", "streams", [], 0)
    told(anna)
    server.refresh_watched()
    assert told(anna) == []


def test_numbers_and_truth_are_told_apart(server: DataServer, sources: Sources) -> None:
    """In Python 1 == True, in JSON they differ."""
    sources.streams = {"1": {"live": 1}}
    anna = joined(server)
    server.sub(anna, "a", "streams", [], 0)
    told(anna)
    sources.streams = {"1": {"live": True}}
    server.refresh_watched()
    assert told(anna) == [("changed", {"collection": "streams", "id": "1", "fields": {"live": True}})]


def test_overlapping_subscriptions_are_merged(server: DataServer, sources: Sources) -> None:
    anna = joined(server)
    server.sub(anna, "fps", "streams", [{"fields": ["fps"]}], 0)
    assert [event for event, _ in told(anna)] == ["added", "added", "ready"]
    server.sub(anna, "one", "streams", [{"id": "1"}], 0)
    assert told(anna) == [
        ("changed", {"collection": "streams", "id": "1", "fields": {"codec": "VP8"}}),
        ("ready", {"subs": ["one"]}),
    ]
    server.unsub(anna, "fps", 0)
    assert told(anna) == [("removed", {"collection": "streams", "id": "2"}), ("nosub", {"id": "fps"})]
    server.unsub(anna, "one", 0)
    assert told(anna) == [("removed", {"collection": "streams", "id": "1"}), ("nosub", {"id": "one"})]


def test_a_slow_subscriber_gets_the_newest_state_once(server: DataServer, sources: Sources) -> None:
    anna = joined(server)
    server.sub(anna, "a", "streams", [{"id": "1", "fields": ["fps"]}], 0)
    taken = anna.take()
    next(taken)
    for fps in range(1000):
        sources.streams["1"] = {"fps": fps}
        server.refresh_watched()
    assert [json.loads(event.params) for event in taken] == [
        {"subs": ["a"]},
        {"collection": "streams", "id": "1", "fields": {"fps": 999}},
    ]


def test_what_came_and_went_is_never_told(server: DataServer) -> None:
    anna, ben = joined(server), joined(server)
    server.sub(ben, "b", "rooms/x", [], 0)
    server.sub(anna, "a", "rooms/x", [], 0)
    told(anna)
    server.publish(ben, "x", 1, 0)
    server.unsub(anna, "a", 0)
    assert told(anna) == [("nosub", {"id": "a"})]


def test_a_publication_is_encoded_once_for_a_thousand_subscribers(server: DataServer) -> None:
    people = [joined(server, name=str(number)) for number in range(1000)]
    for person in people:
        server.sub(person, "room", "rooms/lobby", [], 0)
        told(person)
    assert server.publish(people[0], "lobby", {"text": "hello"}, 0) == 1000
    events: set[Event] = {event for person in people for event in person.take()}
    (event,) = events
    assert json.loads(event.params) == {
        "collection": "rooms",
        "id": "lobby",
        "fields": {"value": {"text": "hello"}, "from": "0", "n": 1},
    }


def test_a_topic_keeps_its_newest_value_while_somebody_listens(server: DataServer) -> None:
    anna, ben, carla = (joined(server, name=name) for name in ("Anna", "Ben", "Carla"))
    assert server.publish(anna, "x", "nobody hears it", 0) == 0
    server.sub(ben, "b", "rooms/x", [], 0)
    assert told(ben) == [("ready", {"subs": ["b"]})]
    server.publish(anna, "x", "one", 0)
    server.publish(anna, "x", "two", 0)
    assert [params["fields"]["value"] for _, params in told(ben)] == ["two"]
    server.sub(carla, "c", "rooms/x", [], 0)
    assert told(carla)[0][1]["fields"]["value"] == "two"
    server.leave(ben)
    server.leave(carla)
    server.sub(ben, "b", "rooms/x", [], 0)
    assert told(ben)[-1] == ("ready", {"subs": ["b"]})


def test_the_same_value_twice_is_heard_twice(server: DataServer) -> None:
    anna = joined(server)
    server.sub(anna, "a", "rooms/x", [], 0)
    server.publish(anna, "x", "knock", 0)
    told(anna)
    server.publish(anna, "x", "knock", 0)
    assert told(anna) == [("changed", {"collection": "rooms", "id": "x", "fields": {"n": 2}})]


def test_updated_comes_after_what_the_method_changed(server: DataServer) -> None:
    async def nothing(subscriber: Subscriber, params: list[object]) -> object:
        return None

    server.methods["say"] = Method("cast", nothing)
    anna = joined(server)
    server.sub(anna, "a", "rooms/x", [], 0)
    server.method(anna, "m1", "say", 0)
    server.publish(anna, "x", 1, 0)
    server.updated(anna, "m1")
    assert [kind for kind, _ in told(anna)] == ["added", "ready", "updated"]


@pytest.mark.parametrize(("name", "scope"), SCOPES.items())
def test_each_publication_has_its_scope(server: DataServer, name: str, scope: str | None) -> None:
    name = "rooms/x" if name == "rooms" else name
    for scopes in (frozenset[str](), CAST, frozenset({"cast", "admin"})):
        subscriber = joined(server, scopes)
        if scope is None or scope in scopes:
            server.sub(subscriber, "a", name, [], 0)
            continue
        with pytest.raises(Refusal) as refused:
            server.sub(subscriber, "a", name, [], 0)
        assert refused.value.code is (ErrorCode.FORBIDDEN if scopes else ErrorCode.UNAUTHENTICATED)
        assert told(subscriber) == []


def test_strangers_publish_and_call_nothing(server: DataServer) -> None:
    async def nothing(subscriber: Subscriber, params: list[object]) -> object:
        return None

    server.methods["say"] = Method("cast", nothing)
    stranger = joined(server, frozenset())
    for attempt in (
        lambda: server.publish(stranger, "x", 1, 0),
        lambda: server.method(stranger, "1", "say", 0),
    ):
        with pytest.raises(Refusal) as refused:
            attempt()
        assert refused.value.code is ErrorCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("name", "params", "code"),
    [
        ("films", [], ErrorCode.NO_SUCH_SUBSCRIPTION),
        ("rooms", [], ErrorCode.NO_SUCH_SUBSCRIPTION),
        ("rooms/", [], ErrorCode.NO_SUCH_SUBSCRIPTION),
        ("streams/1", [], ErrorCode.NO_SUCH_SUBSCRIPTION),
        ("rooms/a b", [], ErrorCode.INVALID_PARAMS),
        ("rooms/" + "x" * 65, [], ErrorCode.INVALID_PARAMS),
        ("rooms/x\n", [], ErrorCode.INVALID_PARAMS),
        ("rooms/x", [1], ErrorCode.INVALID_PARAMS),
        ("streams", [1], ErrorCode.INVALID_PARAMS),
        ("streams", [{}, {}], ErrorCode.INVALID_PARAMS),
        ("streams", [{"other": 1}], ErrorCode.INVALID_PARAMS),
        ("streams", [{"id": 1}], ErrorCode.INVALID_PARAMS),
        ("streams", [{"id": "x" * 65}], ErrorCode.INVALID_PARAMS),
        ("streams", [{"fields": "fps"}], ErrorCode.INVALID_PARAMS),
        ("streams", [{"fields": [1]}], ErrorCode.INVALID_PARAMS),
        ("streams", [{"fields": ["x"] * 33}], ErrorCode.INVALID_PARAMS),
    ],
)
def test_bad_subscriptions_are_refused_in_words(
    server: DataServer, name: str, params: list[object], code: ErrorCode
) -> None:
    anna = joined(server)
    with pytest.raises(Refusal) as refused:
        server.sub(anna, "a", name, params, 0)
    assert refused.value.code is code
    assert refused.value.advice.rstrip(".-")
    assert not anna.selections


def test_a_subscription_id_is_used_once_and_ends_once(server: DataServer) -> None:
    anna = joined(server)
    server.sub(anna, "a", "streams", [], 0)
    with pytest.raises(Refusal, match="in use"):
        server.sub(anna, "a", "displays", [], 0)
    server.unsub(anna, "a", 0)
    with pytest.raises(Refusal) as refused:
        server.unsub(anna, "a", 0)
    assert refused.value.code is ErrorCode.NO_SUCH_SUBSCRIPTION
    for id in ("", "x" * 65):
        with pytest.raises(Refusal, match="1 to 64"):
            server.sub(anna, id, "streams", [], 0)


def test_subscriptions_topics_values_and_documents_are_bounded(server: DataServer, sources: Sources) -> None:
    people = []
    for number in range(MAX_TOPICS):
        if number % MAX_SUBSCRIPTIONS == 0:
            people.append(joined(server))
        server.sub(people[-1], str(number), f"rooms/{number}", [], 0)
    with pytest.raises(Refusal, match="32 subscriptions"):
        server.sub(people[-1], "more", "rooms/0", [], 0)
    anna = joined(server)
    with pytest.raises(Refusal, match="256 topics"):
        server.sub(anna, "a", "rooms/new", [], 0)
    server.sub(anna, "a", "rooms/0", [], 0)
    server.publish(anna, "0", "x" * (MAX_VALUE - 2), 0)
    with pytest.raises(Refusal, match="16384"):
        server.publish(anna, "0", "x" * (MAX_VALUE - 1), 0)
    sources.streams = {str(number): {} for number in range(MAX_DOCUMENTS + 5)}
    server.sub(anna, "all", "streams", [], 0)
    assert sum(kind == "added" for kind, _ in told(anna)) == MAX_DOCUMENTS + 1
    with pytest.raises(ReceiverError, match="bytes"):
        server.put(("streams", "1"), {"text": "x" * MAX_DOCUMENT})


def test_requests_come_at_a_bounded_rate(server: DataServer) -> None:
    anna = joined(server)
    for _ in range(BURST):
        server.publish(anna, "x", 1, SECOND)
    with pytest.raises(Refusal) as refused:
        server.publish(anna, "x", 1, SECOND)
    assert refused.value.code is ErrorCode.RATE_LIMITED
    for _ in range(REQUESTS_PER_S):
        server.publish(anna, "x", 1, 2 * SECOND)
    with pytest.raises(Refusal):
        server.publish(anna, "x", 1, 2 * SECOND)


def test_a_client_that_reads_no_answers_is_given_no_more(server: DataServer) -> None:
    anna = joined(server)
    for number in range(MAX_TOLD // 2):
        server.sub(anna, "a", "streams", [], number * SECOND)
        server.unsub(anna, "a", number * SECOND)
    with pytest.raises(Refusal, match="not read"):
        server.sub(anna, "a", "streams", [], 1000 * SECOND)
    told(anna)
    server.sub(anna, "a", "streams", [], 1000 * SECOND)


def test_a_subscriber_that_leaves_leaves_nothing(server: DataServer, sources: Sources) -> None:
    before = repr(vars(server)["_watchers"])
    anna = joined(server)
    for number, name in enumerate(["streams", "streams", "rooms/x", "displays"]):
        server.sub(anna, str(number), name, [], 0)
    server.publish(anna, "x", 1, 0)
    server.leave(anna)
    assert repr(vars(server)["_watchers"]) == before
    ben = joined(server)
    server.sub(ben, "x", "rooms/x", [], 0)
    assert told(ben) == [("ready", {"subs": ["x"]})]
