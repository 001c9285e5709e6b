"""The devices that have paired, as the one who owns the display sees them: listed, named and revoked."""

from collections.abc import Callable

from receiver.app.desk import FrontDesk
from receiver.app.peer import Peer
from receiver.app.sessions import Sessions
from receiver.ddp.names import clean_name
from receiver.errors import DdpError, ReceiverError
from receiver.link import AdminDevices, AdminDevicesReply
from receiver.trust.store import Device, DeviceStore


class Devices:
    """Answers ``ddp-receiver devices``."""

    def __init__(
        self,
        store: DeviceStore,
        desk: FrontDesk,
        sessions: Sessions,
        appointed: Callable[[Peer], None] = lambda peer: None,
    ) -> None:
        self._store = store
        self._desk = desk
        self._sessions = sessions
        self._appointed = appointed

    def answer(self, asked: AdminDevices) -> AdminDevicesReply:
        """What was asked, done or explained."""
        try:
            done = "" if asked.action == "list" else self._act(asked)
        except DdpError as error:
            return AdminDevicesReply([], error=str(error))
        return AdminDevicesReply(self.rows(), done)

    def rows(self) -> list[dict[str, object]]:
        """Every device, the one seen last at the end."""
        return [self._row(device) for device in self._store.all()]

    def _act(self, asked: AdminDevices) -> str:
        device = self._find(asked.device)
        if asked.action == "name":
            name = clean_name(asked.name)
            self._store.rename(device.fingerprint, name)
            self._desk.record("setting changed", device.name, device.fingerprint, name=name)
            return f"{device.name} is now called {name}."
        if asked.action == "role":
            self._store.appoint(device.fingerprint, asked.role)
            self._desk.record("setting changed", device.name, device.fingerprint, role=asked.role)
            for peer in self._sessions.of(device.fingerprint):
                self._appointed(peer)
            return f"{device.name} is now {'an' if asked.role == 'owner' else 'a'} {asked.role}."
        connected = len(self._sessions.of(device.fingerprint))
        self._desk.revoke(device.fingerprint)
        return f"{device.name} must pair again." + (" Its connection was closed." if connected else "")

    def _find(self, start: str) -> Device:
        found = [device for device in self._store.all() if start and device.fingerprint.startswith(start)]
        if not found:
            raise ReceiverError(f"No device's ID begins with {start!r}. 'ddp-receiver devices' lists them.")
        if len(found) > 1:
            raise ReceiverError(f"The IDs of {len(found)} devices begin with {start!r}. Give more of the one you mean.")
        return found[0]

    def _row(self, device: Device) -> dict[str, object]:
        return {
            "id": device.fingerprint,
            "name": device.name,
            "first_seen": device.first_seen,
            "role": device.role,
            "last_seen": device.last_seen,
            "connected": bool(self._sessions.of(device.fingerprint)),
        }
