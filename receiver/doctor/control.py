"""The way from a sender's keyboard to this machine: virtual input devices."""

import sys
from importlib.machinery import PathFinder
from pathlib import Path

from receiver.doctor.finding import Finding
from receiver.input.devices import EXTRA, lack

AREA = "Remote control"


def uinput(root: Path = Path("/"), library: str = "uinput") -> Finding:
    """``library``: the module that drives it. It is only looked for: loading it would bring its licence in here."""
    if why := lack(root / "dev/uinput"):
        reason, _, remedy = why.partition(". ")
        return Finding(AREA, "uinput", "missing", f"{reason}.", remedy)
    hands_own = f"{sys.prefix}/input"  # as scripts/install lays it
    if PathFinder.find_spec(library, [*sys.path, hands_own]) is None:
        return Finding(AREA, "uinput", "missing", "/dev/uinput can be written, but python-uinput is not there.", EXTRA)
    return Finding(AREA, "uinput", "ok", "/dev/uinput can be written, and python-uinput is there.")
