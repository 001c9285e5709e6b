"""A command's class as JSON Schema (draft 2020-12), and a field's schema in words. Pure."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One parameter of a command."""

    schema: Schema
    required: bool


def of(kind: type[msgspec.Struct]) -> Schema:
    """The schema of a flat class, with nothing to look up elsewhere."""
    _, components = msgspec.json.schema_components([kind])
    schema: Schema = components[kind.__name__]
    return schema


@cache
def properties(kind: type[msgspec.Struct]) -> dict[str, Field]:
    """The fields of a command, in their order."""
    schema = of(kind)
    return {name: Field(field, name in schema["required"]) for name, field in schema["properties"].items()}


def wanted(schema: Schema) -> str:
    """What a field takes, to stand after "it takes"."""
    if "enum" in schema:
        return "one of " + ", ".join(_literal(value) for value in schema["enum"])
    match schema["type"]:
        case "boolean":
            return "true or false"
        case "string":
            most = f" of at most {schema['maxLength']} characters" if "maxLength" in schema else ""
            example = f', such as "{schema["examples"][0]}"' if "examples" in schema else ""
            return f"{_NAMES.get(schema.get('format', ''), 'a text')}{most}{example}"
        case kind:
            return ("a whole number" if kind == "integer" else "a number") + _bounds(schema)


_NAMES = {"uuid": "a UUID", "uri": "an address"}


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _bounds(schema: Schema) -> str:
    match schema:
        case {"minimum": low, "maximum": high} if high < 2**53 - 1:
            return f" from {low:g} to {high:g}"
        case {"minimum": low}:
            return f" from {low:g} up"
        case {"maximum": high}:
            return f" up to {high:g}"
        case _:
            return ""
