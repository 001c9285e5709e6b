"""The commands as documents: JSON Schema for programs, a table for people, forms for the console. Pure."""

from typing import Any

from receiver.ddp.commands import schema
from receiver.ddp.commands.registry import COMMANDS, Spec


def json_schema() -> dict[str, Any]:
    """One document with a definition for each command's parameters, by verb."""
    return {"$schema": schema.DIALECT, "$defs": {verb: schema.of(spec.kind) for verb, spec in COMMANDS.items()}}


def forms() -> list[dict[str, Any]]:
    """What a form needs of each command: verb, method, scope, summary, and the schema of its parameters."""
    return [
        {
            "verb": spec.verb,
            "method": spec.method,
            "scope": spec.scope,
            "summary": spec.summary,
            "schema": schema.of(spec.kind),
        }
        for spec in COMMANDS.values()
    ]


def table() -> str:
    """GitHub Markdown: a row for each command, then one for each of its fields."""
    lines = ["| command | field | takes | default | scope | |", "| --- | --- | --- | --- | --- | --- |"]
    for spec in COMMANDS.values():
        lines.append(f"| **`{spec.method}`** | | | | {spec.scope} | {spec.summary} |")
        lines.extend(_rows(spec))
    return "\n".join(lines) + "\n"


def _rows(spec: Spec) -> list[str]:
    rows = []
    for name, field in schema.properties(spec.kind).items():
        default = "required" if field.required else _default(field.schema)
        about = field.schema.get("description", "")
        rows.append(f"| | `{name}` | {schema.wanted(field.schema)} | {default} | | {about} |")
    return rows


def _default(field: schema.Schema) -> str:
    value = field.get("default")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else f"{value:g}" if isinstance(value, (int, float)) else f"{value}"
