"""Who may talk to us over HTTP: the checks of Host and Origin, and the headers of every answer. Pure.

Host must be one of our own names, or a page elsewhere could point its name at us (DNS rebinding). Origin, where a
browser sends it, must be ours. Clients that are no browsers send none
(DDP.md section 2).
"""

import re
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from receiver.errors import PeerError

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+(?:%25[\w.]+)?\]|[a-zA-Z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
_PORTS = {"http": 80, "https": 443}


class ForeignHost(PeerError):
    """421: the request names a host that we are not."""


class ForeignOrigin(PeerError):
    """403: the request comes from a page that is not ours."""


def split_host(host: str, scheme: str) -> tuple[str, int]:
    """Name without brackets, lower case, and port, of a Host header. Raises ForeignHost."""
    match = _HOST.fullmatch(host)
    if match is None:
        raise ForeignHost("The Host header is missing or broken.")
    name = match["name"].lower().strip("[]").removesuffix(".")
    return name, int(match["port"] or _PORTS[scheme])


def check_request(host: str, origin: str | None, scheme: str, allowed: Collection[str]) -> None:
    """Let a request pass, or raise ForeignHost or ForeignOrigin. ``scheme``: how it came, "http" or "https"."""
    name, port = split_host(host, scheme)
    if name not in {known.lower() for known in allowed}:
        raise ForeignHost("This display is not known by that name. Use the address that it shows.")
    if origin is None:
        return
    try:
        parts = urlsplit(origin)
        same = parts.scheme == scheme and split_host(parts.netloc, scheme) == (name, port)
    except (ValueError, ForeignHost):
        same = False
    if not same:
        raise ForeignOrigin("Another site's page tried to use this display. Open the display's own address instead.")


def security_headers(host: str) -> Iterable[tuple[str, str]]:
    """What every answer carries. ``host`` must have passed ``check_request``.

    A stream's QUIC server has a port of its own, so 'self' is not enough. CSP can't name an IPv6 address (CSP3 section
    2.3.1), so a page that was opened by one may connect to any host, by https alone; scripts are still only ours.
    """
    name = split_host(host, "https")[0]
    ours = f"ws://{host} wss://{host} https://{name}:*" if ":" not in name else "https:"
    csp = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        f"media-src 'self' blob:; manifest-src 'self'; connect-src 'self' {ours}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return (
        ("content-security-policy", csp),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("permissions-policy", "display-capture=(self), camera=(), microphone=(), geolocation=()"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cache-control", "no-store"),
    )
