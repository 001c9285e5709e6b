"""The parameters of each DDP method, typed: the classes are the schema (DDP.md section 10). Pure."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.jsonrpc import MAX_MESSAGE, Counter

Text = Annotated[str, msgspec.Meta(max_length=1024)]
Binary = Annotated[str, msgspec.Meta(max_length=128)]

Method = Callable[[dict[str, Any]], Awaitable[object]]
"""Takes a request's parameters, as they came, and gives its result. Raises PeerError, ReceiverError."""


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all parameter classes: unknown fields are refused."""


class Hello(Params, frozen=True):
    capability: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    jwk: dict[str, Any]
    name: Text
    nonce: Binary


class PairStart(Params, frozen=True):
    method: Literal["pin", "qr"]
    hint: Binary | None = None


class PairShare(Params, frozen=True):
    share: Binary


class PairConfirm(Params, frozen=True):
    mac: Binary
    sig: Binary


class AuthStart(Params, frozen=True):
    share: Binary


class AuthConfirm(Params, frozen=True):
    mac: Binary
    sig: Binary


class Resume(Params, frozen=True):
    session: Binary
    last_seq: Counter
    token: Annotated[str, msgspec.Meta(max_length=4096)]
    nonce: Binary
    proof: Binary


class RtcOffer(Params, frozen=True):
    sdp: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_MESSAGE)]


class RtcCandidate(Params, frozen=True):
    candidate: Text
    sdpMid: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    sdpMLineIndex: Annotated[int, msgspec.Meta(ge=0, le=255)] | None = None
    usernameFragment: Annotated[str, msgspec.Meta(max_length=256)] | None = None


class FloorDecision(Params, frozen=True):
    """``session``: of the person who is let present, or control the display, or not."""

    session: Binary


class KeyMake(Params, frozen=True):
    """``name``: what the TV calls the tool; ``days``: for how long its key is good."""

    name: Text
    days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 90


class KeyRevoke(Params, frozen=True):
    id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}$")]


class Nothing(Params, frozen=True):
    """Methods without parameters."""


class Bye(Params, frozen=True):
    reason: Text = ""


P = TypeVar("P", bound=Params)


def read(params: dict[str, Any], kind: type[P]) -> P:
    """``params`` as ``kind``. Raises Refusal, which names the field and the bound."""
    try:
        return msgspec.convert(params, kind)
    except msgspec.ValidationError as error:
        raise Refusal(ErrorCode.INVALID_PARAMS, f"The parameters do not fit: {error}") from error
