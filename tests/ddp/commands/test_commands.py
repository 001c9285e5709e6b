"""The registry: every verb is there, what it refuses it refuses by name, and its schema says the same as its class."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.commands import COMMANDS, Command, command, read, verbs
from receiver.ddp.commands.schema import DIALECT
from receiver.ddp.commands.table import forms, json_schema, table

DOCUMENT = Path(__file__).parents[3] / "docs/commands.md"
UUID = "0b0c9a5e-6a0f-4f6e-9d43-5a4f7f0c6d21"

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**4000)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))


def refused(verb: str, **params: object) -> str:
    with pytest.raises(Refusal) as caught:
        read(verb, params)
    assert caught.value.code is ErrorCode.INVALID_PARAMS
    return caught.value.advice


def test_every_verb_of_the_protocol_is_there() -> None:
    streams = {"mirror", "extend", "cast", "play", "pause", "stop", "seek", "resize", "rotate", "volume", "mute"}
    assert set(COMMANDS) == streams | {"layout", "focus", "identify", "power"}


def test_defaults_are_filled_in() -> None:
    assert read("mirror", {"device_id": UUID})[1] == verbs.Mirror(device_id=UUID, scale=1.0)
    assert read("mute", {})[1] == verbs.Mute(muted=True)
    assert read("identify", {"seconds": 4.0})[1] == verbs.Identify(seconds=4)


@pytest.mark.parametrize(
    ("verb", "params", "parts"),
    [
        ("mirror", {}, ["mirror needs device_id", "a UUID"]),
        ("mirror", {"device_id": "tv"}, ["device_id of mirror", "a UUID", '"tv"']),
        ("mirror", {"device_id": UUID + "\n"}, ["device_id of mirror", "a UUID"]),
        ("mirror", {"device_id": UUID, "scale": 4.01}, ["scale of mirror", "from 0.1 to 4", "4.01"]),
        ("mirror", {"device_id": UUID, "scale": 0.09}, ["scale of mirror", "from 0.1 to 4", "0.09"]),
        ("mirror", {"device_id": UUID, "scale": "2"}, ["scale of mirror", "a number", '"2"']),
        ("volume", {"level": 10**5000}, ["level of volume", "from 0 to 1", "more than 64 bits"]),
        ("volume", {"levle": 1}, ['no field "levle"', "did you mean level?"]),
        ("extend", {"width": 1}, ['extend has no field "width"', "it takes none"]),
        ("rotate", {"degrees": 45}, ["degrees of rotate", "one of 0, 90, 180, 270", "45"]),
        ("seek", {"position_s": float("nan")}, ["position_s of seek", "nan"]),
        ("cast", {"url": "file:///etc/passwd"}, ["url of cast", "https", '"file:///etc/passwd"']),
        ("cast", {"url": "http://a b"}, ["url of cast"]),
        ("cast", {"url": "http://" + "a" * 3000}, ["url of cast", "at most 2048 characters", "…"]),
        ("power", {"on": 1}, ["on of power", "true or false", "1"]),
        ("pause", {"stream": None}, ["stream of pause", "a whole number from 1 up", "null"]),
        ("pause", {"stream": 1.5}, ["stream of pause", "1.5"]),
        ("pause", {"stream": {}}, ["stream of pause", "an object"]),
    ],
)
def test_an_error_names_the_field_the_bound_and_the_value(verb: str, params: dict[str, Any], parts: list[str]) -> None:
    advice = refused(verb, **params)
    assert all(part in advice for part in parts), advice
    assert len(advice) < 400


def test_an_unknown_verb_is_a_method_that_does_not_exist() -> None:
    with pytest.raises(Refusal, match="did you mean volume") as caught:
        read("volumne", {})
    assert caught.value.code is ErrorCode.METHOD_NOT_FOUND


@given(
    verb=st.sampled_from([*COMMANDS, "explode"]) | st.text(),
    params=st.dictionaries(
        st.sampled_from(["stream", "scale", "level", "on", "url", "degrees", "position_s"]) | st.text(),
        JSON,
        max_size=4,
    ),
)
def test_arbitrary_json_is_read_or_refused(verb: str, params: dict[str, Any]) -> None:
    try:
        spec, read_command = read(verb, params)
    except Refusal as refusal:
        json.dumps(refusal.as_error())
    else:
        assert isinstance(read_command, spec.kind)


def sample(field: dict[str, Any]) -> st.SearchStrategy[object]:
    """Values that a field's schema accepts; a keyword that is unknown here fails the test."""
    bounds = {"type", "enum", "minimum", "maximum", "maxLength", "pattern"}
    assert set(field) <= bounds | {"default", "description", "format", "examples"}
    match field:
        case {"enum": values}:
            return st.sampled_from(values)
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "integer", "minimum": low, "maximum": high}:
            return st.integers(low, high) | st.integers(low, min(high, 2**53)).map(float)
        case {"type": "number", "minimum": low, "maximum": high}:
            return st.floats(low, high) | st.integers(math.ceil(low), math.floor(high))
        case {"type": "string", "pattern": pattern}:
            return st.from_regex(pattern).filter(lambda text: len(text) <= field.get("maxLength", len(text)))
        case _:
            raise AssertionError(f"no sampler for {field}")


@pytest.mark.parametrize("verb", sorted(COMMANDS))
@settings(max_examples=40)
@given(data=st.data())
def test_what_the_schema_accepts_the_class_accepts(verb: str, data: st.DataObject) -> None:
    schema = json_schema()["$defs"][verb]
    fields = {name: sample(field) for name, field in schema["properties"].items()}
    required = {name: fields[name] for name in schema["required"]}
    optional = {name: fields[name] for name in fields if name not in required}
    params = data.draw(st.fixed_dictionaries(required, optional=optional))
    _, taken = read(verb, params)
    for name, value in params.items():
        assert getattr(taken, name) == value


@pytest.mark.parametrize("verb", sorted(COMMANDS))
@settings(max_examples=40)
@given(data=st.data())
def test_what_the_schema_refuses_the_class_refuses(verb: str, data: st.DataObject) -> None:
    schema = json_schema()["$defs"][verb]
    assert schema["additionalProperties"] is False
    good = {name: sample(schema["properties"][name]) for name in schema["required"]}
    params = data.draw(st.fixed_dictionaries(good))
    name = data.draw(st.sampled_from([*schema["properties"], "other"]))
    value = data.draw(JSON)
    if name == "other" or not accepts(schema["properties"][name], value):
        with pytest.raises(Refusal):
            read(verb, params | {name: value})


def accepts(field: dict[str, Any], value: object) -> bool:
    """JSON Schema's own rules for the keywords in use, written from the specification."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if "enum" in field:
        return any(value == one for one in field["enum"]) and isinstance(value, str) | is_number
    match field["type"]:
        case "boolean":
            return isinstance(value, bool)
        case "string":
            return (
                isinstance(value, str)
                and len(value) <= field.get("maxLength", len(value))
                and re.search(field["pattern"], value) is not None
            )
        case kind:
            assert kind in ("number", "integer")
            whole = kind == "number" or isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            return is_number and whole and field.get("minimum", value) <= value <= field.get("maximum", value)


def test_registering_a_class_is_all_there_is() -> None:
    try:

        @command("wave", scope="admin")
        class Wave(Command, frozen=True):
            """Wave."""

            times: int = 2

        assert read("wave", {"times": 3})[1] == Wave(times=3)
        assert "`display.wave`" in table()
        assert forms()[-1]["schema"]["properties"]["times"] == {"type": "integer", "default": 2}
        with pytest.raises(ValueError, match="registered twice"):
            command("wave", scope="cast")(Wave)
    finally:
        COMMANDS.pop("wave", None)


def test_the_schema_names_its_dialect_and_stands_alone() -> None:
    document = json_schema()
    assert document["$schema"] == DIALECT
    assert "$ref" not in json.dumps(document)


def test_the_document_is_current() -> None:
    assert table() in DOCUMENT.read_text(), (
        "docs/commands.md is out of date: replace its table by the output of `ddp-receiver commands --table`"
    )
