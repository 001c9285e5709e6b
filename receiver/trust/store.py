"""The devices that have paired with this display, pinned by their thumbprint."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from receiver.trust.rows import load_rows, save_rows

NAME = "devices.json"
MAX_DEVICES = 256
"""Drop rule: the device that was seen longest ago is forgotten, owners last."""

Role = Literal["owner", "moderator", "viewer"]


class Device(msgspec.Struct, frozen=True):
    """A paired device. ``fingerprint``: base64url thumbprint; times in seconds of wall time.

    ``named``: its name was given by the display's owner, so the one that it says of itself no longer counts.
    ``role``: what it may do (DDP.md section 4).
    """

    fingerprint: Annotated[str, msgspec.Meta(min_length=43, max_length=43)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    first_seen: int
    last_seen: int
    named: bool = False
    role: Role = "viewer"


class DeviceStore:
    """The device list in ``state``. A damaged file is set aside, said in the log, and the list starts empty."""

    def __init__(self, state: Path, first_is_owner: bool = True) -> None:
        self._first_is_owner = first_is_owner
        self._path = state / NAME
        known = load_rows(self._path, list[Device], "devices must pair again")[-MAX_DEVICES:]
        self._devices = {device.fingerprint: device for device in known}

    def __len__(self) -> int:
        return len(self._devices)

    def get(self, fingerprint: str) -> Device | None:
        return self._devices.get(fingerprint)

    def all(self) -> list[Device]:
        """Every device, the one seen last at the end."""
        return sorted(self._devices.values(), key=lambda device: device.last_seen)

    def pin(self, fingerprint: str, name: str, now_s: int) -> Device:
        """Remember a device that has paired, and write the list. Raises StateError."""
        known = self._devices.get(fingerprint)
        if known is not None:
            name = known.name if known.named else name
            device = msgspec.structs.replace(known, name=name, last_seen=now_s)
        else:
            role: Role = "owner" if self._first_is_owner and not self._devices else "viewer"
            device = Device(fingerprint, name, now_s, now_s, role=role)
        self._devices[fingerprint] = device
        for old in sorted(self.all(), key=lambda device: device.role == "owner")[:-MAX_DEVICES]:
            del self._devices[old.fingerprint]
        self._save()
        return device

    def rename(self, fingerprint: str, name: str) -> None:
        """Give a known device a name that stays. Raises StateError."""
        self._devices[fingerprint] = msgspec.structs.replace(self._devices[fingerprint], name=name, named=True)
        self._save()

    def appoint(self, fingerprint: str, role: Role) -> None:
        """Give a known device a role. Raises StateError."""
        self._devices[fingerprint] = msgspec.structs.replace(self._devices[fingerprint], role=role)
        self._save()

    def forget(self, fingerprint: str) -> bool:
        """Remove a device; False where it was not known. Raises StateError."""
        if self._devices.pop(fingerprint, None) is None:
            return False
        self._save()
        return True

    def _save(self) -> None:
        save_rows(self._path, self.all())
