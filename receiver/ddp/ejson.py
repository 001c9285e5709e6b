"""Values of the data layer: JSON in which ``{"$date": ms}`` and ``{"$binary": base64}`` are EJSON. Pure.

Both wires carry EJSON as it stands, so nothing is converted. But a value comes from one peer and goes to others, and a
Meteor client that meets an object like ``{"$type": …}`` fails on it; so such objects are checked where they come in.
"""

import base64
import binascii
import math

import msgspec

from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.strict_json import MAX_INTEGER

MAX_DATE_MS = 8_640_000_000_000_000
"""As far from 1970 as ECMAScript's Date goes."""


def encode(value: object, most: int, what: str) -> bytes:
    """``value`` as JSON of at most ``most`` bytes. Raises Refusal, which names ``what`` and the bound."""
    _check(value, what)
    encoded = msgspec.json.encode(value)
    if len(encoded) > most:
        raise Refusal(
            ErrorCode.INVALID_PARAMS, f"{what} has {len(encoded)} bytes as JSON; at most {most} are taken. Send less."
        )
    return encoded


def _check(value: object, what: str) -> None:
    match value:
        case dict():
            _check_object(value, what)
            for member in value.values():
                _check(member, what)
        case list():
            for item in value:
                _check(item, what)
        case bool() | str() | None:
            pass
        case int() if abs(value) > MAX_INTEGER:
            raise _bad(what, f"has an integer beyond ±{MAX_INTEGER}, which not every program keeps exact")
        case float() if not math.isfinite(value):
            raise _bad(what, "has a number that JSON can't write")


def _check_object(value: dict[str, object], what: str) -> None:
    if any(name.startswith("$") for name in value):
        match value:
            case {"$date": int() | float() as ms, **rest} if not rest and not isinstance(ms, bool):
                if abs(ms) > MAX_DATE_MS:
                    raise _bad(what, f"has a $date beyond ±{MAX_DATE_MS} ms")
            case {"$binary": str(text), **rest} if not rest:
                try:
                    base64.b64decode(text, validate=True)
                except (binascii.Error, ValueError):
                    raise _bad(what, "has a $binary that is not base64") from None
            case _:
                raise _bad(what, 'has a name with "$" that is neither {"$date": ms} nor {"$binary": base64}')


def _bad(what: str, why: str) -> Refusal:
    return Refusal(ErrorCode.INVALID_PARAMS, f"{what} {why}.")
