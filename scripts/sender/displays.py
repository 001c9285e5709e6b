"""Displays as discovery tells of them, merged and chosen from. Pure.

All of it is a hint by whoever answered; pairing proves the display.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from scripts.sender.errors import NotFound
from scripts.sender.state import Known

DEFAULT_PORT = 8443


@dataclass(frozen=True)
class Display:
    """``url``: of its WebSocket. ``fingerprint``: of its key, base64url. ``by``: the protocols that found it."""

    id: str
    name: str
    url: str
    fingerprint: str
    by: frozenset[str]

    @property
    def address(self) -> str:
        return urlsplit(self.url).netloc


def merge(found: Iterable[Display]) -> list[Display]:
    """One entry for each display id, by name; the first to tell of a display gives its address."""
    merged: dict[str, Display] = {}
    for display in found:
        known = merged.get(display.id)
        merged[display.id] = replace(known, by=known.by | display.by) if known else display
    return sorted(merged.values(), key=lambda display: (display.name.casefold(), display.id))


def standing(display: Display, known: Mapping[str, Known]) -> str:
    """``paired``, ``new``, or ``changed``: another key than the one we know announces itself under its id."""
    pinned = known.get(display.id)
    if pinned is None:
        return "new"
    return "paired" if pinned.fingerprint == display.fingerprint else "changed"


def matching(wanted: str, displays: Iterable[Display]) -> list[Display]:
    """Those whose name or id is ``wanted``."""
    key = wanted.casefold()
    return [display for display in displays if key in (display.id.casefold(), display.name.casefold())]


def choose(wanted: str, displays: list[Display]) -> Display:
    """The one display that is ``wanted``. Raises NotFound."""
    fits = matching(wanted, displays)
    if len(fits) == 1:
        return fits[0]
    if fits:
        ids = ", ".join(display.id for display in fits)
        raise NotFound(f"{len(fits)} displays are called {wanted}. Name one by its id: {ids}.")
    seen = ", ".join(display.name for display in displays)
    hint = f"Found: {seen}." if seen else "None was found here; give the address that the display shows."
    raise NotFound(f"There is no display {wanted} on this network. {hint}")


def as_url(text: str) -> str | None:
    """The WebSocket URL that ``text`` is an address for, or None where it is a name or an id.

    Taken are ws, wss, http and https URLs (as a display shows them, or from its QR code), and HOST:PORT.
    """
    scheme, separator, rest = text.partition("://")
    if separator:
        secure = {"https": "wss", "wss": "wss", "http": "ws", "ws": "ws"}.get(scheme.lower())
        if secure is None:
            raise NotFound(f"{text} is no address of a display; it begins with https://, http://, wss:// or ws://.")
        try:
            parts = urlsplit(f"{secure}://{rest}")
        except ValueError as error:
            raise NotFound(f"{text} is no address of a display: {error}.") from error
        return f"{secure}://{parts.netloc}{parts.path or '/'}"
    host, _, port = text.rpartition(":")
    if port.isdecimal() and host:
        return f"wss://{text}/"
    dotted = text.split(".")
    if len(dotted) == 4 and all(part.isdecimal() for part in dotted):
        return f"wss://{text}:{DEFAULT_PORT}/"
    return None
