"""Meteor's DDP, versions 1, pre2 and pre1, as far as its client's side of the data layer goes. Pure.

Source: Meteor's DDP specification (packages/ddp/DDP.md there). Every message is a JSON object with ``msg``; what a
client may send are the classes below, and members that they do not name are passed over, as Meteor does. Everything
wrong is a ``MeteorError``. ``added``, ``changed``, ``removed``, ``ready`` and ``updated`` have the members that they
have on the JSON-RPC wire, so their JSON is used as it is.
"""

from typing import Annotated, Any

import msgspec

from receiver.ddp import strict_json
from receiver.ddp.codes import Refusal
from receiver.ddp.documents import Event
from receiver.ddp.jsonrpc import MAX_MESSAGE
from receiver.errors import ProtocolError

VERSIONS = ("1", "pre2", "pre1")
"""Best first."""
WITHOUT_PING = "pre1"
MAX_PARAMS = 8

Text = Annotated[str, msgspec.Meta(max_length=128)]
List = Annotated[list[Any], msgspec.Meta(max_length=MAX_PARAMS)]


class MeteorError(ProtocolError):
    """A message that can't be understood."""


class Connect(msgspec.Struct, frozen=True, tag_field="msg", tag="connect"):
    """The first message. ``session``: one to resume, which Meteor's servers never do either."""

    version: Text
    support: Annotated[list[Text], msgspec.Meta(max_length=16)] = msgspec.field(default_factory=list)
    session: str | None = None


class Ping(msgspec.Struct, frozen=True, tag_field="msg", tag="ping"):
    id: Text | None = None


class Pong(msgspec.Struct, frozen=True, tag_field="msg", tag="pong"):
    id: Text | None = None


class Sub(msgspec.Struct, frozen=True, tag_field="msg", tag="sub"):
    id: Text
    name: Text
    params: List = msgspec.field(default_factory=list)


class Unsub(msgspec.Struct, frozen=True, tag_field="msg", tag="unsub"):
    id: Text


class Method(msgspec.Struct, frozen=True, tag_field="msg", tag="method"):
    """``randomSeed`` is not read: no method of ours makes ids."""

    id: Text
    method: Text
    params: List = msgspec.field(default_factory=list)


Message = Connect | Ping | Pong | Sub | Unsub | Method


def parse(data: str | bytes) -> Message:
    """The message in a WebSocket frame. Raises MeteorError."""
    if isinstance(data, bytes):
        raise MeteorError("Messages are text frames.")
    raw = data.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_MESSAGE:
        raise MeteorError(f"A message has {len(raw)} bytes; at most {MAX_MESSAGE} are taken.")
    try:
        message: Message = msgspec.convert(strict_json.decode(raw), Message)
    except strict_json.BadJson as error:
        raise MeteorError(str(error)) from error
    except msgspec.ValidationError as error:
        raise MeteorError(f"The message does not fit: {error}") from error
    return message


def accepts(connect: Connect) -> bool:
    """Whether the version that the client speaks is one of ours."""
    return connect.version in VERSIONS


def suggestion(connect: Connect) -> str:
    """The best version that both speak, or else our best."""
    return next((version for version in VERSIONS if version in connect.support), VERSIONS[0])


def _encode(msg: str, **members: object) -> str:
    return msgspec.json.encode({"msg": msg, **members}).decode()


def connected(session: str) -> str:
    return _encode("connected", session=session)


def failed(version: str) -> str:
    """Sent before the connection is closed; a client that speaks ``version`` connects again with it."""
    return _encode("failed", version=version)


def ping(id: str) -> str:
    return _encode("ping", id=id)


def pong(id: str | None) -> str:
    return _encode("pong") if id is None else _encode("pong", id=id)


def tell(event: Event) -> str:
    """An event of the data server, with its JSON as it is."""
    return f'{{"msg":"{event.kind}",{event.params[1:].decode()}'


def result(id: str, value: object) -> str:
    return _encode("result", id=id, result=value)


def failure(id: str, refusal: Refusal) -> str:
    """A method's error."""
    return _encode("result", id=id, error=_error(refusal))


def nosub(id: str, refusal: Refusal) -> str:
    """A subscription that can't be had."""
    return _encode("nosub", id=id, error=_error(refusal))


def error(reason: str) -> str:
    """The answer to a message that can't be understood or comes too early."""
    return _encode("error", reason=reason)


def _error(refusal: Refusal) -> dict[str, object]:
    code = int(refusal.code)
    members: dict[str, object] = {"error": code, "reason": refusal.advice, "message": f"{refusal.advice} [{code}]"}
    return members | {"errorType": "Meteor.Error"} | ({"details": refusal.data} if refusal.data else {})
