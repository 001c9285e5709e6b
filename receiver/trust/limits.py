"""How often secrets may be guessed and PINs asked for (DDP.md section 4). Pure.

PIN tries are counted for the whole display, because a guesser may come from many addresses; one source may use only
half of them, so that it can't lock out the room by itself. Sources are addresses, so a new connection does not clear
a back-off. A QR secret of 16 bytes can't be guessed, so its failures are not counted and it works while PINs are
locked.
"""

import ipaddress
from collections import OrderedDict, deque

from receiver.errors import PeerError

SECOND = 1_000_000_000
WINDOW = 3600 * SECOND
DISPLAY_TRIES = 20
SOURCE_TRIES = 10
BACKOFF_FIRST = 1 * SECOND
BACKOFF_MOST = 60 * SECOND

START_BURST = 12
START_EVERY = 5 * SECOND
MAX_SOURCES = 256
"""Drop rule: the source that has asked least recently is forgotten."""

KEY_BURST = 10
KEY_EVERY = 60 * SECOND


class RateLimited(PeerError):
    """Too soon; ``retry_after_ns`` says when."""

    def __init__(self, message: str, retry_after_ns: int) -> None:
        super().__init__(message)
        self.retry_after_ns = retry_after_ns

    @property
    def retry_after_s(self) -> int:
        """Whole seconds, rounded up."""
        return -(-self.retry_after_ns // SECOND)


class Locked(RateLimited):
    """Too many wrong PINs within an hour."""


def source_of(address: str) -> str:
    """Who to count ``address`` as: an IPv6 host has its whole /64, except where hosts share one (link-local)."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        if not ip.is_link_local and not ip.is_loopback:
            return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


class PinTries:
    """Wrong PINs of the past hour, of one display. Holds at most ``DISPLAY_TRIES`` of them."""

    def __init__(self) -> None:
        self._failures: deque[tuple[int, str]] = deque(maxlen=DISPLAY_TRIES)

    def check(self, source: str, now: int) -> None:
        """Raise Locked or RateLimited where ``source`` may not try now."""
        while self._failures and self._failures[0][0] + WINDOW <= now:
            self._failures.popleft()
        if len(self._failures) >= DISPLAY_TRIES:
            wait = self._failures[0][0] + WINDOW - now
            raise Locked("Too many wrong PINs were tried on this display. Scan the QR code instead.", wait)
        mine = [when for when, who in self._failures if who == source]
        if len(mine) >= SOURCE_TRIES:
            wait = mine[0] + WINDOW - now
            raise Locked("Too many wrong PINs came from this device. Scan the QR code instead.", wait)
        if mine:
            wait = mine[-1] + min(BACKOFF_FIRST << (len(mine) - 1), BACKOFF_MOST) - now
            if wait > 0:
                raise RateLimited("The last PIN was wrong.", wait)

    def failed(self, source: str, now: int) -> None:
        """A confirm was wrong."""
        self._failures.append((now, source))


class StartBudget:
    """How often one source may have a PIN put on the TV: a token bucket for each."""

    def __init__(self) -> None:
        self._full_at: OrderedDict[str, int] = OrderedDict()

    def spend(self, source: str, now: int) -> None:
        """Take one start. Raises RateLimited."""
        full_at = max(self._full_at.get(source, now), now)
        wait = full_at + START_EVERY - (now + START_BURST * START_EVERY)
        if wait > 0:
            raise RateLimited("This device asked too often.", wait)
        self._full_at[source] = full_at + START_EVERY
        self._full_at.move_to_end(source)
        while len(self._full_at) > MAX_SOURCES:
            self._full_at.popitem(last=False)


class KeyTries:
    """Wrong stream keys of each source: after ten it is locked out, and gets one more try a minute.

    A key can't be guessed, so this only keeps a guesser from making work; it locks nobody out but the guesser.
    """

    def __init__(self) -> None:
        self._clear_at: OrderedDict[str, int] = OrderedDict()

    def check(self, source: str, now: int) -> None:
        """Raise Locked where ``source`` may not try now."""
        wait = self._clear_at.get(source, now) + KEY_EVERY - (now + KEY_BURST * KEY_EVERY)
        if wait > 0:
            raise Locked("Too many wrong stream keys came from this device.", wait)

    def failed(self, source: str, now: int) -> None:
        """A key was wrong."""
        self._clear_at[source] = max(self._clear_at.get(source, now), now) + KEY_EVERY
        self._clear_at.move_to_end(source)
        while len(self._clear_at) > MAX_SOURCES:
            self._clear_at.popitem(last=False)
