"""JSON-RPC 2.0 with DDP's extension fields, read strictly (DDP.md section 3). Pure.

One message is one JSON object of at most 64 KiB, as strict_json.py takes it; batches are refused. Everything wrong is a
``MessageError``, which carries the code to answer and, where it could be read, the id.
"""

from typing import Annotated, Any, Literal

import msgspec

from receiver.ddp import strict_json
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.strict_json import MAX_INTEGER

MAX_MESSAGE = 64 * 1024

MethodName = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_.]+\Z")]
IdText = Annotated[str, msgspec.Meta(max_length=64)]
Integer = Annotated[int, msgspec.Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]
Counter = Annotated[int, msgspec.Meta(ge=0, le=MAX_INTEGER)]
Id = IdText | Integer


class MessageError(Refusal):
    """A message that can't be understood. ``id``: of the request, None where it could not be read."""

    def __init__(self, code: ErrorCode, advice: str, id: Id | None = None) -> None:
        super().__init__(code, advice)
        self.id = id


class RpcError(msgspec.Struct, frozen=True):
    """The peer's error object."""

    code: Integer
    message: str
    data: Any = None


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request (method and id), a notification (method alone), or a response (id, and result or error)."""

    jsonrpc: Literal["2.0"]
    method: MethodName | msgspec.UnsetType = msgspec.UNSET
    params: dict[str, Any] = {}
    id: Id | msgspec.UnsetType | None = msgspec.UNSET
    result: Any | msgspec.UnsetType = msgspec.UNSET
    error: RpcError | msgspec.UnsetType = msgspec.UNSET
    ddp_session_id: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    display_mode: Literal["mirror", "extend", "cast"] = "mirror"
    frame_sync_token: Counter | None = None
    seq: Counter | None = None
    ack: Counter | None = None
    mid: Counter | None = None

    @property
    def is_response(self) -> bool:
        return self.method is msgspec.UNSET

    @property
    def request_id(self) -> Id | None:
        """The id to answer; None for a notification."""
        return None if isinstance(self.id, msgspec.UnsetType) else self.id


class _HasId(msgspec.Struct, frozen=True):
    id: Id | None


def parse(data: bytes | str) -> Message:
    """The message in ``data``. Raises MessageError."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > MAX_MESSAGE:
        raise MessageError(
            ErrorCode.INVALID_REQUEST, f"A message has {len(raw)} bytes; at most {MAX_MESSAGE} are allowed"
        )
    try:
        value = strict_json.decode(raw)
    except strict_json.BadJson as error:
        raise MessageError(ErrorCode.PARSE_ERROR, str(error)) from error
    if isinstance(value, list):
        raise MessageError(ErrorCode.INVALID_REQUEST, "Batches are not taken; send one message at a time")
    try:
        message = msgspec.convert(value, Message)
    except msgspec.ValidationError as error:
        raise MessageError(ErrorCode.INVALID_REQUEST, f"The message does not fit: {error}", _id_of(value)) from error
    _check_shape(message)
    return message


def _id_of(value: object) -> Id | None:
    found = value.get("id") if isinstance(value, dict) else None
    try:
        return msgspec.convert({"id": found}, _HasId).id
    except msgspec.ValidationError:
        return None


def _check_shape(message: Message) -> None:
    has_result = message.result is not msgspec.UNSET
    has_error = message.error is not msgspec.UNSET
    if message.is_response:
        if message.id is msgspec.UNSET or has_result == has_error:
            raise MessageError(ErrorCode.INVALID_REQUEST, "A message has a method, or an id with a result or an error")
    elif has_result or has_error:
        raise MessageError(
            ErrorCode.INVALID_REQUEST, "A message with a method has no result and no error", message.request_id
        )
    elif message.id is None:
        raise MessageError(ErrorCode.INVALID_REQUEST, "The id of a request is a string or an integer, not null")


def _encode(members: dict[str, object]) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", **members})


def request(id: Id, method: str, params: object, session: str) -> bytes:
    """A request of ours as JSON."""
    return _encode({"id": id, "method": method, "params": params, "ddp_session_id": session})


def notification(method: str, params: object, session: str) -> bytes:
    """A notification of ours as JSON."""
    return _encode({"method": method, "params": params, "ddp_session_id": session})


def numbered(message: bytes, seq: int | None, ack: int | None) -> bytes:
    """A message of ours with its place in the session's order, which is its ``mid`` too, and an acknowledgement."""
    fields = b"" if seq is None else b'"seq":%d,"mid":%d,' % (seq, seq)
    if ack is not None:
        fields += b'"ack":%d,' % ack
    return b"{" + fields + message[1:]


def result(id: Id, value: object) -> bytes:
    """The answer to a request as JSON."""
    return _encode({"id": id, "result": value})


def failure(id: Id | None, refusal: Refusal) -> bytes:
    """The refusal of a request as JSON."""
    return _encode({"id": id, "error": refusal.as_error()})
