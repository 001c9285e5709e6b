"""ICE candidates as text (RFC 8839 section 5.1). Pure."""

import ipaddress
import re
from typing import NamedTuple

from receiver.errors import ProtocolError

MAX_LENGTH = 512
_CANDIDATE = re.compile(
    r"(?:a=)?(?:candidate:)?(?P<foundation>[\w+/]{1,32}) (?P<component>\d{1,3}) (?P<transport>\w{1,8}) "
    r"(?P<priority>\d{1,10}) (?P<host>[\w.:%-]{1,255}) (?P<port>\d{1,5}) typ (?P<type>\w{1,16})(?: .*)?",
    re.ASCII,
)


class CandidateError(ProtocolError):
    """Text that is not an ICE candidate."""


class Candidate(NamedTuple):
    """A UDP transport address."""

    foundation: str
    priority: int
    host: str
    port: int
    type: str

    def __str__(self) -> str:
        return f"{self.foundation} 1 udp {self.priority} {self.host} {self.port} typ {self.type}"


def parse(text: str) -> Candidate | None:
    """Read one ``candidate-attribute``. Raises CandidateError.

    None for one that is of no use to us: TCP, RTCP's own component, or a name in place of an address. A ``.local``
    name hides a browser's address; the browser's own checks reach us, and tell it as a peer-reflexive candidate.
    """
    match = _CANDIDATE.fullmatch(text.strip()) if len(text) <= MAX_LENGTH else None
    if match is None:
        raise CandidateError(f"this is not an ICE candidate: {text[:80]!r}")
    priority, port = int(match["priority"]), int(match["port"])
    if not 0 < priority < 1 << 32 or port > 65535:
        raise CandidateError(f"the ICE candidate's priority or port is out of range: {text[:80]!r}")
    if match["component"] != "1" or match["transport"].lower() != "udp" or port == 0:
        return None
    if match["type"] not in ("host", "srflx", "relay"):
        return None
    try:
        address = ipaddress.ip_address(match["host"])
    except ValueError:
        return None
    if address.is_multicast or address.is_unspecified or "%" in match["host"]:
        return None
    return Candidate(match["foundation"], priority, str(address), port, match["type"])
