"""Discovery as one thing: SSDP and mDNS kept true while networks come and go."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from receiver.clock import Clock, MonotonicClock
from receiver.discovery.api import Announcer, Wanted
from receiver.discovery.interfaces import for_people, usable
from receiver.discovery.mdns import Mdns
from receiver.discovery.record import Advertisement
from receiver.discovery.ssdp import Ssdp
from receiver.discovery.watch import Watch
from receiver.errors import ReceiverError

CLOSE_WITHIN_S = 0.9
RETRY_S = 30.0
NO_NETWORK = (
    "This machine has no network address, so nobody can find it. Plug in a network cable or set up Wi-Fi; "
    "discovery then starts by itself."
)

log = logging.getLogger(__name__)


class _Keeper:
    """Keeps one announcer at the newest wanted state. Only the newest is kept: states in between are skipped."""

    def __init__(self, name: str, announcer: Announcer, wanted: Callable[[], Wanted]) -> None:
        self.name = name
        self.announcer = announcer
        self._wanted = wanted
        self._dirty = asyncio.Event()
        self._failed = ""
        self._task = asyncio.create_task(self._run(), name=f"discovery-{name}")
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._failed = f"{self.name} stopped by a fault in this program: {error!r}. Please report it."
            log.error(self._failed, exc_info=error)

    def again(self) -> None:
        self._dirty.set()

    async def _run(self) -> None:
        while True:
            retry = RETRY_S if self.problems() else None
            try:
                await asyncio.wait_for(self._dirty.wait(), retry)
            except TimeoutError:
                log.debug("%s: trying again", self.name)
            self._dirty.clear()
            before = self.problems()
            try:
                await self.announcer.apply(self._wanted())
                self._failed = ""
            except ReceiverError as error:
                self._failed = str(error)
            except OSError as error:
                self._failed = (
                    f"{self.name} can't use the network: {error.strerror or error}. Another program may hold its UDP "
                    "port for itself, or the network carries no multicast; it is tried again by itself."
                )
            for problem in self.problems():
                if problem not in before:
                    log.warning(problem)

    def problems(self) -> list[str]:
        return [*([self._failed] if self._failed else []), *self.announcer.problems()]

    def status(self) -> dict[str, object]:
        return {**self.announcer.status(), "problems": self.problems()}

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        await self.announcer.close()


class Discovery:
    """Announces ``advertisement`` until closed. ``on_addresses`` hears of the addresses for people, best first,
    at the start and at each change; an empty list means that there is no network.

    Nothing that the network does raises from here: see ``status``.
    """

    def __init__(
        self,
        advertisement: Advertisement,
        on_addresses: Callable[[list[str]], None],
        clock: Clock | None = None,
        *,
        ssdp: bool = True,
        mdns: bool = True,
    ) -> None:
        self._clock = clock or MonotonicClock()
        self._on_addresses = on_addresses
        self._with_ssdp = ssdp
        self._with_mdns = mdns
        self._wanted = Wanted(advertisement, ())
        self._addresses: list[str] | None = None
        self._keepers: list[_Keeper] = []
        self._watch = Watch(self._look, self._woke)

    async def start(self) -> None:
        """Begin; the announcements follow within about two seconds."""
        announcers: dict[str, Announcer] = {}
        if self._with_ssdp:
            announcers["SSDP"] = Ssdp(self._clock)
        if self._with_mdns:
            announcers["mDNS"] = Mdns(self._clock, again=self._again)
        self._keepers = [_Keeper(name, announcer, lambda: self._wanted) for name, announcer in announcers.items()]
        self._watch.start()
        self._look()

    async def update(self, advertisement: Advertisement) -> None:
        """Announce this from now on."""
        self._wanted = replace(self._wanted, advertisement=advertisement)
        self._again()

    def _look(self) -> None:
        # Without comparing with what was known: an address that was not ready yet may be so now.
        try:
            found = usable()
        except OSError as error:
            log.warning("discovery: the network interfaces can't be listed: %s", error)
            found = ()
        self._wanted = replace(self._wanted, interfaces=found)
        addresses = for_people(self._wanted.interfaces)
        if addresses != self._addresses:
            self._addresses = addresses
            if addresses:
                log.info("discovery: announced at %s", ", ".join(addresses))
            else:
                log.warning(NO_NETWORK)
            self._on_addresses(addresses)
        self._again()

    def _woke(self) -> None:
        log.info("discovery: the machine slept; announcing again")
        self._wanted = replace(self._wanted, wakes=self._wanted.wakes + 1)
        self._look()

    def _again(self) -> None:
        for keeper in self._keepers:
            keeper.again()

    async def close(self) -> None:
        """Say goodbye on both and stop, within a second."""
        self._watch.close()
        closing = [asyncio.create_task(keeper.close()) for keeper in self._keepers]
        if not closing:
            return
        done, late = await asyncio.wait(closing, timeout=CLOSE_WITHIN_S)
        for task in late:
            task.cancel()
        for task in done:
            if error := task.exception():
                log.warning("discovery did not close cleanly: %s", error)

    def status(self) -> dict[str, object]:
        """``addresses``, ``problems`` in words, and for each service its problems, places or name, and counters."""
        problems = [] if self._wanted.interfaces else [NO_NETWORK]
        if self._watch.problem:
            problems.append(self._watch.problem)
        return {
            "addresses": self._addresses or [],
            "problems": problems,
            **{keeper.name.lower(): keeper.status() for keeper in self._keepers},
        }
