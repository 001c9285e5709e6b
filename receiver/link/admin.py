"""What the command line and the app tell each other, over the admin socket. Pure."""

from typing import Literal

import msgspec


class AdminStatus(msgspec.Struct, frozen=True, tag="admin-status"):
    """Ask for the receiver's state."""


class AdminStatusReply(msgspec.Struct, frozen=True, tag="admin-status-reply"):
    """The state as JSON-ready values: addresses, output, sound, streams, counters, and the PIN if one is shown."""

    status: dict[str, object]


class AdminDevices(msgspec.Struct, frozen=True, tag="admin-devices"):
    """Ask for the paired devices, name one, give it a role, or revoke it. ``device``: its fingerprint, or how that
    begins."""

    action: Literal["list", "name", "role", "revoke"] = "list"
    device: str = ""
    name: str = ""
    role: Literal["owner", "moderator", "viewer"] = "viewer"


class AdminDevicesReply(msgspec.Struct, frozen=True, tag="admin-devices-reply"):
    """The devices as JSON-ready values, the one seen last at the end; ``done`` or ``error`` is a sentence."""

    devices: list[dict[str, object]]
    done: str = ""
    error: str = ""


class AdminKeys(msgspec.Struct, frozen=True, tag="admin-keys"):
    """Ask for the stream keys, make one, or revoke the one whose id is ``key``."""

    action: Literal["list", "make", "revoke"] = "list"
    key: str = ""
    name: str = ""
    days: int = 90


class AdminKeysReply(msgspec.Struct, frozen=True, tag="admin-keys-reply"):
    """The keys as JSON-ready values; ``made``: the new one with its text, which is told only here; ``done`` or
    ``error`` is a sentence."""

    keys: list[dict[str, object]]
    made: dict[str, object] = {}
    done: str = ""
    error: str = ""
