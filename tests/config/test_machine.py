"""The defaults that the machine decides."""

import re
import socket
from pathlib import Path

import pytest

from receiver.config import machine
from receiver.config.schema import KEYS


@pytest.mark.parametrize(
    ("host", "name", "identity"),
    [
        ("living-room", "Living room", r"tv-living-room-[0-9a-f]{4}"),
        ("tv_2.example.org", "Tv 2", r"tv-tv-2-[0-9a-f]{4}"),
        ("localhost", "Display", r"tv-[0-9a-f]{4}"),
        ("x" * 64, "X" + "x" * 62, r"tv-x{40}-[0-9a-f]{4}"),
    ],
)
def test_names_come_from_the_hostname(monkeypatch: pytest.MonkeyPatch, host: str, name: str, identity: str) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    assert machine.display_name() == name
    assert re.fullmatch(identity, machine.display_id())
    assert machine.display_id() == machine.display_id()
    assert KEYS["display.name"].bound.holds(machine.display_name())
    assert KEYS["display.id"].bound.holds(machine.display_id())


def test_systemd_decides_where_things_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/a:/var/lib/b")
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/a")
    assert (machine.state_dir(), machine.runtime_dir()) == (Path("/var/lib/a"), Path("/run/a"))


@pytest.mark.parametrize(
    ("uid", "runtime", "state", "sockets"),
    [
        (0, "/run/user/0", "/var/lib/ddp-receiver", "/run/ddp-receiver"),
        (1000, "/run/user/1000", "/home/ada/.local/state/ddp-receiver", "/run/user/1000/ddp-receiver"),
        (1000, "", "/home/ada/.local/state/ddp-receiver", "/home/ada/.local/state/ddp-receiver/run"),
    ],
)
def test_otherwise_the_user_does(
    monkeypatch: pytest.MonkeyPatch, uid: int, runtime: str, state: str, sockets: str
) -> None:
    for variable in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY", "XDG_STATE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    monkeypatch.setattr("os.geteuid", lambda: uid)
    assert (str(machine.state_dir()), str(machine.runtime_dir())) == (state, sockets)
