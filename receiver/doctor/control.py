"""The way back from sender to machine: a virtual keyboard and pointer."""

import os
from pathlib import Path

from receiver.doctor.finding import Finding

AREA = "Remote control"


def uinput(root: Path = Path("/")) -> Finding:
    path = root / "dev/uinput"
    if not path.exists():
        return Finding(
            AREA, "uinput", "missing", "/dev/uinput doesn't exist.", "Load the kernel module: modprobe uinput"
        )
    if not os.access(path, os.W_OK):
        return Finding(
            AREA,
            "uinput",
            "missing",
            "This user may not write /dev/uinput.",
            "Add the user to the group input and give that group the device by a udev rule.",
        )
    return Finding(AREA, "uinput", "ok", "/dev/uinput can be written.")
