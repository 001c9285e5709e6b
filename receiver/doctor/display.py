"""Where pictures can go: a screen on a graphics card (KMS), a window on a desktop, or nowhere (headless); and fonts."""

import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from receiver.config.schema import Output
from receiver.doctor.finding import Finding
from receiver.present.fonts import font_files
from receiver.present.kmsdrm import lack

AREA = "Picture"


def kms(root: Path = Path("/")) -> Finding:
    """Graphics cards below /dev/dri and the screens that /sys/class/drm says are plugged in."""
    cards = sorted((root / "dev/dri").glob("card*"))
    if not cards:
        return Finding(
            AREA,
            "Screen (KMS)",
            "missing",
            "There is no graphics device (/dev/dri/card*).",
            "On a box, turn on its graphics driver; in a virtual machine, add a virtio GPU; else use headless.",
        )
    closed = [card.name for card in cards if not os.access(card, os.R_OK | os.W_OK)]
    if len(closed) == len(cards):
        return Finding(
            AREA,
            "Screen (KMS)",
            "missing",
            f"This user may not open {', '.join(closed)}.",
            "Add the user to the groups video and render, and log in again.",
        )
    screens = [_screen(path.parent) for path in sorted((root / "sys/class/drm").glob("card*-*/status")) if _lit(path)]
    if not screens:
        return Finding(
            AREA,
            "Screen (KMS)",
            "missing",
            f"{', '.join(card.name for card in cards)} has no screen connected.",
            "Plug in a screen and turn it on; the picture comes by itself.",
        )
    several = " One of them shows: output.connector says which." if len(screens) > 1 else ""
    return Finding(AREA, "Screen (KMS)", "ok", f"{', '.join(screens)}.{several}")


def _lit(status: Path) -> bool:
    return status.read_text().strip() == "connected"


def _screen(connector: Path) -> str:
    """``HDMI-A-1 1920x1080``: the connector and its preferred mode, which the kernel lists first."""
    modes = connector / "modes"
    preferred = (modes.read_text().split() or [""])[0] if modes.exists() else ""
    return f"{connector.name.partition('-')[2]} {preferred}".strip()


def kmsdrm(lack: str | None) -> Finding:
    """``lack``: what keeps SDL from showing on the screen where our own KMS can't."""
    if lack is None:
        return Finding(
            AREA, "Screen (kmsdrm)", "ok", "SDL can show on cards that KMS can't use, where Mesa drives them."
        )
    return Finding(AREA, "Screen (kmsdrm)", "off", f"Not to be had for cards that KMS can't use: {lack}.")


def window(environ: Mapping[str, str]) -> Finding:
    """Whether the desktop named by the environment answers."""
    tried = []
    if display := environ.get("WAYLAND_DISPLAY"):
        path = Path(environ.get("XDG_RUNTIME_DIR", "/")) / display
        if _answers(str(path)):
            return Finding(AREA, "Window", "ok", f"A Wayland desktop answers at {display}.")
        tried.append(f"WAYLAND_DISPLAY={display}")
    if display := environ.get("DISPLAY"):
        host, _, number = display.rpartition(":")
        number = number.partition(".")[0]
        if host not in ("", "unix") or _answers(f"/tmp/.X11-unix/X{number}") or _answers(f"\0/tmp/.X11-unix/X{number}"):
            return Finding(AREA, "Window", "ok", f"An X11 desktop is at {display}.")
        tried.append(f"DISPLAY={display}")
    if tried:
        return Finding(
            AREA,
            "Window",
            "missing",
            f"{' and '.join(tried)} is set, but nothing answers there.",
            "Start the desktop first, or unset the variable.",
        )
    return Finding(AREA, "Window", "off", "No desktop: neither DISPLAY nor WAYLAND_DISPLAY is set.")


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        try:
            sock.connect(path)
        except OSError:
            return False
    return True


def headless(output: Output, port: int) -> Finding:
    page = f"http://localhost:{port}/tv" if port else "the box's own page"
    return Finding(AREA, "Headless", "ok", f"Always possible, at {output.width}x{output.height}: look at {page}.")


def fonts(file: str | None) -> Finding:
    """``file``: the font that the screen uses for most text; None: the bundled one."""
    if file and "inter" in file.lower():
        return Finding(AREA, "Fonts", "ok", "The screen uses Inter.")
    used = Path(file).stem if file else "a bundled font"
    return Finding(
        AREA, "Fonts", "missing", f"Inter is not installed; the screen uses {used}.", "Run: apt install fonts-inter"
    )


def checks(environ: Mapping[str, str], output: Output, port: int) -> Iterator[Finding]:
    screen, desktop = kms(), window(environ)
    if screen.state == "missing" and (desktop.state == "ok" or output.kind in ("window", "headless")):
        screen = replace(screen, state="off", remedy="")
    yield from (screen, kmsdrm(lack()), desktop, headless(output, port), fonts(font_files("medium")[0]))
