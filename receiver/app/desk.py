"""The front desk: what all connections of one display share, and the devices that it knows."""

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
from receiver.app.tv_secrets import SecretSigns, TvSecrets
from receiver.clock import Clock
from receiver.ddp.capabilities import Capability
from receiver.errors import ReceiverError
from receiver.session.roles import Role
from receiver.trust.identity import Identity, PublicIdentity
from receiver.trust.store import DeviceStore

log = logging.getLogger(__name__)


class Signs(SecretSigns, Sign, Protocol):
    """What the TV shows of those who pair and of those who ask."""


@dataclass(frozen=True)
class Display:
    """Who we are. ``capability`` and ``name`` are asked anew for each connection."""

    id: str
    name: Callable[[], str]
    identity: Identity
    capability: Callable[[], Capability]


class FrontDesk:
    """Shared by every Peer of a display. ``commands`` is set before the first Peer comes."""

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
        self.secrets = TvSecrets(signs, clock)
        self._devices = devices
        self._wall = wall
        self.on_revoked: Callable[[str], object] = lambda fingerprint: None

    @property
    def wall_s(self) -> int:
        """Seconds of wall time, for tokens and the device list."""
        return int(self._wall())

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
