"""Boots a guest, answers what it asks of its own virtual hardware, and ends it in time whatever happens.

The guest can't be accelerated: the machines that run these tests have no usable KVM. TCG makes Python some 14 times
slower, so guests are given little to do.
"""

import contextlib
import json
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
POLL_S = 0.02
NO_STATUS = 97
"""The guest did not live to tell how its script ended."""
QUIET = PROJECT / "systemd" / "kernel-command-line"

# Two virtual processors read two time stamp counters that TCG doesn't keep equal; AVX2 is emulated wrongly.
KERNEL = "console=ttyS0 quiet loglevel=3 net.ifnames=0 mitigations=off tsc=unstable clocksource=hpet panic=-1"
CPU = ("-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max,-avx2", "-smp", "2", "-m", "1024")


STOP = threading.Event()
"""Set where every guest must end now."""


class Monitor:
    """QEMU's control socket (QMP)."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("rw")
        self._file.readline()
        self.ask("qmp_capabilities", {})

    def ask(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Its answer: ``return`` or ``error``."""
        self._file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._file.flush()
        while not {"return", "error"} & (answer := json.loads(self._file.readline())).keys():
            pass
        return dict(answer)

    def close(self) -> None:
        self._file.close()
        self._socket.close()


class Watch:
    """What somebody in front of the screen of a card sees from the start on: copies it twice a second for the first
    while, and keeps each copy that differs from the one before as ``out/seen-BOOT-MS.ppm``, so many at most."""

    EVERY_S, FIRST_S, MOST = 0.5, 300.0, 40

    def __init__(self, out: Path, boot: int, device: str) -> None:
        self._out, self._boot, self._device = out, boot, device
        self._began = self._looked = time.monotonic()
        self._last = b""
        self._kept = 0

    @property
    def due(self) -> bool:
        now = time.monotonic()
        soon = now - self._looked < self.EVERY_S
        return bool(self._device) and not soon and self._kept < self.MOST and now - self._began < self.FIRST_S

    def look(self, monitor: Monitor) -> None:
        self._looked = time.monotonic()
        draft = self._out / ".seen.ppm"
        monitor.ask("screendump", {"filename": str(draft), "device": self._device})
        seen = draft.read_bytes() if draft.exists() else b""
        if seen != self._last:
            self._last, self._kept = seen, self._kept + 1
            draft.rename(self._out / f"seen-{self._boot}-{round((self._looked - self._began) * 1000):06}.ppm")


POWER_CUT = "power-cut"
"""What a guest asks for to be ended this very moment, and started again from the same disk."""


def boot(
    image: Path,
    out: Path,
    script: str,
    devices: str,
    modules: str,
    timeout_s: float,
    *,
    kernel: Path | None = None,
    systemd: bool = False,
    watched: str = "",
) -> int:
    """Run the shell ``script`` in a guest with QEMU's ``devices``; its exit status, and in ``out`` whatever it left.

    ``{out}`` in ``devices`` is that folder. ``kernel``: the folder of another kernel than the image's newest. With
    ``systemd`` the guest boots as a machine does, and the script runs beside that; its disk lasts over power cuts,
    after each of which the script runs again, and ``out/boot`` counts them. It has a box's kernel command line, and the
    screen of its card ``watched`` is copied from its start on (see Watch).

    After ``timeout_s`` it is killed; should we be killed first, it ends itself.

    The guest asks by writing ``out/ask-N.json`` and gets ``out/answer-N.json``: see guest/host.py.
    """
    out.mkdir(parents=True, exist_ok=True)
    (out / "run.sh").write_text(script)
    (out / "boot").write_text("1")
    monitor_path = out / "monitor"
    kernel = kernel or image
    with tempfile.TemporaryDirectory() as folder:
        disk, way = image / "root.ext4", "snapshot=on,cache=unsafe"
        words = KERNEL
        if systemd:  # what is flushed is kept when QEMU is killed, what is not is lost, as on a card
            disk, way = Path(shutil.copy(disk, folder)), "cache=writeback"
            words = f"{words} console=tty0 {' '.join(re.findall('^[^#].*', QUIET.read_text(), re.MULTILINE))}"
        command = _command(kernel, disk, way, out, monitor_path, devices)
        command += [
            "-append",
            f"{words} vm.modules={modules} vm.seconds={timeout_s:.0f} {'vm.init=systemd' * systemd}",
        ]
        try:
            _run(command, out, monitor_path, timeout_s, watched)
        except (OSError, ValueError) as error:
            print(f"Guest {out.name}: QEMU does not answer ({error})", flush=True)
    try:
        return int((out / "status").read_text())
    except (OSError, ValueError):
        return NO_STATUS


def _command(kernel: Path, disk: Path, way: str, out: Path, monitor: Path, devices: str) -> list[str]:
    return [
        *("qemu-system-x86_64", *CPU, "-nodefaults", "-no-reboot", "-display", "none"),
        *("-kernel", str(kernel / "vmlinuz"), "-initrd", str(kernel / "initrd.img")),
        *("-drive", f"file={disk},format=raw,if=virtio,{way}"),
        *("-virtfs", f"local,path={PROJECT},mount_tag=project,security_model=none,readonly=on,multidevs=remap"),
        *("-virtfs", f"local,path={out},mount_tag=out,security_model=none"),
        *("-serial", f"file:{out}/console", "-qmp", f"unix:{monitor},server=on,wait=off"),
        *shlex.split(devices.format(out=out)),
    ]


def _run(command: list[str], out: Path, monitor_path: Path, timeout_s: float, watched: str) -> None:
    deadline = time.monotonic() + timeout_s
    number = 1
    while _once(command, out, monitor_path, deadline, Watch(out, number, watched)):
        number += 1
        (out / "boot").write_text(str(number))
    if time.monotonic() >= deadline:
        print(f"Guest {out.name}: ended after {timeout_s:.0f} s, all it had", flush=True)


def _once(command: list[str], out: Path, monitor_path: Path, deadline: float, watch: Watch) -> bool:
    """Until it ends, or has to; true where it asked for a power cut."""
    with (out / "qemu.log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as qemu:
        monitor = None
        try:
            while qemu.poll() is None and time.monotonic() < deadline and not STOP.is_set():
                for ask in sorted(out.glob("ask-*.json")):
                    if json.loads(ask.read_text())["execute"] == POWER_CUT:
                        ask.unlink()
                        return True
                    monitor = monitor or Monitor(monitor_path)
                    _answer(ask, monitor, out)
                if watch.due:
                    with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):  # it has only just started
                        monitor = monitor or Monitor(monitor_path)
                        watch.look(monitor)
                time.sleep(POLL_S)
        finally:
            if monitor is not None:
                monitor.close()
            qemu.kill()
    return False


def _answer(ask: Path, monitor: Monitor, out: Path) -> None:
    asked = json.loads(ask.read_text())
    ask.unlink()
    arguments = asked.get("arguments", {})
    if "filename" in arguments:
        arguments["filename"] = str(out / Path(arguments["filename"]).name)
    draft = out / f".{ask.name}"
    draft.write_text(json.dumps(monitor.ask(asked["execute"], arguments)))
    draft.rename(out / ask.name.replace("ask-", "answer-"))
