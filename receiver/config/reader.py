"""From TOML text to a Config, with errors that name file, line, key, bound and value. Pure but for the defaults."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from receiver.config.key import Key, convert, toml
from receiver.config.schema import KEYS, SECTIONS, Config
from receiver.errors import ConfigError


def parse(text: str, file: str, overrides: Mapping[str, object] | None = None, source: Path | None = None) -> Config:
    """The checked tree. ``overrides`` maps dotted keys to values that win over the text's. Raises ConfigError."""
    values = read(text, file, list(SECTIONS), KEYS)
    for dotted, value in (overrides or {}).items():
        section, name = dotted.split(".")
        values[section][name] = _checked(KEYS[dotted], value, "on the command line")
    config = Config(**{section: cls(**values[section]) for section, cls in SECTIONS.items()}, source=source)
    if config.http.port and config.http.port == config.http.https_port:
        raise ConfigError(f"{file}: http.port and http.https_port are both {config.http.port}; they must differ")
    return config


def read(text: str, file: str, sections: Sequence[str], keys: Mapping[str, Key]) -> dict[str, dict[str, object]]:
    """The checked values that the text gives, by section and name; ``keys`` are by dotted name. Raises ConfigError."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from error
    values: dict[str, dict[str, object]] = {section: {} for section in sections}
    for section, table in tables.items():
        where = _at(text, file, (section,))
        if section not in sections:
            raise ConfigError(
                f"{where}: there is no section [{section}]; the nearest is [{_nearest(section, sections)}]"
            )
        if not isinstance(table, dict):
            raise ConfigError(f"{where}: {section} must be a section: write [{section}]")
        for name, value in table.items():
            dotted = f"{section}.{name}"
            where = _at(text, file, (section, name))
            if dotted not in keys:
                raise ConfigError(f"{where}: there is no key {dotted}; the nearest is {_nearest(dotted, keys)}")
            values[section][name] = _checked(keys[dotted], value, where)
    return values


def _checked(key: Key, value: object, where: str) -> object:
    try:
        return convert(key, value)
    except ValueError as bound:
        unit = f" ({key.unit})" if key.unit else ""
        raise ConfigError(f"{where}: {key.name} must be {bound}{unit}, not {toml(value)}") from bound


def _nearest(name: str, known: Iterable[str]) -> str:
    return max(known, key=lambda candidate: difflib.SequenceMatcher(None, name, candidate).ratio())


def _at(text: str, file: str, path: tuple[str, ...]) -> str:
    """File and line: the first line at which the text up to it is TOML that holds the key.

    tomllib tells no lines; this asks it again instead of reading TOML a second way.
    """
    lines = text.split("\n")
    for count in range(1, len(lines) + 1):
        try:
            node: object = tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue
        for part in path:
            node = node.get(part) if isinstance(node, dict) else None
        if node is not None:
            return f"{file}, line {count}"
    return file
