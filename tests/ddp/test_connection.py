"""The five states, and the times of section 3, by a fake clock."""

import itertools
from typing import get_args

import pytest

from receiver.clock import FakeClock
from receiver.ddp.codes import CloseCode
from receiver.ddp.connection import (
    HANDSHAKE,
    HEARTBEAT,
    TRANSITIONS,
    UNPAIRED,
    Connection,
    ConnectionStateError,
    Event,
    State,
)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(get_args(State), get_args(Event))))
def test_every_move(state: State, event: Event) -> None:
    connection = Connection()
    connection.state = state
    if (state, event) in TRANSITIONS:
        connection._move(event)
        assert connection.state == TRANSITIONS[state, event]
    else:
        with pytest.raises(ConnectionStateError, match=state):
            connection._move(event)


def test_a_handshake_takes_three_seconds_at_most() -> None:
    clock, connection = FakeClock(), Connection()
    connection.open(clock.now())
    assert connection.tick(clock.advance(HANDSHAKE - 1)) is None
    assert connection.tick(clock.advance(1)) is CloseCode.HANDSHAKE_TIMEOUT


def test_silence_is_over_after_three_lost_heartbeats() -> None:
    clock, connection = FakeClock(), Connection()
    connection.open(clock.now())
    connection.message(clock.advance(HANDSHAKE - 1))
    assert connection.tick(clock.advance(HEARTBEAT - 1)) is None
    assert connection.tick(clock.advance(1)) == "ping"
    assert connection.tick(clock.advance(HEARTBEAT)) == "ping"
    assert connection.tick(clock.advance(HEARTBEAT - 1)) is None
    assert connection.tick(clock.advance(1)) is CloseCode.IDLE
    assert clock.now() == HANDSHAKE - 1 + 90_000_000_000


def test_any_message_keeps_it_alive() -> None:
    clock, connection = FakeClock(), Connection()
    connection.open(clock.now())
    for _ in range(10):
        connection.message(clock.now())
        assert connection.tick(clock.advance(HEARTBEAT)) == "ping"


def test_who_does_not_pair_makes_room() -> None:
    clock, connection = FakeClock(), Connection()
    connection.open(clock.now())
    while clock.now() < UNPAIRED - HEARTBEAT:
        connection.message(clock.advance(HEARTBEAT - 1))
    connection.message(clock.now())
    assert connection.deadline == UNPAIRED
    assert connection.tick(clock.advance(UNPAIRED - clock.now())) is CloseCode.POLICY


def test_who_has_paired_may_stay() -> None:
    clock, connection = FakeClock(), Connection()
    connection.open(clock.now())
    connection.message(clock.now())
    connection.paired()
    connection.message(clock.advance(2 * UNPAIRED))
    assert connection.tick(clock.now()) is None


def test_closing_stops_the_heartbeat_and_takes_no_message() -> None:
    clock, connection = FakeClock(), Connection()
    connection.open(clock.now())
    connection.message(clock.now())
    connection.close()
    connection.message(clock.now())
    assert connection.state == "closing"
    assert connection.deadline is None
    assert connection.tick(clock.advance(10 * HEARTBEAT)) is None


@pytest.mark.parametrize("state", [state for state in get_args(State) if state != "connected"])
def test_a_write_elsewhere_is_refused_with_the_state(state: State) -> None:
    connection = Connection()
    connection.state = state
    with pytest.raises(ConnectionStateError, match=state):
        connection.check_write()
