"""The ports that the receiver listens on: free, or taken and by whom."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from receiver.doctor.finding import Finding

AREA = "Network"
SSDP_PORT = 1900
OURS = "ddp-receiver"


def owner(port: int, kind: str, proc: Path = Path("/proc")) -> str:
    """``name (pid)`` of the process that holds a port; empty where that can't be seen. ``kind``: tcp or udp."""
    inodes = {f"socket:[{inode}]" for table in (kind, f"{kind}6") for inode in _inodes(proc / "net" / table, port)}
    for process in proc.glob("[0-9]*"):
        with suppress(OSError):  # another user's, or gone by now
            if any(os.readlink(fd) in inodes for fd in (process / "fd").iterdir()):
                words = (process / "cmdline").read_bytes().split(b"\0")
                ours = any(os.path.basename(word) == OURS.encode() for word in words)
                return f"{OURS if ours else (process / 'comm').read_text().strip()} ({process.name})"
    return ""


def _inodes(table: Path, port: int) -> Iterator[str]:
    """Sockets bound to ``port`` that listen or, for UDP, exist; proc(5) gives the columns."""
    with suppress(OSError):
        for line in table.read_text().splitlines()[1:]:
            words = line.split()
            if int(words[1].rpartition(":")[2], 16) == port and words[3] in ("0A", "07"):
                yield words[9]


def tcp(subject: str, key: str, bind: str, port: int) -> Finding:
    """Whether a server could listen on ``port``; ``key`` is what configures it."""
    if port == 0:
        return Finding(AREA, subject, "ok", "The system picks any free port.", needed=True)
    family = socket.AF_INET if bind and ":" not in bind else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((bind, port))
            sock.listen(1)
    except OSError as error:
        return judge_tcp(subject, key, port, error.errno or 0, owner(port, "tcp"))
    return Finding(AREA, subject, "ok", f"{port} is free.", needed=True)


def judge_tcp(subject: str, key: str, port: int, fault: int, holder: str) -> Finding:
    """``fault``: the errno of the refusal; ``holder``: from ``owner``."""
    if fault == errno.EADDRINUSE and holder.startswith(OURS):
        return Finding(AREA, subject, "ok", f"{port} is served by the running receiver.", needed=True)
    if fault == errno.EADDRINUSE:
        reason, remedy = f"{port} is taken by {holder or 'another process'}.", f"Stop it, or set {key} to another port."
    elif fault == errno.EACCES:
        reason, remedy = f"This user may not listen on {port}.", f"Set {key} to 1024 or more, or run as root."
    elif fault == errno.EADDRNOTAVAIL:
        reason, remedy = (
            "The address of http.bind is not this machine's.",
            "Set http.bind to one of its own, or to none.",
        )
    else:
        reason, remedy = f"{port} can't be used: {os.strerror(fault)}.", f"Set {key} to another port."
    return Finding(AREA, subject, "missing", reason, remedy, True)


def ssdp(on: bool) -> Finding:
    """The SSDP port is shared by all who ask for sharing; one that doesn't shuts everybody else out."""
    if not on:
        return Finding(AREA, "SSDP port", "off", "Turned off by discovery.ssdp.")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.bind(("", SSDP_PORT))
    except OSError:
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("", SSDP_PORT))
            return Finding(AREA, "SSDP port", "ok", f"{SSDP_PORT} is shared with {owner(SSDP_PORT, 'udp')}.")
        holder = owner(SSDP_PORT, "udp") or "another process"
        return Finding(
            AREA,
            "SSDP port",
            "missing",
            f"{SSDP_PORT} is held by {holder}, which doesn't share it.",
            "Stop it, or set discovery.ssdp to false: mDNS is enough for most senders.",
        )
    return Finding(AREA, "SSDP port", "ok", f"{SSDP_PORT} can be used.")
