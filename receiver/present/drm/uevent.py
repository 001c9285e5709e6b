"""What the kernel tells of its devices by itself: that a screen was plugged in or pulled out."""

import contextlib
import socket
from pathlib import Path

PROTOCOL = 15
"""NETLINK_KOBJECT_UEVENT of <linux/netlink.h>."""
KERNEL = 1
"""The kernel's own multicast group; 2 is udevd's."""
MAX_BYTES = 8192
MAX_EVENTS = 64
"""Read at one look; more are left for the next."""


def hotplug(data: bytes) -> bool:
    """Whether a uevent says that a card's screens may have changed (``HOTPLUG=1``). Pure; no bytes are an error."""
    words = data.split(b"\0")
    return b"SUBSYSTEM=drm" in words and b"HOTPLUG=1" in words


class Hotplug:
    """Whether the screens may have changed since the last look: by uevents, and where a sandbox has no netlink, by what
    sysfs says of the connectors' state."""

    def __init__(self, card: Path, sysfs: Path = Path("/sys/class/drm")) -> None:
        self._states = sorted(sysfs.glob(f"{card.name}-*/status"))
        self._before = self._read()
        self._socket: socket.socket | None = None
        with contextlib.suppress(OSError):
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, PROTOCOL)
            self._socket.bind((0, KERNEL))

    def changed(self) -> bool:
        return self._told() | self._seen()

    def _told(self) -> bool:
        found = False
        if self._socket is not None:
            with contextlib.suppress(OSError):  # BlockingIOError: no more; ENOBUFS: some were lost
                for _ in range(MAX_EVENTS):
                    data, (sender, _) = self._socket.recvfrom(MAX_BYTES)
                    found |= sender == 0 and hotplug(data)
        return found

    def _seen(self) -> bool:
        now = self._read()
        changed, self._before = now != self._before, now
        return changed

    def _read(self) -> list[str]:
        found = []
        for path in self._states:
            with contextlib.suppress(OSError):
                found.append(path.read_text())
        return found

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
