"""A URL that somebody wants to see here, taken apart. Pure.

Only what names a stream on a network is a URL for us: ``file:``, ``concat:``, ``data:`` and whatever else FFmpeg would
open end here. The host is a name or an address, not yet resolved: ``url_policy`` judges what it resolves to.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from receiver.errors import PeerError

PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322, "rtmp": 1935, "rtmps": 443, "srt": None}
"""Schemes, and the port of each where the URL names none (RFC 9110, RFC 7826, Adobe RTMP 1.0)."""

MAX_LENGTH = 4096
"""Characters; signed URLs of content networks reach about 2000."""

SRT_OPTIONS = ("streamid", "passphrase", "pbkeylen", "latency")
"""What an SRT URL may ask for. ``mode`` is not among them: a listener would open a port here."""

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_.])?")
_SAFE = "/%:@!$&'()*+,;=~-._"
_STREAM_SEPARATORS = re.compile(r"[?&]")
_RTSP_SWITCHES = {"udp", "multicast", "tcp", "http", "listen", "filter_src"}


class UrlRefused(PeerError):
    """The URL can't be cast; the text says why and what can."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a stream is. ``path`` has the query in it, begins with ``/`` and is ASCII; ``host`` has no brackets."""

    scheme: str
    host: str
    port: int
    path: str
    username: str = ""
    password: str = ""

    @property
    def secure(self) -> bool:
        return self.scheme in ("https", "rtsps", "rtmps")

    @property
    def authority(self) -> str:
        """``host`` or ``host:port``, as a Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address without its credentials."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def shown(self) -> str:
        """For logs and people: without credentials and without the query, which often holds a key."""
        return self.url.partition("?")[0]


def parse(text: str, schemes: tuple[str, ...] = tuple(PORTS)) -> Target:
    """The parts of a URL. Raises UrlRefused."""
    if not 0 < len(text) <= MAX_LENGTH:
        raise UrlRefused(f"An address to cast has 1 to {MAX_LENGTH} characters; this one has {len(text)}.")
    if not text.isprintable() or " " in text or "\\" in text:
        raise UrlRefused("The address holds a space, a backslash or a control character. Copy it again.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise UrlRefused("The address can't be read: its host or port is malformed. Copy it again.") from None
    scheme = parts.scheme.lower()
    if scheme not in schemes:
        named = f"{scheme}:" if scheme else "an address without a scheme"
        raise UrlRefused(f"{named} can't be cast here; {', '.join(f'{name}://' for name in schemes)} can.")
    host = _host(parts.hostname or "")
    if port is None:
        port = PORTS[scheme]
    if not port:
        raise UrlRefused(f"The address needs a port from 1 to 65535, as in {scheme}://{host}:9000.")
    query = _query(scheme, parts.query)
    path = quote(parts.path or "/", safe=_SAFE) + (f"?{query}" if query else "")
    credentials = [unquote(part or "") for part in (parts.username, parts.password)]
    if not all(part.isprintable() for part in credentials):
        raise UrlRefused("The user name or password in the address holds a control character. Copy it again.")
    return Target(scheme, host, port, path, *credentials)


def _host(text: str) -> str:
    if ":" in text:
        try:
            address = ipaddress.IPv6Address(text)
        except ValueError:
            raise UrlRefused("The address names no host that can be read. Copy it again.") from None
        if address.scope_id is not None:
            raise UrlRefused("An address with a network zone (%) leads only to the next machine and can't be cast.")
        return str(address)
    try:
        host = text.encode("idna").decode("ascii").lower()
    except UnicodeError:
        host = ""
    if _HOST.fullmatch(host) is None:
        raise UrlRefused("The address names no host that can be read. Copy it again.")
    return host


def _query(scheme: str, query: str) -> str:
    if scheme == "srt":
        try:
            asked = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=32)
        except ValueError:
            raise UrlRefused("The part of the SRT address after its ? can't be read. Copy it again.") from None
        return urlencode([(name, value) for name, value in asked if name in SRT_OPTIONS])
    if scheme.startswith("rtsp"):  # FFmpeg would take these for orders to itself, and open ports for UDP
        switches = {part.partition("=")[0].lower() for part in _STREAM_SEPARATORS.split(query)}
        if refused := sorted(switches & _RTSP_SWITCHES):
            raise UrlRefused(f"An RTSP address can't ask for {refused[0]!r} here. Leave that out.")
    return quote(query, safe=_SAFE + "?")
