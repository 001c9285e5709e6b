"""The kernel's timer wakes one sleeper at the earliest time that anybody asked for, and at no other."""

import threading
import time

from receiver.stage.alarm import Alarm

MS = 1_000_000
SOON_S, LONG_MS = 20.0, 3_600_000


def test_it_rings_no_sooner_than_asked() -> None:
    alarm, now = Alarm(), time.monotonic_ns()
    alarm.ring_at(now + 20 * MS, now)
    alarm.ring_at(now + LONG_MS * MS, now)  # later than what is asked for already
    alarm.sleep()
    assert time.monotonic_ns() >= now + 20 * MS


def test_what_was_missed_rings_at_once() -> None:
    alarm, now = Alarm(), time.monotonic_ns()
    alarm.ring_at(now - 5 * MS, now)
    alarm.sleep()  # returns
    alarm.ring_at(now + 20 * MS, now)  # and begins anew
    alarm.sleep()
    assert time.monotonic_ns() >= now + 20 * MS


def test_another_thread_brings_it_forward() -> None:
    alarm, now = Alarm(), time.monotonic_ns()
    alarm.ring_at(now + LONG_MS * MS, now)
    awake = threading.Event()

    def sleep() -> None:
        alarm.sleep()
        awake.set()

    sleeper = threading.Thread(target=sleep, daemon=True)
    sleeper.start()
    assert not awake.wait(0.05)
    alarm.ring_at(now, now)
    assert awake.wait(SOON_S)
    sleeper.join()
