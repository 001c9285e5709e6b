"""Published values, and the parameters of subscriptions: any JSON is taken or refused, and nothing else happens."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ddp import ejson, strict_json
from receiver.ddp.codes import Refusal
from receiver.ddp.data import DataServer
from receiver.ddp.data_messages import Call, Publish, Sub, Unsub
from receiver.ddp.messages import read

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=10) | st.sampled_from(["$date", "$binary", "$type"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "value", [None, 1, "x", {"a": [1.5]}, {"$date": 0}, {"$date": -1.5}, {"a": {"$binary": "AQID"}}]
)
def test_ejson_passes_as_it_is(value: object) -> None:
    assert json.loads(ejson.encode(value, 100, "The value")) == value


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ({"$date": "today"}, r"\$date"),
        ({"$date": True}, r"\$date"),
        ({"$date": 1e16}, "8640000000000000"),
        ({"$date": 1, "x": 1}, r"\$date"),
        ({"$binary": "?"}, "base64"),
        ({"$binary": "\u00e9"}, "base64"),
        ({"$type": "oid", "$value": "x"}, r"\$binary"),
        ([{"a": {"$escape": {}}}], r"\$binary"),
        (2**53, "9007199254740991"),
        (float("inf"), "JSON"),
        ({"$date": float("nan")}, "JSON"),
        ("x" * 99, "101 bytes"),
    ],
)
def test_what_would_break_a_reader_is_refused_in_words(value: object, hint: str) -> None:
    with pytest.raises(Refusal, match=hint):
        ejson.encode(value, 100, "The value")


@given(JSON)
def test_any_value_is_published_or_refused(value: object) -> None:
    server = DataServer()
    anna = server.join(lambda: None, "Anna", frozenset({"cast"}))
    server.sub(anna, "a", "rooms/x", [], 0)
    value = strict_json.decode(json.dumps(value).encode())
    try:
        assert server.publish(anna, "x", value, 0) == 1
    except Refusal:
        return
    heard = [json.loads(event.params) for event in anna.take()]
    assert heard[0]["fields"]["value"] == value


@given(st.sampled_from([Sub, Unsub, Publish, Call]), st.dictionaries(st.text(max_size=6), JSON, max_size=4))
def test_any_parameters_fit_or_are_refused(kind: type[Sub], params: dict[str, object]) -> None:
    try:
        read(params, kind)
    except Refusal as refused:
        assert refused.advice  # noqa: PT017 - both ends are right


@given(st.text(max_size=80), st.text(max_size=80), st.lists(JSON, max_size=3))
def test_any_subscription_is_taken_or_refused(id: str, name: str, params: list[object]) -> None:
    server = DataServer()
    anna = server.join(lambda: None, "Anna", frozenset({"cast"}))
    for publication in (name, f"rooms/{name}", "streams"):
        try:
            server.sub(anna, id, publication, params, 0)
        except Refusal:
            continue
        server.unsub(anna, id, 0)
