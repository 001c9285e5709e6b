"""mDNS: registers ``_ddp._tcp.local.`` with zeroconf and keeps its name, addresses and TXT true."""

import logging
from collections import Counter
from collections.abc import Callable

from zeroconf import Error as ZeroconfError
from zeroconf import IPVersion, RecordUpdate, RecordUpdateListener, Zeroconf
from zeroconf._dns import DNSService
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from receiver.clock import Clock
from receiver.discovery.api import Wanted
from receiver.discovery.interfaces import Interface
from receiver.discovery.record import SERVICE_TYPE, txt
from receiver.errors import ReceiverError

DEFEND_EVERY_NS = 10 * 1_000_000_000
"""At most one defence of our name in this time (RFC 6762 section 9 asks for a limit against endless rounds)."""

log = logging.getLogger(__name__)


def _choices(interfaces: tuple[Interface, ...]) -> list[str | int | tuple[tuple[str, int, int], int]]:
    """IPv4 by address, IPv6 by interface index, as zeroconf wants them."""
    return [
        *(str(address.ip) for interface in interfaces for address in interface.v4),
        *(interface.index for interface in interfaces if interface.v6),
    ]


def _version(interfaces: tuple[Interface, ...]) -> IPVersion:
    return IPVersion.All if any(interface.v6 for interface in interfaces) else IPVersion.V4Only


def _service(wanted: Wanted, name: str) -> AsyncServiceInfo:
    addresses = [
        *(address.ip.packed for interface in wanted.interfaces for address in interface.v4),
        *(address.ip.packed for interface in wanted.interfaces for address in interface.v6),
    ]
    return AsyncServiceInfo(
        SERVICE_TYPE,
        name,
        port=wanted.advertisement.https_port,
        properties=txt(wanted.advertisement),
        server=wanted.advertisement.host,
        addresses=addresses,
    )


class _NameWatch(RecordUpdateListener):
    """Notices another host under our name after we have it: zeroconf itself looks only while it registers."""

    def __init__(self, mdns: "Mdns") -> None:
        self._mdns = mdns

    def async_update_records(self, zc: Zeroconf, now: float, records: list[RecordUpdate]) -> None:
        for update in records:
            if isinstance(update.new, DNSService) and not update.new.is_expired(now):
                self._mdns.heard(update.new)


class Mdns:
    """An ``Announcer``. ``clock`` paces the defence of the name; ``again`` asks for another ``apply`` soon."""

    def __init__(self, clock: Clock, again: Callable[[], None]) -> None:
        self._clock = clock
        self._again = again
        self._zeroconf: AsyncZeroconf | None = None
        self._info: AsyncServiceInfo | None = None
        self._wanted: Wanted | None = None
        self._lost_name = False
        self._defend = False
        self._defended: int | None = None
        self._counts: Counter[str] = Counter()

    async def apply(self, wanted: Wanted) -> None:
        try:
            if self._zeroconf is None:
                self._zeroconf = self._open(wanted.interfaces)
            await self._bring(self._zeroconf, wanted)
        except (ZeroconfError, RuntimeError) as error:
            raise ReceiverError(f"mDNS can't announce this display: {error}") from error

    def _open(self, interfaces: tuple[Interface, ...]) -> AsyncZeroconf:
        zeroconf = AsyncZeroconf(interfaces=_choices(interfaces), ip_version=_version(interfaces))
        zeroconf.zeroconf.async_add_listener(_NameWatch(self), None)
        return zeroconf

    async def _bring(self, zeroconf: AsyncZeroconf, wanted: Wanted) -> None:
        before = self._wanted
        if self._info is not None and before is not None:
            if self._lost_name:
                # No goodbye: it would take the name from the one who keeps it, too.
                zeroconf.zeroconf.registry.async_remove(self._info)
                self._info = None
            elif before.advertisement.instance != wanted.advertisement.instance:
                await zeroconf.async_unregister_service(self._info)
                self._info = None
        if self._info is not None and (before != wanted or self._defend):
            self._info = _service(wanted, self._info.name)
            await zeroconf.async_update_service(self._info)
        await zeroconf.async_update_interfaces(_choices(wanted.interfaces), ip_version=_version(wanted.interfaces))
        if self._info is None and wanted.interfaces:
            info = _service(wanted, f"{wanted.advertisement.instance}.{SERVICE_TYPE}")
            announced = await zeroconf.async_register_service(info, allow_name_change=True)
            self._info = info
            await announced
        self._wanted, self._lost_name, self._defend = wanted, False, False

    def heard(self, record: DNSService) -> None:
        """A host speaks for a service; where it is another one under our name, the later host name keeps it.

        RFC 6762 sections 8.2 and 9: the lexicographically later data wins, the other takes a new name.
        """
        info = self._info
        if info is None or record.key != info.key or record.server_key == info.server_key:
            return
        self._counts["name_conflicts"] += 1
        if info.server_key is None or record.server_key > info.server_key:
            self._lost_name = True
        else:
            now = self._clock.now()
            if self._defended is not None and now - self._defended < DEFEND_EVERY_NS:
                return
            self._defended = now
            self._defend = True
        self._again()

    async def close(self) -> None:
        if self._zeroconf is not None:
            await self._zeroconf.async_close()
            self._zeroconf = None

    def problems(self) -> list[str]:
        return []

    def status(self) -> dict[str, object]:
        return {"name": self._info.name if self._info else None, "counters": dict(self._counts)}
