"""The devices that hands drive, as a backend: one that can't be had says why."""

import os
from pathlib import Path
from typing import Protocol

from receiver.errors import BackendUnavailable
from receiver.input.hand import Frame

NODE = Path("/dev/uinput")
NAME = "ddp-receiver"
"""How the names of our own devices begin."""

EXTRA = (
    "Run scripts/install again, or scripts/run, which see to it; "
    'or, with gcc, libudev-dev and python3-dev: pip install "ddp-receiver[input]"'
)
"""How to get python-uinput."""


class Devices(Protocol):
    """Where frames go. ``close`` lets go of everything: the kernel releases what a device that goes away holds."""

    @property
    def reason(self) -> str:
        """A sentence on which devices these are."""

    def report(self, frames: list[Frame]) -> None:
        """Raises OSError where the kernel takes no more."""

    def close(self) -> None: ...


class Null:
    """``Devices`` that nothing comes of, to try consent and protocol where no machine is to be driven."""

    reason = "By nothing: input.device is null, so events are taken and nothing comes of them."

    def report(self, frames: list[Frame]) -> None:
        pass

    def close(self) -> None:
        pass


def lack(node: Path = NODE) -> str:
    """Why there can be no devices here, and what to do; empty where there can, as far as files tell."""
    if not node.exists():
        return f"{NODE} doesn't exist. Load the kernel module: modprobe uinput"
    if not os.access(node, os.W_OK):
        return (
            f"This user may not write {NODE}. "
            "Add the user to the group input and give that group the device by a udev rule."
        )
    return ""


def open_devices(kind: str = "auto", node: Path = NODE) -> Devices:
    """``auto``: the kernel's own input devices, by uinput. Raises BackendUnavailable, which says why and what to do."""
    if kind == "off":
        raise BackendUnavailable("Remote control is turned off here (input.device).")
    if kind == "null":
        return Null()
    if why := lack(node):
        raise BackendUnavailable(why)
    try:
        from receiver.input.uinput import Uinput
    except (ImportError, OSError) as error:
        raise BackendUnavailable(f"python-uinput can't be loaded: {error}. {EXTRA}") from error
    try:
        return Uinput(NAME)
    except (OSError, RuntimeError) as error:
        raise BackendUnavailable(f"The kernel makes no input device: {error}.") from error
