"""Strict JSON-RPC: what is taken, and the code for all that is not."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ddp import jsonrpc
from receiver.ddp.codes import SHORT, ErrorCode, Refusal
from receiver.ddp.jsonrpc import MAX_MESSAGE, MessageError, parse
from receiver.ddp.strict_json import MAX_DEPTH

PING = {"jsonrpc": "2.0", "id": 1, "method": "ddp.ping"}


def test_the_three_kinds() -> None:
    request = parse(json.dumps(PING | {"ddp_session_id": "s", "display_mode": "extend", "mid": 3}))
    assert (request.method, request.request_id, request.params, request.mid) == ("ddp.ping", 1, {}, 3)
    assert request.display_mode == "extend"
    notification = parse(b'{"jsonrpc":"2.0","method":"ddp.bye","params":{"reason":"x"}}')
    assert notification.request_id is None
    assert not notification.is_response
    assert parse('{"jsonrpc":"2.0","id":"a","result":null}').is_response
    assert parse('{"jsonrpc":"2.0","id":"a","error":{"code":-1,"message":"m"}}').is_response


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"jsonrpc":"2.0","id":1,"method":"ddp.ping\\n"}', -32600),
        ("", -32700),
        ("{", -32700),
        ("{}x", -32700),
        (b"\xff", -32700),
        ('{"jsonrpc":"2.0","id":NaN}', -32700),
        ('{"jsonrpc":"2.0","id":1e999}', -32700),
        ('{"jsonrpc":"2.0","id":"\\ud800","method":"m"}', -32700),
        ('{"jsonrpc":"2.0","jsonrpc":"2.0","method":"m"}', -32700),
        ('{"jsonrpc":"2.0","method":"m","params":{"a":{"b":1,"b":2}}}', -32700),
        ('{"jsonrpc":"2.0","id":' + "9" * 5000 + ',"method":"m"}', -32700),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), -32700),
        ("[" * 60_000, -32700),
        ("[{}]", -32600),
        ("null", -32600),
        ("5", -32600),
        ("{}", -32600),
        (json.dumps(PING | {"jsonrpc": "1.0"}), -32600),
        (json.dumps(PING | {"id": None}), -32600),
        (json.dumps(PING | {"id": 1.5}), -32600),
        (json.dumps(PING | {"id": True}), -32600),
        (json.dumps(PING | {"id": 2**53}), -32600),
        (json.dumps(PING | {"id": "x" * 65}), -32600),
        (json.dumps(PING | {"params": [1]}), -32600),
        (json.dumps(PING | {"method": ""}), -32600),
        (json.dumps(PING | {"method": "a\nb"}), -32600),
        (json.dumps(PING | {"result": 1}), -32600),
        (json.dumps(PING | {"extra": 1}), -32600),
        (json.dumps(PING | {"display_mode": "both"}), -32600),
        (json.dumps(PING | {"mid": -1}), -32600),
        ('{"jsonrpc":"2.0","id":1}', -32600),
        ('{"jsonrpc":"2.0","result":1}', -32600),
        ('{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}}', -32600),
        (" " * (MAX_MESSAGE + 1), -32600),
    ],
)
def test_everything_else_is_refused(text: str | bytes, code: int) -> None:
    with pytest.raises(MessageError) as refused:
        parse(text)
    assert refused.value.code == code
    assert refused.value.advice


def test_a_refusal_names_field_and_bound_and_carries_the_id() -> None:
    with pytest.raises(MessageError, match=r"mid") as refused:
        parse(json.dumps(PING | {"mid": -1}))
    assert refused.value.id == 1
    assert ">= 0" in refused.value.advice


def test_depth_counts_structure_not_text() -> None:
    assert parse(json.dumps(PING | {"params": {"text": "[" * 1000 + '\\"{'}})).params["text"].startswith("[[")


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_any_bytes_are_a_message_or_a_message_error(data: bytes | str) -> None:
    with pytest.raises(MessageError):
        parse(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
MEMBERS = st.dictionaries(st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error", "seq", "x"]), JSON)


@given(st.one_of(JSON, MEMBERS, MEMBERS.map(lambda extra: PING | extra)))
def test_any_json_is_a_message_or_a_message_error(value: object) -> None:
    try:
        message = parse(json.dumps(value))
    except MessageError:
        return
    assert isinstance(value, dict)
    assert message.is_response == ("method" not in value)


def test_what_we_write_can_be_read() -> None:
    for data in (
        jsonrpc.request("ping-1", "ddp.ping", {}, "s"),
        jsonrpc.notification("session.state", {"state": "live"}, "s"),
        jsonrpc.result(1, {"sdp": "v=0"}),
        jsonrpc.failure("a", Refusal(ErrorCode.BUSY, "Alice is sharing.", sender="Alice")),
    ):
        assert parse(data).jsonrpc == "2.0"
    error = msgspec.json.decode(jsonrpc.failure(2, Refusal(ErrorCode.BUSY, "Alice.", sender="Alice")))["error"]
    assert error == {"code": -32008, "message": "busy", "data": {"advice": "Alice.", "sender": "Alice"}}


def test_every_code_has_its_words() -> None:
    assert set(SHORT) == set(ErrorCode)
