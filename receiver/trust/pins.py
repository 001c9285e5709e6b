"""The secrets on the TV: a PIN while somebody asks for one, and the QR code's secret (DDP.md sections 4 and 10). Pure
but for entropy.

The PIN belongs to the display, not to a connection: whoever asks while one is shown is asked for the same one. So a
stream of requests can't keep changing what a person is reading off the TV.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from receiver.errors import PeerError
from receiver.trust.encoding import lv

SECOND = 1_000_000_000
PIN_DIGITS = 8
PIN_LIFE = 120 * SECOND
PIN_TRIES = 5
QR_BYTES = 16
QR_LIFE = 600 * SECOND
QR_GRACE = 120 * SECOND
HINT_BYTES = 4


class NoPin(PeerError):
    """No PIN is on the TV (any more)."""


def draw_pin() -> str:
    """Eight digits, each of the 10^8 equally likely."""
    return f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}"


@dataclass
class Pin:
    """A PIN on the TV. ``sender_name``: who asked for it first."""

    digits: str = field(repr=False)
    sender_name: str
    expires_ns: int
    tries_left: int = PIN_TRIES


class PinDesk:
    """At most one PIN at a time. ``draw`` makes the digits; tests replace it."""

    def __init__(self, draw: Callable[[], str] = draw_pin) -> None:
        self._draw = draw
        self._pin: Pin | None = None
        self._askers: set[str] = set()

    def shown(self, now: int) -> Pin | None:
        """The PIN that is on the TV at ``now``."""
        if self._pin is not None and now >= self._pin.expires_ns:
            self.clear()
        return self._pin

    @property
    def deadline(self) -> int | None:
        """When the PIN must leave the TV."""
        return self._pin.expires_ns if self._pin else None

    def ask(self, asker: str, sender_name: str, now: int) -> Pin:
        """Put a PIN on the TV for connection ``asker``, or join the one that is there."""
        pin = self.shown(now)
        if pin is None:
            pin = self._pin = Pin(self._draw(), sender_name, now + PIN_LIFE)
        self._askers.add(asker)
        return pin

    def current(self, asker: str, now: int) -> Pin:
        """The PIN that ``asker`` was shown. Raises NoPin."""
        pin = self.shown(now)
        if pin is None or asker not in self._askers:
            raise NoPin("The PIN has left the TV: it was used, ran out of time or of tries. Ask for a new one")
        return pin

    def failed(self) -> int:
        """Count a wrong try and return how many are left; at none the PIN is gone."""
        if self._pin is None:
            return 0
        self._pin.tries_left -= 1
        left = self._pin.tries_left
        if left <= 0:
            self.clear()
        return left

    def leave(self, asker: str) -> None:
        """``asker`` has gone; the last one takes the PIN off the TV."""
        self._askers.discard(asker)
        if not self._askers:
            self.clear()

    def clear(self) -> None:
        """The PIN was used, or is spent."""
        self._pin = None
        self._askers.clear()


class QrSecrets:
    """The secret in the QR code, renewed after each use and every ten minutes; its elder stays good for two more."""

    def __init__(self, now: int, entropy: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._entropy = entropy
        self._current = entropy(QR_BYTES)
        self._renew_ns = now + QR_LIFE
        self._elder: bytes | None = None
        self._elder_until_ns = 0

    @property
    def current(self) -> bytes:
        """The secret to draw on the TV."""
        return self._current

    @property
    def deadline(self) -> int:
        """When the code on the TV must change."""
        return self._renew_ns

    def tick(self, now: int) -> bool:
        """Renew the secret if it is due; True if the code on the TV has changed."""
        if now < self._renew_ns:
            return False
        self._renew(now, elder=self._current)
        return True

    def choose(self, hint: bytes | None, now: int) -> bytes:
        """The secret that a sender with ``hint`` holds; the current one where it can't be told."""
        elder = self._elder if now < self._elder_until_ns else None
        return elder if elder is not None and hint == hint_of(elder) else self._current

    def used(self, secret: bytes, now: int) -> bool:
        """``secret`` has paired somebody and is void; True if the code on the TV has changed."""
        if secret == self._elder:
            self._elder = None
            return False
        if secret != self._current:
            return False
        self._renew(now, elder=None)
        return True

    def _renew(self, now: int, elder: bytes | None) -> None:
        if elder is not None:
            self._elder, self._elder_until_ns = elder, now + QR_GRACE
        self._current = self._entropy(QR_BYTES)
        self._renew_ns = now + QR_LIFE


def hint_of(secret: bytes) -> bytes:
    """Which of two secrets a sender holds, told by 4 bytes of a hash; the other 96 bits stay unknown."""
    return hashlib.sha256(lv("DDP-pair/1 qr", secret)).digest()[:HINT_BYTES]
