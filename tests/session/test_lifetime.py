"""Every number of DDP.md section 5 that a session lives by, on a fake clock."""

import pytest

from receiver.clock import FakeClock
from receiver.session.lifetime import Lifetime
from receiver.session.machine import IllegalSessionEvent

SECOND = 1_000_000_000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(5 * SECOND)


@pytest.fixture
def life(clock: FakeClock) -> Lifetime:
    life = Lifetime(clock.now())
    life.authenticated(clock.now())
    return life


def test_a_lost_session_can_be_resumed_for_30_seconds(life: Lifetime, clock: FakeClock) -> None:
    life.lost(clock.now())
    assert (life.state, life.tick(clock.advance(30 * SECOND - 1))) == ("suspended", None)
    life.resumed(clock.now())
    assert (life.state, life.tick(clock.advance(60 * SECOND))) == ("active", None)


def test_after_30_seconds_it_has_expired(life: Lifetime, clock: FakeClock) -> None:
    life.lost(clock.now())
    assert life.tick(clock.advance(30 * SECOND)) == "expired"
    life.expire()
    with pytest.raises(IllegalSessionEvent, match="expired"):
        life.resumed(clock.now())


def test_5_minutes_without_a_command_make_it_idle_and_keep_it(life: Lifetime, clock: FakeClock) -> None:
    assert life.tick(clock.advance(300 * SECOND - 1)) is None
    assert life.tick(clock.advance(1)) == "idle"
    assert life.tick(clock.advance(3600 * SECOND)) is None
    assert (life.idle, life.state) == (True, "active")
    life.used(clock.now())
    assert not life.idle


def test_an_idle_session_does_not_outlive_its_connection(life: Lifetime, clock: FakeClock) -> None:
    life.tick(clock.advance(300 * SECOND))
    life.lost(clock.now())
    assert life.tick(clock.now()) == "expired"


def test_use_within_5_minutes_keeps_it_from_being_idle(life: Lifetime, clock: FakeClock) -> None:
    for _ in range(10):
        life.used(clock.advance(299 * SECOND))
        assert life.tick(clock.now()) is None
    life.lost(clock.now())
    assert life.tick(clock.now()) is None


def test_a_sender_may_be_back_before_its_loss_was_seen(life: Lifetime, clock: FakeClock) -> None:
    life.resumed(clock.now())
    assert life.state == "active"
