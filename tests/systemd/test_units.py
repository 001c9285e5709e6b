"""The units as files: systemd understands them, they run what exists, and each may do little."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
LIMITS = {"ddp-app": 1.5, "ddp-stage": 2.5, "ddp-hands@": 2.5, "ddp-intake@": 1.5, "ddp-intake-url@": 1.5}

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def setting(name: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", (UNITS / name).read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", SERVICES)
def test_each_is_locked_in(name: str) -> None:
    """``systemd-analyze security``: from 0, nothing is possible, to 10. The limits are this project's own."""
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNITS / name)]
    told = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    found = re.search(r"exposure level for \S+: ([\d.]+)", told)
    assert found is not None, told
    assert float(found[1]) <= LIMITS[name.removesuffix(".service")], told


@pytest.mark.parametrize("name", SERVICES)
def test_each_tells_that_it_lives_and_runs_what_exists(name: str) -> None:
    assert setting(name, "Type") == ["notify"]
    assert setting(name, "WatchdogSec")
    (command,) = setting(name, "ExecStart")
    module = re.fullmatch(r"/opt/ddp-receiver/current/bin/python -P -m (\S+).*", command)
    assert module is not None, command
    assert importlib.util.find_spec(module[1]) is not None
    users = (UNITS / "sysusers.d/ddp-receiver.conf").read_text()
    assert f"u {setting(name, 'User')[0]} " in users


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is not installed")
def test_systemd_understands_the_users() -> None:
    checked = subprocess.run(
        ["systemd-sysusers", "--dry-run", str(UNITS / "sysusers.d/ddp-receiver.conf")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, "not a valid" in checked.stderr) == (0, False), checked.stderr


def test_what_has_one_thing_has_not_the_others() -> None:
    assert setting("ddp-app.service", "PrivateDevices") == ["yes"]
    for name in ("ddp-stage.service", "ddp-hands@.service"):
        assert setting(name, "PrivateNetwork") == ["yes"]
        assert not any("INET" in families for families in setting(name, "RestrictAddressFamilies"))
    for name in ("ddp-intake@.service", "ddp-intake-url@.service"):
        assert setting(name, "PrivateDevices") == ["yes"]
        assert "-/var/lib/ddp-receiver" in setting(name, "InaccessiblePaths")[0], "the keys"


def test_the_app_alone_reaches_the_others() -> None:
    for path in UNITS.glob("*.socket"):
        assert setting(path.name, "SocketUser") == ["ddp-app"], path.name
        assert setting(path.name, "SocketMode") == ["0600"], path.name


def test_systemd_understands_them(tmp_path: Path) -> None:
    for path in UNITS.iterdir():
        if path.suffix in (".service", ".socket", ".target"):
            text = path.read_text().replace("/opt/ddp-receiver/current/bin/python", "/bin/true")
            (tmp_path / path.name.replace("@.", "@0.")).write_text(text)  # verify wants instances
    for path in sorted(tmp_path.glob("*.socket")):  # their services are templates
        path.unlink()
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )
    ours = [line for line in checked.stderr.splitlines() if "ddp-" in line]
    newer = ("'RestartSteps'", "'RestartMaxDelaySec'")  # from systemd 254 on
    socketless = [line for line in ours if ".socket" not in line and not any(word in line for word in newer)]
    assert socketless == []
