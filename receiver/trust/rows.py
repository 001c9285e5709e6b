"""A list that is kept as JSON in a private file: the devices, the stream keys."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from receiver.trust.files import read_private, set_aside, write_private

T = TypeVar("T", bound=msgspec.Struct)

log = logging.getLogger(__name__)


def load_rows(path: Path, kind: type[list[T]], advice: str) -> list[T]:
    """What ``path`` holds; nothing where it isn't there. Raises StateError.

    A damaged file is set aside and said in the log, with ``advice`` on what people must do again, and the list starts
    empty.
    """
    data = read_private(path)
    if data is None:
        return []
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        log.error("%s is damaged (%s); it was moved to %s, and %s", path.name, error, set_aside(path).name, advice)
        return []


def save_rows(path: Path, rows: Sequence[msgspec.Struct]) -> None:
    """Write the list, a line for each field. Raises StateError."""
    write_private(path, msgspec.json.format(msgspec.json.encode(rows), indent=1))
