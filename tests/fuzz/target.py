"""A fuzz target: a parser, the errors that it may raise, and valid messages to begin from."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """``take`` reads one input. ``raises``: all that may come of it; anything else is a finding.

    ``seeds``: valid inputs. ``words``: what this parser may react to, to be put anywhere.
    """

    name: str
    take: Callable[[bytes], object]
    raises: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()

    def check(self, data: bytes) -> bool:
        """Whether ``data`` was accepted. Raises what the table does not allow."""
        try:
            self.take(data)
        except self.raises:
            return False
        return True


def pack(*records: bytes) -> bytes:
    """Several messages as one input, for a parser that remembers: each after its length in two bytes."""
    return b"".join(len(record).to_bytes(2) + record for record in records)


def unpack(data: bytes) -> list[bytes]:
    """The messages in an input; whatever the bytes are, they are some."""
    records = []
    while data:
        length = int.from_bytes(data[:2])
        records.append(data[2 : 2 + length])
        data = data[2 + length :]
    return records


def text(data: bytes) -> str:
    """Input as text: UTF-8 that may hold lone surrogates; where it is not that, a character for each byte."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return latin(data)


def latin(data: bytes) -> str:
    """Input as text of which each byte is one character, as HTTP headers are read."""
    return data.decode("latin-1")
