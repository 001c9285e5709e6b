"""Which SSDP searches deserve an answer. Pure.

An answer is larger than its question and goes where a forgeable source address says, so a responder that answers all
is an amplifier. The guard lets a search pass only if it comes from a network of ours, is well formed (UPnP Device
Architecture 2.0, section 1.3.2), asks for what we are, and finds tokens: one for each datagram of the answer, both in
its source's bucket and in everyone's.
"""

import re
from collections import Counter, OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from receiver.errors import ProtocolError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_DATAGRAM = 1024
"""Bytes. Real searches have about 100 to 300."""
MAX_HEADERS = 32
MAX_SOURCES = 256
"""Drop rule: the source heard from longest ago is forgotten, and so starts again with a full bucket; what many forged
sources could win by it is capped by everyone's bucket."""
SOURCE_BURST, SOURCE_PER_S = 30, 10
TOTAL_BURST, TOTAL_PER_S = 120, 60
MX_MAX, MX_TRUST = 120, 5
"""Seconds. Past the first a search is refused, past the second it is answered as if it said the second (UDA 1.3.3)."""

_GROUPS = {4: b"239.255.255.250", 6: b"[ff02::c]"}
_SINGLE = (b"host", b"man", b"mx", b"st")
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_SECOND = 1_000_000_000


class Verdict(Enum):
    """Why a datagram was or was not answered; the value names its counter."""

    ANSWER = "answered"
    NOT_SEARCH = "not_a_search"
    OTHER_TARGET = "other_target"
    OVERSIZED = "oversized"
    OFF_LINK = "off_link"
    MALFORMED = "malformed"
    INJECTION = "header_injection"
    WRONG_HOST = "wrong_host"
    WRONG_MAN = "wrong_man"
    BAD_MX = "bad_mx"
    SOURCE_RATE = "source_rate_limit"
    TOTAL_RATE = "total_rate_limit"


class SearchRefused(ProtocolError):
    """A datagram that gets no answer; ``verdict`` says why."""

    def __init__(self, verdict: Verdict, why: str) -> None:
        super().__init__(why)
        self.verdict = verdict


@dataclass(frozen=True)
class Search:
    """A well-formed M-SEARCH. ``mx``: 1 to 5 seconds over which to spread the answers."""

    target: str
    mx: int


def parse(data: bytes, version: int) -> Search:
    """Read an M-SEARCH that came to the group of IP ``version``; raises SearchRefused and nothing else."""
    if len(data) > MAX_DATAGRAM:
        raise SearchRefused(Verdict.OVERSIZED, f"a search of {len(data)} bytes; at most {MAX_DATAGRAM} are read")
    start, _, rest = data.partition(b"\r\n")
    if start != b"M-SEARCH * HTTP/1.1":
        raise SearchRefused(Verdict.NOT_SEARCH, "the first line is not M-SEARCH * HTTP/1.1")
    headers = _headers(rest)
    host, _, port = headers.get(b"host", b"").rpartition(b":")
    # async-upnp-client and others write the zone of a link-local group into HOST.
    group = host.lower().partition(b"%")[0].removesuffix(b"]") + (b"]" if host.startswith(b"[") else b"")
    if port != b"1900" or group != _GROUPS[version]:
        raise SearchRefused(Verdict.WRONG_HOST, "HOST is not the SSDP group with port 1900")
    if headers.get(b"man") != b'"ssdp:discover"':
        raise SearchRefused(Verdict.WRONG_MAN, 'MAN is not "ssdp:discover" in quotes')
    mx = headers.get(b"mx", b"")
    if not (mx.isdigit() and len(mx) <= 3 and 1 <= int(mx) <= MX_MAX):
        raise SearchRefused(Verdict.BAD_MX, f"MX is not a whole number from 1 to {MX_MAX}")
    target = headers.get(b"st", b"")
    if not target:
        raise SearchRefused(Verdict.MALFORMED, "ST is missing")
    return Search(target.decode("latin-1"), min(int(mx), MX_TRUST))


def _headers(block: bytes) -> dict[bytes, bytes]:
    lines, _, body = block.partition(b"\r\n\r\n")
    if body.strip(b"\r\n"):
        raise SearchRefused(Verdict.INJECTION, "a search has no body")
    headers: dict[bytes, bytes] = {}
    for count, line in enumerate(lines.rstrip(b"\r\n").split(b"\r\n")):
        if count == MAX_HEADERS:
            raise SearchRefused(Verdict.MALFORMED, f"more than {MAX_HEADERS} headers")
        if _FORBIDDEN.search(line) or line[:1] in (b" ", b"\t"):
            raise SearchRefused(Verdict.INJECTION, "a header holds control bytes or is folded")
        name, colon, value = line.partition(b":")
        if not colon or not name:
            raise SearchRefused(Verdict.MALFORMED, "a header has no name or no colon")
        name = name.strip().lower()
        if name in _SINGLE and name in headers:
            raise SearchRefused(Verdict.INJECTION, f"two headers are named {name.decode()}")
        headers[name] = value.strip()
    return headers


class _Bucket:
    def __init__(self, burst: int, per_s: int, now: int) -> None:
        self._room = burst * _SECOND
        self._per_s = per_s
        self._level = self._room
        self._at = now

    def has(self, tokens: int, now: int) -> bool:
        self._level = min(self._room, self._level + max(0, now - self._at) * self._per_s)
        self._at = now
        return self._level >= tokens * _SECOND

    def take(self, tokens: int) -> None:
        self._level -= tokens * _SECOND


class Guard:
    """Judges datagrams and counts its verdicts in ``counts``. Memory: at most ``MAX_SOURCES`` buckets."""

    def __init__(self, now: int) -> None:
        self.counts: Counter[Verdict] = Counter()
        self._total = _Bucket(TOTAL_BURST, TOTAL_PER_S, now)
        self._sources: OrderedDict[Address, _Bucket] = OrderedDict()

    @property
    def sources(self) -> int:
        """How many sources are remembered."""
        return len(self._sources)

    def judge(
        self, data: bytes, source: Address, networks: Collection[Network], ours: Sequence[str], now: int
    ) -> tuple[Verdict, tuple[str, ...], int]:
        """The verdict, the targets to answer for (of ``ours``; empty unless ANSWER) and MX in seconds. Never raises.

        ``networks``: those of the interface that the datagram came in by.
        """
        answers: tuple[str, ...] = ()
        mx = 0
        try:
            if not any(source.version == network.version and source in network for network in networks):
                raise SearchRefused(Verdict.OFF_LINK, f"{source} is in no network of the interface it came in by")
            search = parse(data, source.version)
            answers = tuple(ours) if search.target.lower() == "ssdp:all" else _matching(search.target, ours)
            mx = search.mx
            self._pay(source, len(answers), now)
            verdict = Verdict.ANSWER
        except SearchRefused as refused:
            verdict, answers, mx = refused.verdict, (), 0
        self.counts[verdict] += 1
        return verdict, answers, mx

    def _pay(self, source: Address, tokens: int, now: int) -> None:
        bucket = self._sources.pop(source, None) or _Bucket(SOURCE_BURST, SOURCE_PER_S, now)
        self._sources[source] = bucket
        if len(self._sources) > MAX_SOURCES:
            self._sources.popitem(last=False)
        if not bucket.has(tokens, now):
            raise SearchRefused(Verdict.SOURCE_RATE, f"{source} asks too often")
        if not self._total.has(tokens, now):
            raise SearchRefused(Verdict.TOTAL_RATE, "all sources together ask too often")
        bucket.take(tokens)
        self._total.take(tokens)


def _matching(target: str, ours: Sequence[str]) -> tuple[str, ...]:
    for one in ours:
        if one.lower() == target.lower():
            return (one,)
    raise SearchRefused(Verdict.OTHER_TARGET, "the search is for another kind of device")
