"""The front desk: what all connections of one display share. Who may pair, with which secret, and what the TV shows
of it."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from receiver.app.audit_desk import Record, unrecorded
from receiver.app.back_desk import BackDesk
from receiver.app.command_desk import CommandDesk
from receiver.app.data_desk import DataDesk
from receiver.app.input_desk import InputDesk
from receiver.app.keys_desk import KeysDesk
from receiver.app.question import Sign
from receiver.clock import NS, Clock
from receiver.ddp.capabilities import Capability
from receiver.errors import ReceiverError
from receiver.session.roles import Role
from receiver.trust.encoding import b64encode
from receiver.trust.identity import Identity, PublicIdentity
from receiver.trust.limits import PinTries, StartBudget
from receiver.trust.pins import Pin, PinDesk, QrSecrets
from receiver.trust.store import DeviceStore

log = logging.getLogger(__name__)


class Signs(Sign, Protocol):
    """What pairing puts on the TV, beside questions."""

    def show_pin(self, pin: str, sender_name: str) -> None:
        """Show eight digits, and who asked for them."""

    def hide_pin(self) -> None:
        """Take them off."""

    def show_secret(self, secret: str) -> None:
        """Draw the QR code anew, with this base64url text after ``#k=``."""


@dataclass(frozen=True)
class Display:
    """Who we are. ``capability`` and ``name`` are asked anew for each connection."""

    id: str
    name: Callable[[], str]
    identity: Identity
    capability: Callable[[], Capability]


class FrontDesk:
    """Shared by every Peer of a display; ``run`` keeps its times. ``commands`` is set before the first Peer comes."""

    def __init__(
        self,
        display: Display,
        devices: DeviceStore,
        signs: Signs,
        clock: Clock,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.display = display
        self.clock = clock
        self.data = DataDesk(clock)
        self.commands: CommandDesk
        self.keys: KeysDesk | None = None
        self.input = InputDesk(signs, clock)
        self.back = BackDesk(clock)
        self.record: Record = unrecorded
        self.tries = PinTries()
        self.starts = StartBudget()
        self._devices = devices
        self._signs = signs
        self._wall = wall
        self._pins = PinDesk()
        self._qr = QrSecrets(clock.now())
        self._on_tv: Pin | None = None
        self.on_revoked: Callable[[str], object] = lambda fingerprint: None
        self._changed = asyncio.Event()

    @property
    def wall_s(self) -> int:
        """Seconds of wall time, for tokens and the device list."""
        return int(self._wall())

    async def run(self) -> None:
        """Take expired PINs off the TV and renew the QR code, until cancelled."""
        self._signs.show_secret(b64encode(self._qr.current))
        while True:
            now = self.clock.now()
            if self._qr.tick(now):
                self._signs.show_secret(b64encode(self._qr.current))
            self._refresh()
            due = min(filter(None, (self._qr.deadline, self._pins.deadline)))
            self._changed.clear()
            try:
                async with asyncio.timeout(max(0, due - self.clock.now()) / NS):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _refresh(self) -> None:
        pin = self._pins.shown(self.clock.now())
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
        pin = self._pins.ask(asker, sender_name, self.clock.now())
        self._refresh()
        return pin

    def pin_of(self, asker: str) -> Pin:
        """The PIN that ``asker`` was shown. Raises NoPin."""
        self._refresh()
        return self._pins.current(asker, self.clock.now())

    def wrong_pin(self, source: str) -> int:
        """Count a wrong PIN; how many tries it has left."""
        self.tries.failed(source, self.clock.now())
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
        return self._qr.choose(hint, self.clock.now())

    @property
    def qr_life_s(self) -> int:
        """For how long the code on the TV stays."""
        return max(0, self._qr.deadline - self.clock.now()) // NS

    def qr_used(self, secret: bytes) -> None:
        """``secret`` has paired somebody and is void."""
        if self._qr.used(secret, self.clock.now()):
            self._signs.show_secret(b64encode(self._qr.current))
            self._changed.set()

    def knows(self, sender: PublicIdentity) -> bool:
        """Whether the sender has paired before, and was not forgotten or revoked since."""
        return self._devices.get(sender.fingerprint) is not None

    def role_of(self, fingerprint: str) -> Role:
        """What a device may do here; one that is not known may as little as any guest."""
        device = self._devices.get(fingerprint)
        return "viewer" if device is None else device.role

    def revoke(self, fingerprint: str) -> bool:
        """Forget a device and end its sessions at once; False where it is not known. Raises ReceiverError."""
        device = self._devices.get(fingerprint)
        if device is not None:
            self.record("revoked", device.name, fingerprint)
        try:
            return self._devices.forget(fingerprint)
        finally:  # even where the disk can't be written, nobody stays
            self.on_revoked(fingerprint)

    def remember(self, sender: PublicIdentity, name: str) -> str:
        """Pin the sender's identity; what to call it. A disk that can't be written spoils later sessions, not this."""
        try:
            return self._devices.pin(sender.fingerprint, name, self.wall_s).name
        except ReceiverError as error:
            log.error("%s will have to pair again: %s", name, error)
            return name
