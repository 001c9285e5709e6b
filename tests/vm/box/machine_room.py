"""What a technician would do on the box: look at the screen, go to a console, ask systemd, ask the receiver."""

import contextlib
import ctypes
import fcntl
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

VT_ACTIVATE = 0x5606
PTRACE_ATTACH, PTRACE_DETACH = 16, 17
WALL = 0x40000000
"""__WALL of <linux/wait.h>: threads too."""

NAME = "Boardroom 4"
PATIENCE_S = 90.0
UNITS = ("ddp-app.service", "ddp-stage.service")
CLEAN = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
"""The installed receiver must not find the tests' packages."""


def sh(*command: str, check: bool = True) -> str:
    """Its output, both kinds."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=CLEAN)
    assert not check or done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}"
    return done.stdout


def until(wanted: Callable[[], T | None], what: str, patience_s: float = PATIENCE_S) -> T:
    """The first true answer."""
    end = time.monotonic() + patience_s
    while not (found := wanted()):
        assert time.monotonic() < end, f"{what} did not come within {patience_s:.0f} s"
        time.sleep(0.5)
    return found


def show(unit: str, key: str) -> str:
    return sh("systemctl", "show", "--value", "-p", key, unit).strip()


def pid(unit: str) -> int:
    """Of the running and ready unit; else 0."""
    return int(show(unit, "MainPID")) if show(unit, "ActiveState") == "active" else 0


def instances(kind: str) -> dict[str, int]:
    """The running units of a template, and their processes."""
    listed = json.loads(sh("systemctl", "list-units", "--output=json", "--state=running", f"{kind}@*"))
    return {one["unit"]: pid(one["unit"]) for one in listed}


def thread(name: str) -> int:
    """The thread that the system knows by this name, of which there is one at a time; 0 where there is none."""
    for comm in Path("/proc").glob("[0-9]*/task/[0-9]*/comm"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if comm.read_text().strip() == name:
                return int(comm.parent.name)
    return 0


@contextlib.contextmanager
def stopped(one: int) -> Iterator[Callable[[], bool]]:
    """Stop a thread, and not the others of its process. Call what is given for whether it has ended: it and its process
    last until that was asked."""
    assert ctypes.CDLL(None).ptrace(PTRACE_ATTACH, one, None, None) == 0
    os.waitpid(one, WALL)
    gone = False

    def ended() -> bool:
        nonlocal gone
        found, how = (one, 0) if gone else os.waitpid(one, WALL | os.WNOHANG)
        gone = found != 0 and not os.WIFSTOPPED(how)
        return gone

    try:
        yield ended
    finally:
        if not gone:
            ctypes.CDLL(None).ptrace(PTRACE_DETACH, one, None, None)


def status() -> dict[str, Any]:
    """What the receiver says of itself; empty where it does not answer."""
    told = subprocess.run(["ddp-receiver", "status", "--json"], capture_output=True, text=True, check=False, env=CLEAN)
    return json.loads(told.stdout) if told.returncode == 0 else {}


def is_drawn(image: np.ndarray) -> bool:
    """What the stage draws has hundreds of colours, a console a handful."""
    return len(np.unique(image.reshape(-1, 3), axis=0)) > 100


def is_named(image: np.ndarray) -> bool:
    """Whether there are large light letters where the idle screen has the display's name."""
    return int((image[:120, :320].min(axis=2) > 150).sum()) > 1000


def is_text(image: np.ndarray) -> bool:
    """A console with something on it, in the mode of the screen."""
    return image.shape == (360, 640, 3) and 1 < len(np.unique(image.reshape(-1, 3), axis=0)) < 100


def go_to_console(number: int) -> None:
    with open("/dev/tty0", "rb") as console:
        fcntl.ioctl(console, VT_ACTIVATE, number)


def shows_idle(host: Any, keep: str) -> None:
    until(lambda: is_drawn(host.screen("virtio", keep)), "the idle screen")


def installed() -> bool:
    return Path("/opt/ddp-receiver/current").exists()
