"""A cable with bad manners: loses, delays, reorders and throttles packets. ``Direction`` is pure, ``relay`` the shell.

The relay carries IP packets between two TUN devices, whose descriptors it is given. TCP passes unharmed, so that what
is measured is the media alone. Each line of its input is ``Conditions`` as JSON, for both directions from then on.
"""

import heapq
import json
import os
import random
import select
import sys
import time
from dataclasses import dataclass

MTU = 65536
UDP = 17
MAX_WAITING = 20_000
"""Packets on the way. Drop rule: further ones are lost."""


@dataclass(frozen=True)
class Conditions:
    """``loss``: share of the packets, lost one by one; or where ``fade_ms`` is not 0, share of the time, in fades of
    this length in the mean (Gilbert's model, in time: a radio that fades does not count what is sent through it); or
    where ``burst_ms`` is not 0, in outages of this length, evenly spaced.

    ``delay_ms`` ± ``jitter_ms`` keep the order. ``late``: share of the packets that others overtake, by up to
    ``late_ms``. ``kbps``: the narrowest part, with a queue of ``queue_ms``; 0: no limit.
    """

    loss: float = 0.0
    fade_ms: float = 0.0
    burst_ms: float = 0.0
    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    late: float = 0.0
    late_ms: float = 0.0
    kbps: float = 0.0
    queue_ms: float = 200.0


class Direction:
    """When each packet of one direction arrives. ``now`` in seconds."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._free_at = 0.0
        self._last_due = 0.0
        self.change(Conditions(), 0.0)

    def change(self, conditions: Conditions, now: float) -> None:
        self._is = conditions
        self._since = self._turns_at = now
        self._fades = True

    def due(self, size: int, now: float) -> float | None:
        """When this packet of ``size`` bytes arrives; None: never."""
        rules = self._is
        if self._lost(now):
            return None
        leaves = now
        if rules.kbps:
            if self._free_at - now > rules.queue_ms / 1000:
                return None
            self._free_at = leaves = max(self._free_at, now) + size * 8 / (rules.kbps * 1000)
        spread = self._random.uniform(-rules.jitter_ms, rules.jitter_ms) / 1000
        due = max(leaves + rules.delay_ms / 1000 + spread, self._last_due)
        self._last_due = due
        if rules.late and self._random.random() < rules.late:
            due += self._random.uniform(0, rules.late_ms / 1000)  # alone: those behind it don't wait
        return due

    def _lost(self, now: float) -> bool:
        rules = self._is
        if rules.loss in (0, 1):
            return rules.loss == 1
        if rules.fade_ms:
            while now >= self._turns_at:
                self._fades = not self._fades
                mean_ms = rules.fade_ms if self._fades else rules.fade_ms * (1 - rules.loss) / rules.loss
                self._turns_at += self._random.expovariate(1000 / mean_ms)
            return self._fades
        if not rules.burst_ms:
            return self._random.random() < rules.loss
        period = rules.burst_ms / 1000 / rules.loss
        return (now - self._since) % period >= period - rules.burst_ms / 1000


def is_udp(packet: bytes) -> bool:
    version = packet[0] >> 4 if packet else 0
    return (version == 4 and len(packet) > 9 and packet[9] == UDP) or (
        version == 6 and len(packet) > 6 and packet[6] == UDP
    )


def relay(ends: tuple[int, int], orders: int, seed: int) -> None:
    """Until ``orders`` ends."""
    ways = {end: (other, Direction(seed + number)) for number, (end, other) in enumerate((ends, ends[::-1]))}
    poll = select.poll()
    for descriptor in (*ends, orders):
        poll.register(descriptor, select.POLLIN | select.POLLHUP)
    waiting: list[tuple[float, int, int, bytes]] = []
    count = 0
    while True:
        left = max(0.0, waiting[0][0] - time.monotonic()) if waiting else 1.0
        for descriptor, _ in poll.poll(left * 1000):
            data = os.read(descriptor, MTU)
            now = time.monotonic()
            if descriptor == orders:
                if not data:
                    return
                for line in data.splitlines():
                    for _, way in ways.values():
                        way.change(Conditions(**json.loads(line)), now)
                continue
            to, way = ways[descriptor]
            due = way.due(len(data), now) if is_udp(data) else now
            if due is not None and len(waiting) < MAX_WAITING:
                count += 1
                heapq.heappush(waiting, (due, count, to, data))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, to, data = heapq.heappop(waiting)
            os.write(to, data)


if __name__ == "__main__":
    relay((int(sys.argv[1]), int(sys.argv[2])), sys.stdin.fileno(), int(sys.argv[3]))
