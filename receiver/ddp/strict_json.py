"""JSON as every wire of ours reads it: RFC 8259 to the letter, shallow, and without duplicate keys. Pure."""

import json
import re

import msgspec

from receiver.errors import ProtocolError

MAX_DEPTH = 16
MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON implementation keeps exact (RFC 8259 section 6)."""

_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|([\[{])|([\]}])', re.DOTALL)


class BadJson(ProtocolError):
    """Bytes that are not JSON as we take it."""


def decode(raw: bytes) -> object:
    """The value in ``raw``. Raises BadJson."""
    try:
        text = raw.decode("utf-8")
        _check_depth(text)
        msgspec.json.decode(raw)  # refuses what json.loads lets pass: NaN, lone surrogates
        return json.loads(text, object_pairs_hook=_unique)
    except (UnicodeDecodeError, msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadJson(f"The message is not valid JSON: {error}") from error


def _check_depth(text: str) -> None:
    depth = 0
    for match in _STRUCTURE.finditer(text):
        if match[1]:
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")
        elif match[2]:
            depth -= 1


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object has the same key twice")
    return members
