"""Valid messages made slightly wrong: what finds more than random bytes, most of which fail at the first byte."""

import re
from collections.abc import Callable
from typing import NamedTuple

from hypothesis import strategies as st

from tests.fuzz.target import Target

WORDS = (
    *(b"", b"\x00", b"\xff", b"\xff\xff\xff\xff", b"\x80\x00\x00\x00", b"\r\n", b"\n", b" ", b'"', b"\\", b"%", b"%00"),
    *(b"0", b"-1", b"1e999", b"NaN", b"9" * 20, b"9" * 5000, b"255", b"65536", b"2147483648", b"18446744073709551616"),
    *(b"null", b"true", b"{}", b"[]", b"[", b"{", b"]", b"}", b",", b":", b"=", b";", b"[" * 2000, b'{"a":' * 20),
    *(b'"\\ud800"', b'"\\u0000"', "\u202e".encode(), "e\u0301".encode(), "\ud800".encode("utf-8", "surrogatepass")),
    *(b"A" * 300, b"A" * 70_000, "\u0661\u0662".encode(), "\u00b2".encode(), b"__proto__", b"../", b"::", b"[::1]"),
)
"""What parsers of many kinds stumble over: ends of ranges, digits that are not ASCII, nesting, separators."""

_PIECE = re.compile(rb"[^,:;{}\[\]\"=& \r\n]+")
MAX_INPUT = 200_000


class Edit(NamedTuple):
    """``kind`` of EDITS, where in the input (in 1/65536 of its length), and how."""

    kind: str
    place: int
    how: int


Editor = Callable[[bytes, int, int, tuple[bytes, ...]], bytes]


def _flip(data: bytes, at: int, how: int, words: tuple[bytes, ...]) -> bytes:
    return data[:at] + bytes((data[at] ^ 1 << how % 8,)) + data[at + 1 :] if at < len(data) else data


def _set(data: bytes, at: int, how: int, words: tuple[bytes, ...]) -> bytes:
    return data[:at] + bytes((how & 0xFF,)) + data[at + 1 :]


def _insert(data: bytes, at: int, how: int, words: tuple[bytes, ...]) -> bytes:
    return data[:at] + words[how % len(words)] + data[at:]


def _replace(data: bytes, at: int, how: int, words: tuple[bytes, ...]) -> bytes:
    """The piece between two separators by another."""
    piece = _PIECE.search(data, at)
    return data[: piece.start()] + words[how % len(words)] + data[piece.end() :] if piece else data


def _delete(data: bytes, at: int, how: int, words: tuple[bytes, ...]) -> bytes:
    return data[:at] + data[at + 1 + how % 16 :]


def _repeat(data: bytes, at: int, how: int, words: tuple[bytes, ...]) -> bytes:
    part = data[at : at + 1 + how % 64]
    return data[:at] + part * (2 + (how >> 6) % 60) + data[at + len(part) :]


def _cut(data: bytes, at: int, how: int, words: tuple[bytes, ...]) -> bytes:
    return data[:at]


def _splice(data: bytes, at: int, how: int, words: tuple[bytes, ...]) -> bytes:
    """A piece of it, moved elsewhere."""
    source = how * len(data) >> 16
    return data[:at] + data[source : source + 40] + data[at:]


EDITS: dict[str, Editor] = {
    "flip": _flip,
    "set": _set,
    "insert": _insert,
    "replace": _replace,
    "delete": _delete,
    "repeat": _repeat,
    "cut": _cut,
    "splice": _splice,
}


def mutate(data: bytes, edits: list[Edit], words: tuple[bytes, ...] = WORDS) -> bytes:
    """``data`` after ``edits``, of at most ``MAX_INPUT`` bytes."""
    for edit in edits:
        data = EDITS[edit.kind](data, edit.place * len(data) >> 16, edit.how, words)[:MAX_INPUT]
    return data


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Mutated seeds of a target, and now and then random bytes."""
    number = st.integers(0, 0xFFFF)
    edits = st.lists(st.builds(Edit, st.sampled_from(list(EDITS)), number, number), max_size=6)
    words = (*WORDS, *target.words)
    mutated = st.builds(lambda seed, edits: mutate(seed, edits, words), st.sampled_from(target.seeds), edits)
    return mutated | mutated | mutated | st.binary(max_size=200)
