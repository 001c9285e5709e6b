"""What the app knows that a viewer should see, and the scene that follows from it. Pure."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from receiver.link import Scene, Wish

NO_NETWORK = "No network"


@dataclass(frozen=True)
class Facts:
    """All that the scene is made of.

    ``addresses``: this machine's own, most useful first; ``pairing_secret``: base64url, in the QR code's fragment.
    ``away``: the names of those whose pictures are on the screen and whose connection is lost; ``driving``: of those
    who control the display; ``back``: of who is told what is done at it.
    """

    display_name: str
    https_port: int
    pairing_secret: str = ""
    addresses: tuple[str, ...] = ()
    pin: str | None = None
    pin_for: str | None = None
    toast: str | None = None
    identify: str | None = None
    asking: str | None = None
    asked: str = ""
    wish: Wish = "share"
    away: tuple[str, ...] = ()
    driving: tuple[str, ...] = ()
    back: str = ""


def scene(facts: Facts) -> Scene:
    """The scene for these facts."""
    address = next(iter(useful_first(facts.addresses)), None)
    url = join_url(address, facts.https_port) if address else ""
    return Scene(
        display_name=facts.display_name,
        join_url=url,
        join_qr=f"{url}/#k={facts.pairing_secret}" if url and facts.pairing_secret else url,
        network=f"Connected · {address}" if address else NO_NETWORK,
        network_ok=address is not None,
        pin=facts.pin,
        pin_for=facts.pin_for,
        toast=facts.toast or (f"Reconnecting to {' and '.join(facts.away)} …" if facts.away else None),
        identify=facts.identify,
        asking=facts.asking,
        asked=facts.asked,
        wish=facts.wish,
        driving=facts.driving,
        back=facts.back,
    )


def join_url(address: str, https_port: int) -> str:
    """``https://`` and the address, with brackets (RFC 3986) and without the default port."""
    host = f"[{address}]" if ":" in address else address
    return f"https://{host}" if https_port == 443 else f"https://{host}:{https_port}"


def useful_first(addresses: Iterable[str]) -> list[str]:
    """Addresses that another machine may reach: IPv4 first, since people type it; no loopback, no link-local."""
    usable = [a for a in map(ipaddress.ip_address, addresses) if not (a.is_loopback or a.is_link_local)]
    return [str(a) for a in sorted(usable, key=lambda a: a.version)]
