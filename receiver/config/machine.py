"""The defaults that the machine decides: its name, its id and its folders."""

import hashlib
import os
import re
import socket
from pathlib import Path

APP = "ddp-receiver"


def hostname() -> str:
    """The first label of the hostname; empty where it says nothing."""
    label = socket.gethostname().split(".")[0]
    return "" if label in ("localhost", "(none)") else label  # the kernel says (none) before anyone has set it


def display_name() -> str:
    """``living-room`` becomes ``Living room``."""
    words = re.sub(r"[-_ ]+", " ", hostname()).strip()
    return (words[:1].upper() + words[1:])[:63] or "Display"


def display_id() -> str:
    """``tv-living-room-3f9a``. The suffix tells boxes of one image apart; it is hashed because systemd's machine-id(5)
    asks that the id itself never leaves the machine."""
    slug = re.sub(r"[^a-z0-9]+", "-", hostname().lower()).strip("-")[:40].strip("-")
    suffix = hashlib.sha256(f"{APP}/{_machine_id()}".encode()).hexdigest()[:4]
    return "-".join(part for part in ("tv", slug, suffix) if part)


def _machine_id() -> str:
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            text = Path(path).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            continue
        if text:
            return text
    return hostname()


def state_dir() -> Path:
    """Where keys and pairings live: systemd's choice, else the system's place for root, else the user's."""
    if given := os.environ.get("STATE_DIRECTORY"):
        return Path(given.split(":")[0])
    if os.geteuid() == 0:
        return Path("/var/lib") / APP
    return _xdg("XDG_STATE_HOME", ".local/state") / APP


def runtime_dir() -> Path:
    """Where sockets live. Root always means the system's receiver, also from a login with its own XDG folder, so that
    ``sudo ddp-receiver status`` finds it. Never below /tmp, where others could be first."""
    if given := os.environ.get("RUNTIME_DIRECTORY"):
        return Path(given.split(":")[0])
    if os.geteuid() == 0:
        return Path("/run") / APP
    if given := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(given) / APP
    return state_dir() / "run"


def config_files() -> tuple[Path, Path]:
    """Where a configuration file is looked for, in order."""
    return _xdg("XDG_CONFIG_HOME", ".config") / APP / "config.toml", Path("/etc") / f"{APP}.toml"


def _xdg(variable: str, below_home: str) -> Path:
    """The XDG Base Directory rule: a relative path in the variable is to be ignored."""
    given = os.environ.get(variable, "")
    return Path(given) if given.startswith("/") else Path.home() / below_home
