"""One SSDP socket: one interface, one IP version, listening to its group and sending from there."""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_address
from typing import Any, cast

from async_upnp_client.ssdp import SSDP_IP_V4, SSDP_IP_V6, SSDP_PORT, SsdpProtocol, get_ssdp_socket

from receiver.discovery.guard import Address, Network

# Absent from Python's socket module; numbers of Linux's uapi headers in.h and in6.h.
_IP_MULTICAST_ALL = 49
_IPV6_MULTICAST_ALL = 29

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """An interface by one IP version; ``addresses`` has at least one."""

    index: int
    name: str
    addresses: tuple[IPv4Interface, ...] | tuple[IPv6Interface, ...]

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(str(address.ip) for address in self.addresses)})"

    @property
    def version(self) -> int:
        return self.addresses[0].version

    @property
    def networks(self) -> list[Network]:
        """Those whose hosts are on this link."""
        return [address.network for address in self.addresses]

    @property
    def group(self) -> Any:
        """The group as a socket address."""
        return (SSDP_IP_V4, SSDP_PORT) if self.version == 4 else (SSDP_IP_V6, SSDP_PORT, 0, self.index)

    @property
    def host(self) -> str:
        """The group as a HOST header."""
        return f"{SSDP_IP_V4}:{SSDP_PORT}" if self.version == 4 else f"[{SSDP_IP_V6}]:{SSDP_PORT}"

    @property
    def announced(self) -> Address:
        """The address for announcements: on ff02::c the link-local one, which everyone who hears it can reach."""
        ips: list[Address] = [address.ip for address in self.addresses]
        return next((ip for ip in ips if ip.version == 6 and ip.is_link_local), ips[0])

    def nearest(self, peer: Address) -> Address:
        """Our address in the network of ``peer``."""
        return next((address.ip for address in self.addresses if peer in address.network), self.announced)


class Port(SsdpProtocol):
    """The library's protocol with its parser replaced: a datagram goes to the guard before anything reads it."""

    def __init__(
        self,
        place: Place,
        on_datagram: Callable[["Port", bytes, Address, Any], None],
        counts: Counter[str],
    ) -> None:
        super().__init__(asyncio.get_running_loop())
        self.place = place
        self._on_datagram = on_datagram
        self._counts = counts

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._on_datagram(self, data, ip_address(addr[0].partition("%")[0]), addr)

    def send_ssdp_packet(self, packet: bytes, target: Any) -> None:
        """Send, or count why not: a closed port, or a network that went away, is no error here."""
        transport = cast(asyncio.DatagramTransport, self.transport)
        if transport.is_closing():
            self._counts["not_sent_interface_gone"] += 1
        else:
            super().send_ssdp_packet(packet, target)

    def error_received(self, exc: Exception) -> None:
        self._counts["send_errors"] += 1
        log.debug("SSDP on %s: %s", self.place, exc)

    def close(self) -> None:
        """What was sent still leaves; nothing is received any more."""
        cast(asyncio.DatagramTransport, self.transport).close()


async def open_port(
    place: Place, on_datagram: Callable[[Port, bytes, Address, Any], None], counts: Counter[str]
) -> Port:
    """Join the group at ``place`` and listen. Raises OSError."""
    address = str(place.announced)
    source: Any = (address, 0) if place.version == 4 else (address, 0, 0, place.index)
    sock, _, _ = get_ssdp_socket(source, place.group)
    try:
        # With SO_REUSEPORT, which the library sets, Linux may give a datagram for the one socket that joined on its
        # interface to another one of ours, by hash (seen on 6.18). SO_REUSEADDR alone shares the port just as well.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0)
        # Without these a socket hears every group that any socket of the machine has joined, on every interface.
        if place.version == 4:
            sock.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MULTICAST_ALL, 0)
        # Bound to the group, it can't be reached by unicast, and so not from beyond the link.
        sock.bind(place.group)
        _, port = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Port(place, on_datagram, counts), sock=sock
        )
    except OSError:
        sock.close()
        raise
    return port
