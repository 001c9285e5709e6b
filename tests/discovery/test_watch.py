"""A sleep of the machine shows in its clocks; without netlink the watch looks by itself."""

import asyncio

from receiver.discovery.watch import Watch, suspended_ns

SECOND = 1_000_000_000


async def test_a_sleep_is_told_once_and_a_nap_never() -> None:
    readings = iter([0, SECOND, SECOND, 100 * SECOND, 100 * SECOND, 100 * SECOND])
    done = asyncio.Event()
    woke: list[int] = []
    last = 0

    def suspended() -> int:
        nonlocal last
        try:
            last = next(readings)
        except StopIteration:
            done.set()
        return last

    watch = Watch(lambda: None, lambda: woke.append(last), suspended, tick_s=0)
    watch.start()
    await done.wait()
    watch.close()
    assert woke == [100 * SECOND]


def test_the_machine_has_the_two_clocks() -> None:
    assert suspended_ns() > -SECOND
