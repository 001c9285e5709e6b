"""No spelling of a forbidden address gets through."""

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.errors import ConfigError
from receiver.ingest.url import UrlRefused, parse
from receiver.ingest.url_policy import FORBIDDEN, Address, Network, Policy, UrlForbidden

BAD_IPV4 = [network for network, _ in FORBIDDEN if network.version == 4]
BAD_IPV6 = [network for network, _ in FORBIDDEN if network.version == 6]


def inside(networks: Sequence[Network]) -> st.SearchStrategy[Address]:
    return st.sampled_from(networks).flatmap(
        lambda network: st.integers(0, network.num_addresses - 1).map(lambda offset: network[offset])
    )


CARRIERS = [
    lambda bits: bits,
    lambda bits: 0xFFFF << 32 | bits,
    lambda bits: 0xFFFF << 48 | bits,
    lambda bits: 0x64FF9B << 96 | bits,
    lambda bits: 0x2002 << 112 | bits << 80 | 1,
    lambda bits: 0x2001 << 112 | bits << 64 | 0x1234,
    lambda bits: 0x20010000_08080808 << 64 | bits ^ 0xFFFFFFFF,
    lambda bits: 0x20010DB8 << 96 | 0x5EFE << 32 | bits,
]
"""How IPv6 carries an IPv4 address."""

SPELLINGS = [
    str,
    lambda address: str(int(address)),
    lambda address: hex(int(address)),
    lambda address: f"0{int(address):o}",
    lambda address: ".".join(hex(byte) for byte in address.packed),
    lambda address: ".".join(f"0{byte:o}" for byte in address.packed),
    lambda address: f"{address.packed[0]}.{int(address) & 0xFFFFFF}",
    lambda address: str(address).translate({ord("0") + i: chr(0xFF10 + i) for i in range(10)}),
    lambda address: str(address).translate({ord("1") + i: chr(0x2460 + i) for i in range(9)}),
    lambda address: str(address).replace(".", "\u3002"),
]
"""How inet_aton and browsers let an IPv4 address be written."""


@given(inside(BAD_IPV4))
def test_forbidden_ipv4(address: IPv4Address) -> None:
    with pytest.raises(UrlForbidden, match=str(address)):
        Policy().admit("tv.example", [str(address)])


@given(inside(BAD_IPV6))
def test_forbidden_ipv6(address: IPv6Address) -> None:
    with pytest.raises(UrlForbidden):
        Policy().admit("tv.example", [str(address), f"{address}%eth0"])


@given(inside(BAD_IPV4), st.sampled_from(CARRIERS))
def test_forbidden_ipv4_inside_ipv6(address: IPv4Address, carrier: Callable[[int], int]) -> None:
    assert Policy().objection(str(IPv6Address(carrier(int(address)))))


@given(inside(BAD_IPV4), st.sampled_from(SPELLINGS), st.sampled_from(["", "ada@", "films.example@", "8.8.8.8:80@"]))
def test_every_spelling_is_refused_or_resolves_to_what_is_forbidden(
    address: IPv4Address, spelling: Callable[[IPv4Address], str], userinfo: str
) -> None:
    try:
        host = parse(f"http://{userinfo}{spelling(address)}/").host
        found = socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (UrlRefused, socket.gaierror):
        return
    with pytest.raises(UrlForbidden):
        Policy().admit(host, [str(info[4][0]) for info in found])


@pytest.mark.parametrize("address", ["8.8.8.8", "10.0.0.4", "192.168.1.9", "2001:db8::1", "fd12::1", "100.64.0.1"])
def test_the_world_and_the_house_are_let_in(address: str) -> None:
    assert Policy().admit("nas.local", ["fe80::1%2", address]) == [address]


@pytest.mark.parametrize("address", ["", "example", "1.2.3", "::g", "1.2.3.4.5"])
def test_what_is_no_address_is_not_let_in(address: str) -> None:
    assert Policy().objection(address)


def test_own_addresses_are_as_good_as_loopback_and_deny_adds_to_what_is_forbidden() -> None:
    policy = Policy.of([], ["10.0.0.0/8"], ["192.168.1.9", "fe80::2%eth0"])
    assert policy.objection("192.168.1.9") == "this display itself"
    assert policy.objection("::ffff:192.168.1.9") == "this display itself"
    assert policy.objection("10.9.9.9") == "forbidden by cast.deny"
    assert policy.objection("192.168.1.10") == ""


def test_allow_wins() -> None:
    policy = Policy.of(["127.0.0.0/8"], ["0.0.0.0/0"], ["127.0.0.1"])
    assert policy.objection("127.0.0.1") == policy.objection("::ffff:127.0.0.1") == ""
    assert policy.objection("8.8.8.8")
    assert Policy.of(["::1/128"], []).objection("::1") == ""


def test_a_host_without_addresses_is_refused() -> None:
    with pytest.raises(UrlForbidden, match=r"cast\.allow"):
        Policy().admit("nowhere.example", [])


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(ConfigError, match=r"10\.0\.0\.1/8"):
        Policy.of(["10.0.0.1/8"], [])
