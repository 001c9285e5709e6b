"""The SSDP search guard: what it lets pass, what it drops and how it counts."""

import contextlib
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.discovery.guard import (
    MAX_DATAGRAM,
    MAX_SOURCES,
    SOURCE_BURST,
    SOURCE_PER_S,
    TOTAL_BURST,
    Guard,
    Search,
    SearchRefused,
    Verdict,
    parse,
)

SECOND = 1_000_000_000
NETWORKS = [ip_network("10.0.0.0/16")]
PEER = ip_address("10.0.0.2")
OURS = ("upnp:rootdevice", "uuid:1", "urn:ddp-org:device:DisplayReceiver:1")


def search(
    host: str = "239.255.255.250:1900",
    man: str = '"ssdp:discover"',
    mx: str = "1",
    st: str = "ssdp:all",
    extra: str = "",
) -> bytes:
    lines = ["M-SEARCH * HTTP/1.1", f"HOST: {host}", f"MAN: {man}", f"MX: {mx}", f"ST: {st}", extra]
    return "\r\n".join(lines).encode() + b"\r\n" * (not extra)


def judge(data: bytes, source: str = "10.0.0.2", guard: Guard | None = None, now: int = 0) -> Verdict:
    return (guard or Guard(0)).judge(data, ip_address(source), NETWORKS, OURS, now)[0]


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (search(), Verdict.ANSWER),
        (search(extra="USER-AGENT: Gerät/1.0\r\n"), Verdict.ANSWER),
        (search().rstrip(b"\r\n"), Verdict.ANSWER),
        (search(mx="-3"), Verdict.BAD_MX),
        (search(mx=""), Verdict.BAD_MX),
        (search(mx="0"), Verdict.BAD_MX),
        (search(mx="121"), Verdict.BAD_MX),
        (search(mx="1.5"), Verdict.BAD_MX),
        (search(mx="٣"), Verdict.BAD_MX),
        (search(mx="9" * 900), Verdict.BAD_MX),
        (search().replace(b"MX: 1\r\n", b""), Verdict.BAD_MX),
        (search(host="10.0.0.1:1900"), Verdict.WRONG_HOST),
        (search(host="239.255.255.250:80"), Verdict.WRONG_HOST),
        (search(host="[ff02::c]:1900"), Verdict.WRONG_HOST),
        (search(man="ssdp:discover"), Verdict.WRONG_MAN),
        (search(st="urn:schemas-upnp-org:device:MediaRenderer:1"), Verdict.OTHER_TARGET),
        (search(st="url:ü"), Verdict.OTHER_TARGET),
        (search(st=""), Verdict.MALFORMED),
        (search(extra="no colon\r\n"), Verdict.MALFORMED),
        (search(extra="A: b\r\n" * 40), Verdict.MALFORMED),
        (search(st="ssdp:all\nLOCATION: http://evil"), Verdict.INJECTION),
        (search(st="ssdp:all\rX: y"), Verdict.INJECTION),
        (search(extra="X: a\r\n folded\r\n"), Verdict.INJECTION),
        (search(extra="ST: uuid:1\r\n"), Verdict.INJECTION),
        (search(extra="X: \x00\r\n"), Verdict.INJECTION),
        (search() + b"HTTP/1.1 200 OK\r\n", Verdict.INJECTION),
        (search(extra="X: " + "a" * MAX_DATAGRAM + "\r\n"), Verdict.OVERSIZED),
        (b"NOTIFY * HTTP/1.1\r\n\r\n", Verdict.NOT_SEARCH),
        (b"", Verdict.NOT_SEARCH),
    ],
)
def test_verdicts(data: bytes, verdict: Verdict) -> None:
    guard = Guard(0)
    assert judge(data, guard=guard) is verdict
    assert guard.counts == {verdict: 1}


def test_off_link_sources_get_nothing() -> None:
    assert judge(search(), source="10.1.0.2") is Verdict.OFF_LINK
    assert judge(search(), source="fe80::1") is Verdict.OFF_LINK


def test_the_group_of_ipv6_may_carry_a_zone() -> None:
    for host in ("[FF02::C]:1900", "[ff02::c]:1900", "[ff02::c%3]:1900", "[FF02::C%eth0]:1900"):
        assert parse(search(host=host), 6) == Search("ssdp:all", 1)


def test_a_search_gets_exactly_what_it_asks_for() -> None:
    guard = Guard(0)
    assert guard.judge(search(), PEER, NETWORKS, OURS, 0) == (Verdict.ANSWER, OURS, 1)
    assert guard.judge(search(st="UUID:1", mx="120"), PEER, NETWORKS, OURS, 0) == (Verdict.ANSWER, ("uuid:1",), 5)


def test_one_source_is_held_to_its_rate_and_does_not_starve_another() -> None:
    guard = Guard(0)
    answered = sum(judge(search(), guard=guard) is Verdict.ANSWER for _ in range(1000))
    assert answered == SOURCE_BURST // len(OURS)
    assert judge(search(), guard=guard) is Verdict.SOURCE_RATE
    assert judge(search(), source="10.0.0.3", guard=guard) is Verdict.ANSWER
    later = sum(judge(search(), guard=guard, now=SECOND) is Verdict.ANSWER for _ in range(1000))
    assert later == SOURCE_PER_S // len(OURS)


def test_many_forged_sources_share_one_limit_and_no_more_memory() -> None:
    guard = Guard(0)
    sources = [f"10.0.{i >> 8}.{i & 255}" for i in range(5000)]
    answered = sum(judge(search(), source=source, guard=guard) is Verdict.ANSWER for source in sources)
    assert answered == TOTAL_BURST // len(OURS)
    assert guard.counts[Verdict.TOTAL_RATE] == 5000 - answered
    assert guard.sources == MAX_SOURCES


@given(st.binary(max_size=2 * MAX_DATAGRAM), st.sampled_from([4, 6]))
def test_arbitrary_bytes_raise_only_search_refused(data: bytes, version: int) -> None:
    for one in (data, b"M-SEARCH * HTTP/1.1\r\n" + data):
        with contextlib.suppress(SearchRefused):
            parse(one, version)


PIECES = [
    b"M-SEARCH * HTTP/1.1", b"\r\n", b"\r", b"\n", b"HOST: 239.255.255.250:1900", b"HOST:", b"host :", b"[", b"]", b"%",
    b'MAN: "ssdp:discover"', b"MX: 1", b"MX: -3", b"MX", b":", b" ", b"ST: ssdp:all", b"ST: uuid:1", b"\x00", b"\xff",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=20), st.ip_addresses(), st.integers(-(2**63), 2**63))
def test_whatever_comes_is_judged_once_and_answered_only_with_our_targets(
    pieces: list[bytes], source: IPv4Address | IPv6Address, now: int
) -> None:
    guard = Guard(0)
    everywhere = [ip_network("::/0"), ip_network("0.0.0.0/0")]
    verdict, answers, mx = guard.judge(b"".join(pieces), source, everywhere, OURS, now)
    assert guard.counts.total() == 1
    assert set(answers) <= set(OURS)
    assert bool(answers) == (verdict is Verdict.ANSWER) == (1 <= mx <= 5)


@given(st.lists(st.integers(min_value=0, max_value=SECOND), max_size=200))
def test_over_any_time_answers_stay_within_burst_and_rate(steps: list[int]) -> None:
    guard, now, sent = Guard(0), 0, 0
    for step in steps:
        now += step
        sent += len(guard.judge(search(), PEER, NETWORKS, OURS, now)[1])
    assert sent <= SOURCE_BURST + SOURCE_PER_S * now / SECOND
