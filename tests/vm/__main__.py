"""``python -m tests.vm [pytest arguments]``: runs every guest's tests. Without arguments, a guest that fails gets a
second try."""

import os
import shlex
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from tests.vm.image import image
from tests.vm.machine import PROJECT, STOP, boot

KEPT = PROJECT / "out" / "vm"
"""What the guests left: log, console, pictures of the screen."""

SIDE_BY_SIDE = max(1, (os.cpu_count() or 1) // 2)
"""Each guest has two processors, and looks at times."""


@dataclass(frozen=True, slots=True)
class Guest:
    """``tests`` run under pytest in a guest with QEMU's ``devices`` and the kernel's ``modules``, in order.

    ``kernel``: a folder below the image's, of another kernel. ``systemd``: the guest boots as a machine does, and has
    one file of tests for each boot. ``sleeps``: it is suspended, and without the host's folders meanwhile.
    ``watched``: the card whose screen is copied from the start on. ``packages``: where its Python packages are.
    """

    tests: str
    devices: str
    modules: str
    timeout_s: float
    kernel: str = "."
    systemd: bool = False
    sleeps: bool = False
    watched: str = ""
    packages: str = "/opt/site"


CARDS = (
    "-device virtio-gpu-pci,xres=640,yres=360,id=virtio "
    "-device bochs-display,xres=640,yres=360,edid=on,id=bochs "
    "-device cirrus-vga,id=cirrus"
)
SOUND = (
    " -audiodev wav,id=sound,path={out}/sound.wav,out.frequency=48000 "
    "-device intel-hda -device hda-output,audiodev=sound"
)
"""A sound card; what it plays is recorded."""
CARD = "-device virtio-gpu-pci,xres=640,yres=360,id=virtio"
USB = "-device qemu-xhci"
GUESTS = (  # the longest first
    Guest("box", CARD, "dummy", 1000, systemd=True, watched="virtio"),
    Guest("devices", CARDS + SOUND, "virtio-gpu,bochs,cirrus-qemu,vkms,snd-hda-intel", 800),
    Guest("sdl", CARDS, "virtio-gpu,bochs,cirrus-qemu", 500),
    Guest("input", f"{USB} -device usb-kbd -device usb-tablet", "uinput,evdev,xhci-pci,usbhid,hid-generic", 480),
    Guest("sleep", CARDS, "virtio-gpu,bochs", 240, sleeps=True),
    Guest("vaapi", CARD, "virtio-gpu", 600, packages="/opt/site-but-av"),  # with Debian's PyAV
    Guest("plain", CARD, "virtio-gpu", 240, kernel="plain"),
)


def main(arguments: list[str]) -> int:
    """0 when the tests of every guest passed. The last lines name those that failed and those that did not run, for
    whatever reason; they are also added to the file that $DDP_TOLD names."""
    where = image()
    told = [f"Not run: {line}" for line in (where / "missing").read_text().splitlines()]
    ready, failed = [], []
    for guest in [guest for guest in GUESTS if wanted(guest, arguments)]:
        if (where / guest.kernel / "vmlinuz").exists():
            ready.append(guest)
        else:
            told.append(f"Not run: the tests of guest {guest.tests}: its kernel is missing")
    with ThreadPoolExecutor(SIDE_BY_SIDE) as runners:
        running = {runners.submit(passes, guest, where, arguments): guest for guest in ready}
        try:
            for done in as_completed(running):
                guest = running[done]
                failed += [] if done.result() else [guest.tests]
                its = KEPT / guest.tests / "told"
                told += its.read_text().splitlines() if its.exists() else []
        finally:
            STOP.set()
    told += [f"Failed: guest {name}" for name in failed]
    for line in told:
        print(line)
    if "DDP_TOLD" in os.environ:
        with Path(os.environ["DDP_TOLD"]).open("a") as file:
            file.writelines(f"{line}\n" for line in told)
    skipped = sum(line.startswith("Not run: ") for line in told)
    print(f"Guests that failed: {len(failed)}{failed or ''}. Tests that did not run: {skipped}.")
    return 1 if failed else 0


def passes(guest: Guest, where: Path, arguments: list[str]) -> bool:
    """Whether its tests passed, at the second try at the latest."""
    if run(guest, where, arguments):
        return True
    if arguments or STOP.is_set():
        return False
    first = KEPT / f"{guest.tests}-first-try"
    shutil.rmtree(first, ignore_errors=True)
    (KEPT / guest.tests).rename(first)
    print(f"Guest {guest.tests}: RETRY. What the first try left is in {first.relative_to(PROJECT)}", flush=True)
    return run(guest, where, arguments)


def run(guest: Guest, where: Path, arguments: list[str]) -> bool:
    kernel = where / guest.kernel
    print(f"Guest {guest.tests}: kernel {(kernel / 'kernel').read_text().strip()}", flush=True)
    began = time.monotonic()
    out = KEPT / guest.tests
    shutil.rmtree(out, ignore_errors=True)
    script = f"export DDP_VM_GUEST={guest.tests} DDP_TOLD=/out/told PYTHONPATH={guest.packages}:/run/project\n"
    script += f"{command(guest, arguments)}\n"
    status = boot(
        *(where, out, script, guest.devices, guest.modules, guest.timeout_s),
        kernel=kernel,
        systemd=guest.systemd,
        watched=guest.watched,
    )
    told = [path for name in ("log", "console", "qemu.log") if (path := out / name).exists()]
    text = next((text for path in told if (text := path.read_text(errors="replace"))), "It said nothing.\n")
    print(f"{text}Guest {guest.tests}: exit status {status}, {time.monotonic() - began:.0f} s", flush=True)
    return status == 0


def named(arguments: list[str]) -> list[str]:
    return [argument for argument in arguments if argument.startswith("tests/")]


def wanted(guest: Guest, arguments: list[str]) -> bool:
    """Whether the named tests, if any are named, are this guest's."""
    names = named(arguments)
    return not names or any(f"{name}/".startswith(f"tests/vm/{guest.tests}/") for name in names)


def command(guest: Guest, arguments: list[str]) -> str:
    """What the guest's shell runs. After a power cut it is the next file's turn; one that fails is the last."""
    pytest = ["python3", "-m", "pytest", "-p", "no:cacheprovider", "--timeout=300"]
    if guest.systemd:
        rest = [argument for argument in arguments if argument not in named(arguments)]
        return f"exec {shlex.join([*pytest, '-x', '-v', *rest])} tests/vm/{guest.tests}/test_boot_$(cat /out/boot).py"
    line = shlex.join([*pytest, *(arguments if named(arguments) else [f"tests/vm/{guest.tests}", *arguments])])
    if guest.sleeps:
        line = shlex.join(["sh", "-c", f"exec >/run/log 2>&1; {line}; status=$?; cp /run/log /out/log; exit $status"])
    return f"exec {line}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
