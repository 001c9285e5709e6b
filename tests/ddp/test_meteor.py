"""Meteor's wire: what is read, what is refused, and what we write."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ddp import meteor
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.documents import event
from receiver.ddp.jsonrpc import MAX_MESSAGE
from receiver.ddp.strict_json import MAX_DEPTH


def test_what_clients_send_is_read() -> None:
    connect = meteor.parse('{"msg":"connect","version":"1","support":["1","pre2","pre1"]}')
    assert connect == meteor.Connect("1", ["1", "pre2", "pre1"])
    assert meteor.parse('{"msg":"sub","id":"a","name":"streams"}') == meteor.Sub("a", "streams", [])
    assert meteor.parse('{"msg":"method","id":"1","method":"m","params":[1],"randomSeed":"x"}') == meteor.Method(
        "1", "m", [1]
    )
    assert meteor.parse('{"msg":"unsub","id":"a"}') == meteor.Unsub("a")
    assert meteor.parse('{"msg":"ping"}') == meteor.Ping(None)
    assert meteor.parse('{"msg":"pong","id":"7"}') == meteor.Pong("7")


@pytest.mark.parametrize(
    "data",
    [
        b'{"msg":"ping"}',
        "",
        "null",
        "[]",
        "{}",
        '{"msg":1}',
        '{"msg":"fly"}',
        '{"msg":"connect"}',
        '{"msg":"connect","version":1}',
        '{"msg":"connect","version":"1","support":"1"}',
        '{"msg":"sub","id":1,"name":"x"}',
        '{"msg":"sub","id":"' + "x" * 129 + '","name":"x"}',
        '{"msg":"sub","id":"a","name":"x","params":{}}',
        '{"msg":"method","id":"a","method":"x","params":[1,2,3,4,5,6,7,8,9]}',
        '{"msg":"ping","msg":"ping"}',
        '{"msg":"ping","id":"\\ud800"}',
        '{"msg":"sub","id":"a","name":"b","params":[' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "]}",
        '{"msg":"ping"}' + " " * MAX_MESSAGE,
    ],
)
def test_everything_else_is_refused_in_words(data: str | bytes) -> None:
    with pytest.raises(meteor.MeteorError) as refused:
        meteor.parse(data)
    assert str(refused.value)[0].isupper()


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_any_frame_is_a_message_or_a_meteor_error(data: str | bytes) -> None:
    with pytest.raises(meteor.MeteorError):
        meteor.parse(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
KINDS = st.sampled_from(["connect", "ping", "pong", "sub", "unsub", "method", "added", ""])
MEMBERS = st.sampled_from(["version", "support", "session", "id", "name", "method", "params", "x"])


@given(JSON | st.builds(lambda kind, rest: {"msg": kind, **rest}, KINDS, st.dictionaries(MEMBERS, JSON)))
def test_any_json_is_a_message_or_a_meteor_error(value: object) -> None:
    try:
        message = meteor.parse(json.dumps(value))
    except meteor.MeteorError:
        return
    assert isinstance(value, dict)
    assert value["msg"] == type(message).__struct_config__.tag


@pytest.mark.parametrize(
    ("version", "support", "accepted", "suggested"),
    [
        ("1", ["1", "pre2", "pre1"], True, "1"),
        ("pre2", ["pre2", "pre1"], True, "pre2"),
        ("pre1", ["pre1"], True, "pre1"),
        ("2", ["2", "1"], False, "1"),
        ("2", ["2", "pre1"], False, "pre1"),
        ("2", ["2"], False, "1"),
        ("", [], False, "1"),
    ],
)
def test_versions_are_negotiated(version: str, support: list[str], accepted: bool, suggested: str) -> None:
    connect = meteor.Connect(version, support)
    assert meteor.accepts(connect) is accepted
    assert meteor.suggestion(connect) == suggested


def test_what_we_write_is_meteors() -> None:
    refusal = Refusal(ErrorCode.FORBIDDEN, "This device may not.", scope="admin")
    written = [
        meteor.connected("s"),
        meteor.failed("1"),
        meteor.ping("1"),
        meteor.pong("1"),
        meteor.pong(None),
        meteor.tell(event("added", collection="streams", id="1", fields={"fps": 30})),
        meteor.tell(event("ready", subs=["a"])),
        meteor.tell(event("nosub", id="a")),
        meteor.result("1", None),
        meteor.failure("1", refusal),
        meteor.nosub("a", refusal),
        meteor.error("That is not a message."),
    ]
    error = {
        "error": -32002,
        "reason": "This device may not.",
        "message": "This device may not. [-32002]",
        "errorType": "Meteor.Error",
        "details": {"scope": "admin"},
    }
    assert [json.loads(text) for text in written] == [
        {"msg": "connected", "session": "s"},
        {"msg": "failed", "version": "1"},
        {"msg": "ping", "id": "1"},
        {"msg": "pong", "id": "1"},
        {"msg": "pong"},
        {"msg": "added", "collection": "streams", "id": "1", "fields": {"fps": 30}},
        {"msg": "ready", "subs": ["a"]},
        {"msg": "nosub", "id": "a"},
        {"msg": "result", "id": "1", "result": None},
        {"msg": "result", "id": "1", "error": error},
        {"msg": "nosub", "id": "a", "error": error},
        {"msg": "error", "reason": "That is not a message."},
    ]
