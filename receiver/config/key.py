"""What a configuration key is: its default, unit, bound and reason, and the check that enforces the bound. Pure."""

import dataclasses
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound as a phrase that completes "must be ...", and the test for it."""

    phrase: str
    holds: Callable[[Any], bool] = lambda value: True


BOOLEAN = Bound("true or false")
NAME = Bound(
    "1 to 63 bytes of UTF-8 text without control characters",
    lambda text: text.isprintable() and bool(text.strip()) and len(text.encode()) <= 63,
)
ID = Bound(
    "1 to 63 of a-z, 0-9 and -, with a letter or digit first",
    lambda text: re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", text) is not None,
)
DEVICE = Bound('"auto", "null" or a device name of at most 128 characters', lambda text: 1 <= len(text) <= 128)
CONNECTOR = Bound(
    '"" or a connector\'s name of at most 32 letters, digits and -',
    lambda text: re.fullmatch(r"[A-Za-z0-9-]{0,32}", text) is not None,
)
MODE = Bound(
    '"" or a size such as "1920x1080", with a rate such as "1920x1080@50" or without',
    lambda text: re.fullmatch(r"([1-9]\d{1,4}x[1-9]\d{1,4}(@[1-9]\d{0,2}(\.\d{1,3})?)?)?", text, re.ASCII) is not None,
)
TURN = Bound("0, 90, 180 or 270", lambda degrees: degrees in (0, 90, 180, 270))
PATH = Bound("an absolute path", lambda path: path.is_absolute())


def whole(low: int, high: int) -> Bound:
    """A whole number from ``low`` to ``high``, both included."""
    return Bound(f"a whole number from {low} to {high}", lambda value: low <= value <= high)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return text == ""
    return True


def _are_networks(items: tuple[Any, ...]) -> bool:
    try:
        return all(isinstance(item, str) and ipaddress.ip_network(item) for item in items)
    except ValueError:
        return False


NETWORKS = Bound('a list of networks such as "10.0.0.0/8" or "fd00::/8"', _are_networks)
TIME = Bound(
    '"" or a time of day such as "07:30"', lambda text: re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d|", text) is not None
)
ADDRESS = Bound('"" or an IPv4 or IPv6 address', _is_address)


@dataclass(frozen=True, slots=True)
class Key:
    """One documented key. ``name`` is dotted; ``default_text`` describes a default that the machine decides."""

    name: str
    type: type
    bound: Bound
    unit: str
    why: str
    default_text: str


def key(
    default: Any, why: str, *, bound: Bound | None = None, unit: str = "", default_text: str = ""
) -> Any:  # the field's own annotation is its type
    """A dataclass field with its documentation. ``default`` may be a function that asks the machine."""
    meta = {"why": why, "unit": unit, "bound": bound, "default_text": default_text or toml(default)}
    if callable(default):
        return dataclasses.field(default_factory=default, metadata=meta)
    return dataclasses.field(default=default, metadata=meta)


def keys_of(section: str, cls: type) -> list[Key]:
    """The keys of one section's dataclass, in their order. A Literal annotation is its own bound."""
    hints = get_type_hints(cls)
    return [_key(section, field, hints[field.name]) for field in dataclasses.fields(cls)]


def _key(section: str, field: dataclasses.Field[Any], hint: Any) -> Key:
    meta = field.metadata
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        bound = Bound(f"one of {', '.join(map(toml, choices))}", lambda value: value in choices)
        kind: type = str
    else:
        bound, kind = meta["bound"] or BOOLEAN, get_origin(hint) or hint
    return Key(f"{section}.{field.name}", kind, bound, meta["unit"], meta["why"], meta["default_text"])


def convert(key: Key, value: object) -> object:
    """``value`` as the key's type. Raises ValueError, whose text is the broken bound, where it doesn't fit."""
    if key.type is Path and isinstance(value, str):
        value = Path(value).expanduser()
    if key.type is tuple and isinstance(value, list):
        value = tuple(value)
    if not isinstance(value, key.type) or (isinstance(value, bool) and key.type is not bool):
        raise ValueError(key.bound.phrase)
    if not key.bound.holds(value):
        raise ValueError(key.bound.phrase)
    return value


def toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, Path)):
        escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(toml, value))}]"
    return str(value)
