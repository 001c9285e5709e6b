"""Which addresses a cast may fetch from. Pure.

It judges addresses, never names: a name is resolved once, by the shell, and what is judged here is what is connected
to. So no spelling of an address (decimal, octal, a name of its own) and no later answer of a name server gets past it.

An IPv6 address that carries an IPv4 address has two faces, and both must be let in.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from receiver.errors import ConfigError, PeerError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PLACES = "not the address of another machine"

FORBIDDEN: tuple[tuple[Network, str], ...] = tuple(
    (ipaddress.ip_network(network), what)
    for network, what in (
        ("0.0.0.0/8", _NOT_PLACES),
        ("127.0.0.0/8", "this display itself"),
        ("169.254.0.0/16", "link-local, where cloud machines keep their secrets"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", _NOT_PLACES),
        ("100.100.100.200/32", "a cloud's metadata service"),  # Alibaba Cloud
        ("168.63.129.16/32", "a cloud's metadata service"),  # Azure
        ("192.0.0.192/32", "a cloud's metadata service"),  # Oracle Cloud
        ("::/128", _NOT_PLACES),
        ("::1/128", "this display itself"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "link-local"),  # site-local of old (RFC 3879)
        ("64:ff9b:1::/48", "a local translation, and it can't be seen into what"),  # RFC 8215
        ("ff00::/8", "multicast"),
        ("fd00:ec2::/32", "a cloud's metadata service"),  # Amazon EC2
        ("fd20:ce::254/128", "a cloud's metadata service"),  # Google Cloud
    )
)
"""RFC 6890's special addresses that no stream comes from, and the metadata services of clouds."""

_LAST_32_BITS = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "::/96",  # IPv4-compatible (RFC 4291)
        "::ffff:0:0/96",  # IPv4-mapped (RFC 4291)
        "::ffff:0:0:0/96",  # IPv4-translated (RFC 2765)
        "64:ff9b::/96",  # NAT64 (RFC 6052)
    )
)
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
_TEREDO = ipaddress.IPv6Network("2001::/32")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


class UrlForbidden(PeerError):
    """The policy of this display forbids the address."""


@dataclass(frozen=True, slots=True)
class Policy:
    """``allow`` wins over ``FORBIDDEN`` and ``deny``; ``own`` are this machine's addresses, as good as loopback."""

    allow: tuple[Network, ...] = ()
    deny: tuple[Network, ...] = ()
    own: tuple[Address, ...] = ()

    @classmethod
    def of(cls, allow: Sequence[str], deny: Sequence[str], own: Iterable[str] = ()) -> "Policy":
        """From networks in CIDR form and addresses. Raises ConfigError."""
        try:
            return cls(
                tuple(ipaddress.ip_network(network) for network in allow),
                tuple(ipaddress.ip_network(network) for network in deny),
                tuple(_address(address) for address in own),
            )
        except ValueError as error:
            raise ConfigError(f"cast.allow and cast.deny must hold networks such as 10.0.0.0/8: {error}") from error

    def admit(self, host: str, addresses: Iterable[str]) -> list[str]:
        """Those of the host's addresses that may be connected to, in their order. Raises UrlForbidden if none."""
        judged = [(address, self.objection(address)) for address in addresses]
        admitted = [address for address, objection in judged if not objection]
        if not admitted:
            address, objection = judged[0] if judged else ("no address", _NOT_PLACES)
            raise UrlForbidden(
                f"{host} {'' if host == address else f'leads to {address}, which '}is {objection}. This display "
                "doesn't fetch from there; whoever runs it can allow that with cast.allow in its configuration."
            )
        return admitted

    def objection(self, address: str) -> str:
        """What is wrong with the address, as a phrase; empty where nothing is."""
        try:
            faces = tuple(_faces(_address(address)))
        except ValueError:
            return _NOT_PLACES
        return next((objection for face in faces if (objection := self._object_to(face))), "")

    def _object_to(self, face: Address) -> str:
        if any(face in network for network in self.allow):
            return ""
        if any(face in network for network in self.deny):
            return "forbidden by cast.deny"
        if face in self.own:
            return "this display itself"
        return next((what for network, what in FORBIDDEN if face in network), "")


def _address(text: str) -> Address:
    """Without a zone, which says only through which cable."""
    return ipaddress.ip_address(text.partition("%")[0])


def _faces(address: Address) -> Iterator[Address]:
    yield address
    if isinstance(address, IPv4Address):
        return
    bits = int(address)
    low, middle = bits & 0xFFFF_FFFF, bits >> 32 & 0xFFFF_FFFF
    if any(address in network for network in _LAST_32_BITS) and bits > 1:
        yield IPv4Address(low)
    if address in _SIX_TO_FOUR:
        yield IPv4Address(bits >> 80 & 0xFFFF_FFFF)
    if address in _TEREDO:
        yield IPv4Address(bits >> 64 & 0xFFFF_FFFF)
        yield IPv4Address(low ^ 0xFFFF_FFFF)
    if middle in _ISATAP:
        yield IPv4Address(low)
