"""The system, Python and its packages, the state folder and the clock. Imports nothing that may be missing."""

import ctypes
import os
import platform
import re
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from receiver.board import this
from receiver.doctor.finding import Finding
from receiver.errors import ConfigError

AREA = "Machine"
STA_UNSYNC = 0x40
"""adjtimex(2): the kernel's clock is not held by a time server."""


def model(root: Path = Path("/")) -> str:
    """What the machine calls itself, from the device tree (ARM boards) or DMI (PCs); empty where neither says."""
    for name in ("proc/device-tree/model", "sys/class/dmi/id/product_name"):
        try:
            text = (root / name).read_text(errors="replace").strip("\0\n ")
        except OSError:
            continue
        if text:
            return text
    return ""


def system() -> Finding:
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        name = ""
    words = [model(), name or platform.system(), platform.machine(), f"{os.cpu_count()} CPUs"]
    return Finding(AREA, "System", "ok", ", ".join(filter(None, words)) + ".")


def board() -> Finding:
    """Which profile of board/ this machine goes by."""
    try:
        profile = this()
    except ConfigError as error:
        return Finding(AREA, "Board", "missing", f"{error}.", "Mend the profile, or install the receiver anew.")
    if profile is None:
        return Finding(AREA, "Board", "off", "No profile is of this machine; every way to decode is tried.")
    return Finding(AREA, "Board", "ok", f"{profile.board.name}. {profile.board.note}".strip())


def python() -> Finding:
    return Finding(AREA, "Python", "ok", f"{platform.python_version()}, {platform.python_implementation()}.")


def requirements() -> list[str]:
    """What this project asks for; nothing where it was laid down without its metadata (scripts/install --site)."""
    try:
        return metadata.requires("ddp-receiver") or []
    except metadata.PackageNotFoundError:
        return []


def packages(requirements: list[str]) -> Finding:
    """``requirements``: PEP 508 lines. Extras are optional and left out; only exact pins are compared."""
    if not requirements:
        return Finding(AREA, "Packages", "ok", "Those that came with the image.", needed=True)
    faults = []
    wanted = [line for line in requirements if "extra ==" not in line]
    for line in wanted:
        name, pin = re.match(r"([\w.-]+)(?:==([\w.]+))?", line).groups()  # type: ignore[union-attr]
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            faults.append(f"{name} is not installed")
            continue
        if pin and found != pin:
            faults.append(f"{name} is {found} where exactly {pin} is needed")
    if faults:
        return Finding(
            AREA, "Packages", "missing", "; ".join(faults) + ".", "Run scripts/run: it installs the locked set.", True
        )
    return Finding(AREA, "Packages", "ok", f"All {len(wanted)} are installed.", needed=True)


def state_dir(path: Path) -> Finding:
    """Whether the folder, or the nearest one above that exists, can be written."""
    nearest = next(folder for folder in (path, *path.parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        return Finding(
            AREA,
            "State folder",
            "missing",
            f"{path} can't be written: {error.strerror}.",
            "Give this user the folder, or set paths.state_dir to one of its own.",
            True,
        )
    return Finding(AREA, "State folder", "ok", f"{path} can be written.", needed=True)


class _Timex(ctypes.Structure):
    """The beginning of struct timex, with room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in ("offset", "freq", "maxerror", "esterror")),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 32),
    )


def clock_status() -> int | None:
    """``status`` of adjtimex(2), read only; None where the kernel doesn't tell."""
    value = _Timex()
    return int(value.status) if ctypes.CDLL(None).adjtimex(ctypes.byref(value)) >= 0 else None


def clock(status: int | None) -> Finding:
    if status is None:
        return Finding(AREA, "Clock", "off", "The kernel doesn't tell whether the clock is set by a time server.")
    if status & STA_UNSYNC:
        return Finding(
            AREA,
            "Clock",
            "missing",
            "No time server holds the clock; the idle screen may show a wrong time.",
            "Turn on systemd-timesyncd or chrony, and check that the network lets NTP through.",
        )
    return Finding(AREA, "Clock", "ok", "A time server holds it.")


def checks(state: Path) -> Iterator[Finding]:
    yield system()
    yield board()
    yield python()
    yield packages(requirements())
    yield state_dir(state)
    yield clock(clock_status())
