"""Commands by their verb, and how parameters become one. Pure.

A field is a string, a number, a boolean or a choice: flat, so that a form can be made of it and an error can name it.
"""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec

from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.commands.schema import properties, wanted

Scope = Literal["cast", "control", "admin"]
"""What a token must allow (DDP.md section 4): one's own cast, everybody's, or the display itself."""

PREFIX = "display."
"""A command's JSON-RPC method is this and its verb."""

MAX_SHOWN = 60
"""Characters of a wrong value that its error repeats."""


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all commands. A class's docstring says in one sentence what its command does."""


@dataclass(frozen=True)
class Spec:
    """A registered command."""

    verb: str
    scope: Scope
    kind: type[Command]

    @property
    def method(self) -> str:
        return PREFIX + self.verb

    @property
    def summary(self) -> str:
        return (self.kind.__doc__ or "").strip()


COMMANDS: dict[str, Spec] = {}
"""By verb, in the order in which they were registered."""

C = TypeVar("C", bound=Command)


def command(verb: str, *, scope: Scope) -> Callable[[type[C]], type[C]]:
    """Register a class as the command ``verb``."""

    def register(kind: type[C]) -> type[C]:
        if verb in COMMANDS:
            raise ValueError(f"the command {verb} is registered twice")
        COMMANDS[verb] = Spec(verb, scope, kind)
        return kind

    return register


def find(verb: str) -> Spec:
    """The command of that verb. Raises Refusal (-32601, as JSON-RPC has it for a method that does not exist)."""
    if verb in COMMANDS:
        return COMMANDS[verb]
    near = difflib.get_close_matches(verb, COMMANDS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)}."
    raise Refusal(ErrorCode.METHOD_NOT_FOUND, f"This display has no command {_shown(verb)}; {hint}")


def read(verb: str, params: dict[str, Any]) -> tuple[Spec, Command]:
    """The command that ``params`` describe. Raises Refusal, which names the field, what it takes and what it got."""
    spec = find(verb)
    fields = properties(spec.kind)
    for name in params:
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            known = f"did you mean {near[0]}?" if near else f"it takes {', '.join(fields) or 'none'}."
            raise _refusal(f"{verb} has no field {_shown(name)}; {known}")
    for name, field in fields.items():
        if field.required and name not in params:
            raise _refusal(f"{verb} needs {name}: {wanted(field.schema)}.")
    whole = {name: _number(value) for name, value in params.items()}
    try:
        return spec, msgspec.convert(whole, spec.kind)
    except msgspec.ValidationError as error:
        found = re.search(r"\$\.(\w+)", str(error))
        if found is None or found[1] not in fields:
            raise _refusal(f"{verb} can't be read: {error}") from error
        schema = fields[found[1]].schema
        about = f" ({schema['description']})" if "description" in schema else ""
        got = _shown(params[found[1]])
        raise _refusal(f"{found[1]} of {verb} takes {wanted(schema)}{about}, not {got}.") from error


def _refusal(advice: str) -> Refusal:
    return Refusal(ErrorCode.INVALID_PARAMS, advice)


def _number(value: object) -> object:
    """2.0 is an integer to JSON Schema, and to every sender whose language has one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _shown(value: object) -> str:
    """A wrong value as an error repeats it: short, and nothing that a peer could blow up."""
    match value:
        case str():
            text = value if len(value) <= MAX_SHOWN else value[:MAX_SHOWN] + "…"
            return f'"{text}"'
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() if value.bit_length() > 64:
            return "a number of more than 64 bits"
        case int() | float():
            return f"{value}"
        case dict():
            return "an object"
        case _:
            return "a list"
