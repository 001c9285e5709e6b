"""Each fuzz target for a second: its valid messages, and the same mutations of them every time."""

import importlib
import pkgutil

import pytest
from hypothesis import given, settings

import receiver
from receiver.errors import ProtocolError
from tests.fuzz.mutate import inputs
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_the_named_errors(name: str) -> None:
    target = TARGETS[name]
    taken = [target.check(seed) for seed in target.seeds]
    assert any(taken), "no valid message is among the seeds"

    @settings(derandomize=True, max_examples=5 * settings().max_examples)
    @given(inputs(target))
    def mutated(data: bytes) -> None:
        target.check(data)

    mutated()


def test_every_error_of_a_protocol_is_in_the_table() -> None:
    """But for illegal moves of a state machine, whose tests go through its table."""
    for module in pkgutil.walk_packages(receiver.__path__, "receiver."):
        if not module.name.endswith(("__main__", ".uinput")):
            importlib.import_module(module.name)
    named = {error for target in TARGETS.values() for error in target.raises}
    ours = {error for error in ProtocolError.__subclasses__() if error.__module__.startswith("receiver.")}
    ours = {error for error in ours if not error.__name__.endswith("OutOfOrder")}
    assert ours - named == set(), "a parser without a fuzz target"
