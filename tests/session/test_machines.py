"""Sessions and streams move by their tables alone."""

import itertools
from typing import get_args

import pytest

from receiver.session import machine, stream

SESSION = list(itertools.product(get_args(machine.SessionState), get_args(machine.SessionEvent)))
STREAM = list(itertools.product(get_args(stream.StreamState), get_args(stream.StreamCommand)))


@pytest.mark.parametrize(("state", "event"), SESSION)
def test_sessions(state: machine.SessionState, event: machine.SessionEvent) -> None:
    session = machine.SessionMachine()
    session.state = state
    if (state, event) in machine.TRANSITIONS:
        assert session.handle(event) == machine.TRANSITIONS[state, event]
    else:
        with pytest.raises(machine.IllegalSessionEvent, match=state):
            session.handle(event)
        assert session.state == state


@pytest.mark.parametrize(("state", "command"), STREAM)
def test_streams(state: stream.StreamState, command: stream.StreamCommand) -> None:
    media = stream.StreamMachine()
    media.state = state
    if (state, command) in stream.TRANSITIONS:
        assert media.handle(command) == stream.TRANSITIONS[state, command]
    else:
        with pytest.raises(stream.IllegalStreamCommand, match=f"{command} .* {state}"):
            media.handle(command)
        assert media.state == state


def test_the_rules_of_section_5() -> None:
    allowed = stream.TRANSITIONS
    assert allowed["stopped", "play"] == "preparing"
    assert [state for state, command in allowed if command == "pause"] == ["playing"]
    assert allowed["paused", "play"] == "playing"
    assert all(allowed[state, "stop"] == "stopped" for state in get_args(stream.StreamState))
    assert not [state for state, _ in machine.TRANSITIONS if state == "expired"]


@pytest.mark.parametrize("state", get_args(stream.StreamState))
@pytest.mark.parametrize("told", ["live", "reconnecting", "ended"])
def test_a_stream_follows_what_is_told_of_it(state: stream.StreamState, told: str) -> None:
    media = stream.StreamMachine()
    media.state = state
    media.follow(told)
    after = {"live": "playing" if state == "preparing" else state, "reconnecting": state, "ended": "stopped"}
    assert media.state == after[told]
