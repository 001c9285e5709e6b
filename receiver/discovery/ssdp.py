"""SSDP on every interface: answers searches, announces, says goodbye (UPnP Device Architecture 2.0, section 1).

Built on async-upnp-client's sockets, protocol and packets. Its responder and announcer are not used: they take
off-link sources, raise on ``MX:-3``, have no rate limit, hear every interface on each socket, cycle through one
announcement each 30 s, and need the library's own HTTP server.
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterable
from email.utils import formatdate

from async_upnp_client.ssdp import build_ssdp_packet

from receiver.clock import Clock
from receiver.discovery import record
from receiver.discovery.api import Wanted
from receiver.discovery.guard import Address, Guard, Verdict
from receiver.discovery.interfaces import Interface
from receiver.discovery.ssdp_port import Place, Port, open_port

REPEATS_S = (0.0, 0.4, 2.0)
"""When each announcement is sent: datagrams get lost, and a fresh IPv6 address can't send for its first second."""
MAX_PENDING = 256
"""Answers that wait for their moment within MX. Drop rule: the newest is not sent."""
ANSWER_WITHIN = (0.02, 0.75)
"""Seconds after the search, the second times MX, so that the answer is there before the searcher stops listening."""

log = logging.getLogger(__name__)


def places(interfaces: Iterable[Interface]) -> set[Place]:
    """Where SSDP speaks on these interfaces: once for each with IPv4, once for each with IPv6."""
    found = set()
    for interface in interfaces:
        for addresses in (interface.v4, interface.v6):
            if addresses:
                found.add(Place(interface.index, interface.name, addresses))
    return found


class Ssdp:
    """An ``Announcer``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guard = Guard(clock.now())
        self._ports: dict[Place, Port] = {}
        self._wanted: Wanted | None = None
        self._boot_id = 0
        self._problems: list[str] = []
        self._announcing: asyncio.Task[None] | None = None
        self._pending: set[asyncio.TimerHandle] = set()
        self._counts: Counter[str] = Counter()

    async def apply(self, wanted: Wanted) -> None:
        here = places(wanted.interfaces)
        for gone in self._ports.keys() - here:
            self._ports.pop(gone).close()
        opened = await self._open(here - self._ports.keys())
        before, self._wanted = self._wanted, wanted
        same = before and (before.advertisement, before.wakes) == (wanted.advertisement, wanted.wakes)
        if same and not opened:
            return
        next_boot = max(wanted.advertisement.boot_id, self._boot_id + 1)
        if before is not None:
            self._succeed(before.advertisement, wanted.advertisement, next_boot)
        self._boot_id = next_boot
        self._ports |= opened
        if self._announcing is not None:
            self._announcing.cancel()
        self._announcing = asyncio.create_task(self._announce(), name="ssdp-announce")

    async def _open(self, wanted: set[Place]) -> dict[Place, Port]:
        opened: dict[Place, Port] = {}
        self._problems = []
        for place in wanted:
            try:
                opened[place] = await open_port(place, self._on_datagram, self._counts)
            except OSError as error:
                self._problems.append(
                    f"SSDP can't speak on {place}: {error.strerror or error}. Another program may hold UDP port 1900 "
                    "for itself, or the network carries no multicast; it is tried again by itself."
                )
        return opened

    def _succeed(self, old: record.Advertisement, new: record.Advertisement, next_boot: int) -> None:
        """Tell those who know us that the next announcements replace what they have (UDA 1.2.3, 1.2.4)."""
        if (old.udn, old.config_id) == (new.udn, new.config_id):
            self._notify(lambda host, url: record.update(old, host, url, self._boot_id, next_boot))
        else:
            self._notify(lambda host, _: record.byebye(old, host, self._boot_id))

    async def _announce(self) -> None:
        for wait in REPEATS_S:
            await asyncio.sleep(wait + random.uniform(0, 0.1))
            self._notify_alive()
        while True:
            await asyncio.sleep(random.uniform(record.MAX_AGE_S / 4, record.MAX_AGE_S / 2))
            self._notify_alive()

    def _notify_alive(self) -> None:
        if self._wanted is not None:
            advertisement = self._wanted.advertisement
            self._notify(lambda host, url: record.alive(advertisement, host, url, self._boot_id))

    def _notify(self, headers: Callable[[str, str], Iterable[dict[str, str]]]) -> None:
        if self._wanted is None:
            return
        for place, port in self._ports.items():
            url = record.location(place.announced, self._wanted.advertisement)
            for one in headers(place.host, url):
                port.send_ssdp_packet(build_ssdp_packet("NOTIFY * HTTP/1.1", one), place.group)

    def _on_datagram(self, port: Port, data: bytes, source: Address, reply_to: tuple[str, int]) -> None:
        if self._wanted is None:
            return
        advertisement = self._wanted.advertisement
        verdict, answers, mx = self._guard.judge(
            data, source, port.place.networks, tuple(record.targets(advertisement)), self._clock.now()
        )
        if verdict is not Verdict.ANSWER:
            return
        url = record.location(port.place.nearest(source), advertisement)
        date = formatdate(usegmt=True)
        for target in answers:
            headers = record.answer(advertisement, target, url, self._boot_id, date)
            self._answer_later(port, build_ssdp_packet("HTTP/1.1 200 OK", headers), reply_to, mx)

    def _answer_later(self, port: Port, packet: bytes, reply_to: tuple[str, int], mx: int) -> None:
        if len(self._pending) >= MAX_PENDING:
            self._counts["answers_not_sent_too_many_wait"] += 1
            return

        def send() -> None:
            self._pending.discard(handle)
            port.send_ssdp_packet(packet, reply_to)

        earliest, share = ANSWER_WITHIN
        handle = asyncio.get_running_loop().call_later(random.uniform(earliest, mx * share), send)
        self._pending.add(handle)

    async def close(self) -> None:
        if self._announcing is not None:
            self._announcing.cancel()
        for handle in self._pending:
            handle.cancel()
        self._pending.clear()
        if self._wanted is not None:
            advertisement = self._wanted.advertisement
            for pause in (0.1, 0.0):
                self._notify(lambda host, _: record.byebye(advertisement, host, self._boot_id))
                await asyncio.sleep(pause)
        for port in self._ports.values():
            port.close()
        self._ports.clear()

    def problems(self) -> list[str]:
        return list(self._problems)

    def status(self) -> dict[str, object]:
        return {
            "places": sorted(str(place) for place in self._ports),
            "counters": {verdict.value: self._guard.counts[verdict] for verdict in Verdict} | dict(self._counts),
        }
