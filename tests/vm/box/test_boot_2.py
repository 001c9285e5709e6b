"""After the power cut: the box is a display again by itself, and knows all that it had acknowledged."""

import itertools
from pathlib import Path

from receiver.admin import ask
from receiver.link import AdminDevices, AdminDevicesReply
from tests.vm.box.machine_room import NAME, installed, is_drawn, is_named, is_text, sh, shows_idle, status, until
from tests.vm.guest.host import Host, read_ppm

RUNTIME = Path("/run/ddp-receiver")


def test_it_boots_to_the_idle_screen_by_itself(host: Host) -> None:
    shows_idle(host, "booted")
    assert until(lambda: status().get("output"), "a screen that the receiver knows of") == "kms"
    assert status()["display_name"] == NAME


def test_nothing_else_is_seen_before_it(host: Host) -> None:
    """No text, no login, no cursor, by the kernel command line that ``scripts/install --quiet-boot`` sets; and it has
    the display's name from the first."""
    seen = [read_ppm(path) for path in sorted(host.out.glob("seen-2-*.ppm"))]
    before = list(itertools.takewhile(lambda image: not is_drawn(image), seen))
    assert len(before) < len(seen), "the idle screen was seen"
    assert not any(is_text(image) for image in before)
    assert is_named(seen[len(before)])


def test_nothing_acknowledged_is_lost(host: Host) -> None:
    device, acknowledged = (host.out / "device").read_text(), int((host.out / "acknowledged").read_text())
    found = {one["id"]: one["name"] for one in ask(RUNTIME, AdminDevices("list"), AdminDevicesReply, 60).devices}
    name = found[device]
    assert isinstance(name, str)
    assert int(name.removeprefix("Name ")) >= acknowledged
    print(sh("ddp-receiver", "audit", "--verify"))


def test_it_is_taken_off_again_and_leaves_what_is_the_owners() -> None:
    told = sh("scripts/install", "--remove")
    print(told)
    assert not installed()
    assert sh("systemctl", "list-unit-files", "--no-legend", "ddp-*", check=False).strip() == ""
    assert Path("/var/lib/ddp-receiver").is_dir()
    assert Path("/etc/ddp-receiver.toml").exists()
    assert not any(Path(place).exists() for place in ("/etc/udev/rules.d/70-ddp-receiver.rules", "/run/ddp-links"))
    sh("scripts/install", "--remove", "--purge")
    assert not any(Path(place).exists() for place in ("/var/lib/ddp-receiver", "/etc/ddp-receiver.toml"))
    assert "ddp-" not in Path("/etc/passwd").read_text()
