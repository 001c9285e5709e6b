"""A fresh Debian becomes a display by scripts/install, and comes back from whatever happens to it.

In this order: each test leaves a box that works. The last one cuts the power in the middle of writing, and
test_boot_2.py looks at what is left.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from receiver.admin import ask
from receiver.link import AdminDevices, AdminDevicesReply
from tests.vm.box.machine_room import (
    NAME,
    UNITS,
    go_to_console,
    installed,
    instances,
    is_drawn,
    is_text,
    pid,
    sh,
    shows_idle,
    status,
    stopped,
    thread,
    until,
)
from tests.vm.guest.host import Host

CONFIG = Path("/etc/ddp-receiver.toml")
RUNTIME = Path("/run/ddp-receiver")
STAGE = "ddp-stage.service"
USERS = {"ddp-app.service": "ddp-app", "ddp-stage.service": "ddp-stage"}


def live() -> bool:
    """Whether a cast is on, with pictures."""
    return any(cast.get("fps") for cast in status().get("casts", []))


def is_cast(image: np.ndarray, idle: np.ndarray) -> bool:
    """Neither a console nor much like the idle screen."""
    far = np.abs(image.astype(int) - idle).max(axis=2) > 40
    return bool(is_drawn(image) and far.mean() > 0.3)


def test_it_installs_and_shows_the_idle_screen(host: Host) -> None:
    assert not installed()
    told = sh("scripts/install", "--site", "/opt/site", "--name", NAME)
    print(told)
    assert "This machine is a display now" in told
    shows_idle(host, "installed")
    assert until(lambda: status().get("output"), "a screen that the receiver knows of") == "kms"
    assert status()["display_name"] == NAME
    assert "/etc/ddp-receiver.toml is there already" in sh("scripts/install", "--site", "/opt/site"), (
        "again: an upgrade"
    )
    assert until(status, "an answer of the receiver")["display_name"] == NAME


def test_each_process_is_its_own_user_without_what_it_does_not_need() -> None:
    spare = until(lambda: instances("ddp-intake"), "the spare intake")
    hands = until(lambda: instances("ddp-hands"), "hands")
    for unit, user in {**USERS, **dict.fromkeys(spare, "ddp-intake"), **dict.fromkeys(hands, "ddp-hands")}.items():
        process = until(partial(pid, unit), unit)
        assert Path(f"/proc/{process}").owner() == user
        facts = Path(f"/proc/{process}/status").read_text()
        assert re.search(r"^CapEff:\s+0+$", facts, re.MULTILINE), facts
        assert re.search(r"^NoNewPrivs:\s+1$", facts, re.MULTILINE), facts
        assert re.search(r"^Seccomp:\s+2$", facts, re.MULTILINE), facts
    stage = sh("nsenter", "-t", str(pid("ddp-stage.service")), "-n", "ip", "-o", "link").splitlines()
    assert [line.split(":")[1].strip() for line in stage] == ["lo"], "no network"
    inside = sh("nsenter", "-t", str(pid("ddp-app.service")), "-m", "ls", "/dev")
    assert not {"dri", "snd", "input", "uinput"} & set(inside.split()), "no devices"


def test_sdl_shows_where_that_is_asked_for(host: Host) -> None:
    """By the system's SDL and Mesa, in the stage's sandbox."""
    before = CONFIG.read_text()
    try:
        CONFIG.write_text(f'{before}\n[output]\nkind = "kmsdrm"\n')
        sh("systemctl", "restart", *UNITS)
        until(lambda: status().get("output") == "kmsdrm", "SDL's kmsdrm")
        shows_idle(host, "kmsdrm")
    finally:
        CONFIG.write_text(before)
        sh("systemctl", "restart", *UNITS)
    until(lambda: status().get("output") == "kms", "KMS")
    shows_idle(host, "kms-again")


def test_senders_can_drive_it_by_consent() -> None:
    until(lambda: status().get("input", {}).get("able"), "devices of hands")
    assert Path("/opt/ddp-receiver/current/input/uinput").exists()


@pytest.fixture(scope="class")
def cast(host: Host) -> Iterator[Callable[[str], None]]:
    """A cast from inside, by the test pattern, with few pixels and few pictures: the processor is an emulated one.
    Call it to wait for its pictures on the screen."""
    idle = host.screen("virtio", "idle").astype(int)
    code = until(lambda: status().get("join_qr"), "an address to join at")
    command = [sys.executable, "-m", "scripts.sender", "test", "192.0.2.7:8443", "--qr", code]

    def shows(keep: str) -> None:
        until(live, "a picture of the cast")
        until(lambda: is_cast(host.screen("virtio", keep), idle), f"the cast on the screen: {keep}")

    with subprocess.Popen([*command, "--size", "320x180", "--fps", "3"], stdin=subprocess.DEVNULL) as sender:
        try:
            shows("cast")
            yield shows
        finally:
            sender.send_signal(signal.SIGINT)
    until(lambda: not status().get("casts", [1]), "the end of the cast")


class TestWhileItIsCastTo:
    """One cast through all that happens to the screen."""

    @pytest.mark.parametrize("name", ["receive", "present"])
    def test_a_thread_that_hangs_alone_ends_its_process_and_the_cast_comes_back(
        self, cast: Callable[[str], None], name: str
    ) -> None:
        """The intake looks after its own, and goes; the stage's watchdog is not fed any more."""
        before = until(lambda: thread(name), f"a thread {name}")
        began = time.monotonic()
        with stopped(before) as ended:
            until(ended, "its end", 40)
        print(f"{name}: ended after {time.monotonic() - began:.0f} s")
        until(lambda: thread(name) not in (0, before), "another one in its place")
        cast(f"{name}-hung")
        print(f"{name}: pictures again after {time.monotonic() - began:.0f} s")

    def test_a_technician_gets_a_console_and_gives_the_screen_back(
        self, host: Host, cast: Callable[[str], None]
    ) -> None:
        before = pid(STAGE)
        go_to_console(2)
        until(lambda: "login" in Path("/dev/vcs2").read_text(), "a login")
        until(lambda: is_text(host.screen("virtio", "console")), "the console on the screen")
        assert live()
        go_to_console(1)
        cast("after-console")
        assert pid(STAGE) == before

    def test_a_stage_that_dies_behind_a_console_waits_for_its_turn(
        self, host: Host, cast: Callable[[str], None]
    ) -> None:
        """While the new one starts, somebody goes to and fro."""
        before = pid(STAGE)
        go_to_console(2)
        until(lambda: is_text(host.screen("virtio", "console-2")), "the console on the screen")
        os.kill(before, signal.SIGKILL)
        for number in (1, 2) * 6:
            go_to_console(number)
            time.sleep(0.5)
        until(lambda: pid(STAGE) not in (0, before), "a new stage")
        assert is_text(host.screen("virtio", "console-3")), "the console is still there"
        go_to_console(1)
        cast("after-death-behind-console")

    def test_a_pulled_plug_ends_nothing(self, host: Host, cast: Callable[[str], None]) -> None:
        """By the kernel's own word on the connector, for QEMU's has no plug to pull."""
        before = pid(STAGE)
        plug = next(Path("/sys/class/drm").glob("card*-Virtual-1")) / "status"
        plug.write_text("off")
        try:
            until(lambda: not is_drawn(host.screen("virtio", "pulled")), "a dark screen")
            time.sleep(3)
            assert live()
        finally:
            plug.write_text("detect")
        cast("plugged-in")
        assert pid(STAGE) == before


@pytest.mark.parametrize("how", ["KILL", "STOP"])
@pytest.mark.parametrize("unit", UNITS)
def test_it_comes_back_when_a_process_dies_or_hangs(host: Host, unit: str, how: str) -> None:
    """One that hangs is found out by its watchdog."""
    others = {other: pid(other) for other in UNITS if other != unit}
    before = until(lambda: pid(unit), unit)
    os.kill(before, signal.Signals[f"SIG{how}"])
    until(lambda: pid(unit) not in (0, before), f"a new process of {unit}")
    until(status, "an answer of the receiver")
    assert {other: pid(other) for other in others} == others, "the others live on"
    shows_idle(host, f"{unit}-{how}")


@pytest.mark.parametrize("how", ["KILL", "STOP"])
def test_hands_that_die_or_hang_are_replaced(how: str) -> None:
    name, process = until(lambda: next(iter(instances("ddp-hands").items()), None), "hands")
    os.kill(process, signal.Signals[f"SIG{how}"])
    until(lambda: instances("ddp-hands") and name not in instances("ddp-hands"), "other hands")


@pytest.mark.parametrize("how", ["KILL", "STOP"])
def test_an_intake_that_dies_or_hangs_harms_nobody(how: str) -> None:
    """The next cast has another one. The app loads a spare when it starts, so this begins with that."""
    sh("systemctl", "restart", "ddp-app.service")
    name, process = until(lambda: next(iter(instances("ddp-intake").items()), None), "an intake")
    os.kill(process, signal.Signals[f"SIG{how}"])
    until(lambda: name not in instances("ddp-intake"), "the end of the intake")
    assert all(until(partial(pid, unit), unit) for unit in UNITS)


def test_a_full_disk_is_survived_and_refused_in_words(host: Host) -> None:
    filler = Path("/var/filler")
    for block in ("1M", "4k"):  # to the last one
        command = ["dd", "if=/dev/zero", f"of={filler}", f"bs={block}", "oflag=append", "conv=notrunc,fsync"]
        subprocess.run(command, capture_output=True, check=False)
    try:
        device = devices()[0]["id"]
        answer = ask(RUNTIME, AdminDevices("name", device, "Too much"), AdminDevicesReply, 60)
        assert "disk is not full" in answer.error
        sh("systemctl", "restart", *UNITS)
        until(status, "an answer of the receiver")
        shows_idle(host, "disk-full")
    finally:
        filler.unlink()
    answer = ask(RUNTIME, AdminDevices("name", device, "Enough"), AdminDevicesReply, 60)
    assert answer.error == ""
    assert devices()[0]["name"] == "Enough"


def devices() -> list[dict[str, Any]]:
    return ask(RUNTIME, AdminDevices("list"), AdminDevicesReply, 60).devices


def test_the_power_goes_in_the_middle_of_a_write(host: Host) -> None:
    """The host ends the machine while settings are written as fast as they are taken. What was acknowledged is noted
    outside of it."""
    device = devices()[0]["id"]
    (host.out / "device").write_text(device)
    begun = time.monotonic()
    count = 0
    while time.monotonic() - begun < 60:
        count += 1
        answer = ask(RUNTIME, AdminDevices("name", device, f"Name {count}"), AdminDevicesReply, 60)
        assert answer.error == ""
        (host.out / "acknowledged").write_text(str(count))
        if count == 25:  # and go on, until it is dark
            draft = host.out / ".cut"
            draft.write_text('{"execute": "power-cut"}')
            draft.rename(host.out / "ask-9999.json")
    raise AssertionError("the power was not cut")
