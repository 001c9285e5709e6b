"""The secrets that the TV shows to whoever stands before it, a PIN and a QR code: drawn, counted and renewed."""

import asyncio
from typing import Protocol

from receiver.clock import NS, Clock
from receiver.trust.encoding import b64encode
from receiver.trust.limits import PinTries, StartBudget
from receiver.trust.pins import Pin, PinDesk, QrSecrets


class SecretSigns(Protocol):
    """Where the room sees them."""

    def show_pin(self, pin: str, sender_name: str) -> None:
        """Show eight digits, and who asked for them."""

    def hide_pin(self) -> None:
        """Take them off."""

    def show_secret(self, secret: str) -> None:
        """Draw the QR code anew, with this base64url text after ``#k=``."""


class TvSecrets:
    """One PIN at most and one QR code; ``run`` keeps their times. ``tries`` and ``starts``: what each source may."""

    def __init__(self, signs: SecretSigns, clock: Clock) -> None:
        self._signs = signs
        self._clock = clock
        self.tries = PinTries()
        self.starts = StartBudget()
        self._pins = PinDesk()
        self._qr = QrSecrets(clock.now())
        self._on_tv: Pin | None = None
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Take expired PINs off the TV and renew the QR code, until cancelled."""
        self._signs.show_secret(b64encode(self._qr.current))
        while True:
            now = self._clock.now()
            if self._qr.tick(now):
                self._signs.show_secret(b64encode(self._qr.current))
            self._refresh()
            due = min(filter(None, (self._qr.deadline, self._pins.deadline)))
            self._changed.clear()
            try:
                async with asyncio.timeout(max(0, due - self._clock.now()) / NS):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _refresh(self) -> None:
        pin = self._pins.shown(self._clock.now())
        if pin is self._on_tv:
            return
        self._on_tv = pin
        self._changed.set()
        if pin is None:
            self._signs.hide_pin()
        else:
            self._signs.show_pin(pin.digits, pin.sender_name)

    def ask_pin(self, asker: str, sender_name: str) -> Pin:
        """Put a PIN on the TV, or join the one that is there."""
        pin = self._pins.ask(asker, sender_name, self._clock.now())
        self._refresh()
        return pin

    def pin_of(self, asker: str) -> Pin:
        """The PIN that ``asker`` was shown. Raises NoPin."""
        self._refresh()
        return self._pins.current(asker, self._clock.now())

    def wrong_pin(self, source: str) -> int:
        """Count a wrong PIN; how many tries it has left."""
        self.tries.failed(source, self._clock.now())
        left = self._pins.failed()
        self._refresh()
        return left

    def pin_used(self) -> None:
        """The PIN has paired somebody and is void."""
        self._pins.clear()
        self._refresh()

    def leave(self, asker: str) -> None:
        """``asker`` needs no PIN any more."""
        self._pins.leave(asker)
        self._refresh()

    def qr_secret(self, hint: bytes | None) -> bytes:
        """The QR secret that a sender with ``hint`` holds."""
        return self._qr.choose(hint, self._clock.now())

    @property
    def qr_life_s(self) -> int:
        """For how long the code on the TV stays."""
        return max(0, self._qr.deadline - self._clock.now()) // NS

    def qr_used(self, secret: bytes) -> None:
        """``secret`` has paired somebody and is void."""
        if self._qr.used(secret, self._clock.now()):
            self._signs.show_secret(b64encode(self._qr.current))
            self._changed.set()
