"""The machine's network interfaces that discovery can use, and the networks behind them."""

import fcntl
import socket
import struct
from collections import defaultdict
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_interface

import ifaddr

_SIOCGIFFLAGS = 0x8913
_IFF_UP, _IFF_LOOPBACK, _IFF_RUNNING, _IFF_MULTICAST = 0x1, 0x8, 0x40, 0x1000


@dataclass(frozen=True)
class Interface:
    """One interface that is up, has a carrier and carries multicast, with its addresses in the kernel's order."""

    index: int
    name: str
    v4: tuple[IPv4Interface, ...]
    v6: tuple[IPv6Interface, ...]


def usable() -> tuple[Interface, ...]:
    """What the machine has now, by index; loopback, downed and unplugged interfaces are left out."""
    names: dict[int, str] = {}
    addresses: defaultdict[int, list[IPv4Interface | IPv6Interface]] = defaultdict(list)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for adapter in ifaddr.get_adapters():
            if adapter.index is None or not _carries_multicast(probe, adapter.name):
                continue
            # A labelled address ("eth0:1") is listed as an adapter of its own with the same index.
            names.setdefault(adapter.index, adapter.name.partition(":")[0])
            addresses[adapter.index] += [
                ip_interface(f"{ip.ip[0] if isinstance(ip.ip, tuple) else ip.ip}/{ip.network_prefix}")
                for ip in adapter.ips
            ]
    return tuple(
        Interface(
            index,
            names[index],
            tuple(one for one in addresses[index] if isinstance(one, IPv4Interface)),
            tuple(one for one in addresses[index] if isinstance(one, IPv6Interface)),
        )
        for index in sorted(names)
        if addresses[index]
    )


def _carries_multicast(probe: socket.socket, name: str) -> bool:
    request = struct.pack("16sH14x", name.encode()[:15], 0)
    try:
        flags = struct.unpack_from("16xH", fcntl.ioctl(probe, _SIOCGIFFLAGS, request))[0]
    except OSError:
        return False  # it went away between the listing and the question
    wanted = _IFF_UP | _IFF_RUNNING | _IFF_MULTICAST
    return flags & wanted == wanted and not flags & _IFF_LOOPBACK


def for_people(interfaces: tuple[Interface, ...]) -> list[str]:
    """Addresses that a person may type or scan, the best first: IPv4, then global IPv6, then self-assigned IPv4.

    Link-local IPv6 is left out: browsers take no zone in a URL.
    """
    v4 = [address.ip for interface in interfaces for address in interface.v4]
    v6 = [address.ip for interface in interfaces for address in interface.v6]
    ranked = [
        *(ip for ip in v4 if not ip.is_link_local),
        *(ip for ip in v6 if not ip.is_link_local),
        *(ip for ip in v4 if ip.is_link_local),
    ]
    return [str(ip) for ip in ranked]
