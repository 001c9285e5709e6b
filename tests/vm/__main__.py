"""``python -m tests.vm [pytest arguments]``: makes the image where it isn't cached, and runs every guest's tests."""

import hashlib
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.vm.machine import PROJECT, boot

HERE = Path(__file__).parent
CACHE = Path.home() / ".cache" / "ddp-receiver" / "vm"
RECIPE = HERE / "image.sh"
LOCK = PROJECT / "requirements.lock"
KEPT = PROJECT / "out" / "vm"
"""What the guests left: log, console, pictures of the screen."""


@dataclass(frozen=True, slots=True)
class Guest:
    """``tests`` run under pytest in a guest with QEMU's ``devices`` and the kernel's ``modules``, in order.

    ``kernel``: a folder below the image's, of another kernel. ``systemd``: the guest boots as a machine does, and has
    one file of tests for each boot.
    """

    tests: str
    devices: str
    modules: str
    timeout_s: float
    kernel: str = "."
    systemd: bool = False


CARDS = (
    "-device virtio-gpu-pci,xres=640,yres=360,id=virtio "
    "-device bochs-display,xres=640,yres=360,edid=on,id=bochs "
    "-device cirrus-vga,id=cirrus"
)
CARD = "-device virtio-gpu-pci,xres=640,yres=360,id=virtio"
GUESTS = (
    Guest("devices", CARDS, "virtio-gpu,bochs,cirrus-qemu,vkms", 480),
    Guest("input", "-device qemu-xhci -device usb-kbd", "uinput,evdev,xhci-pci,usbhid,hid-generic", 300),
    Guest("box", CARD, "dummy", 800, systemd=True),
    Guest("plain", CARD, "virtio-gpu", 240, kernel="plain"),
)


def image() -> Path:
    """The folder of the guest's image. It is made anew where the recipe or the locked packages have changed."""
    key = hashlib.sha256(RECIPE.read_bytes() + LOCK.read_bytes()).hexdigest()[:16]
    wanted = CACHE / key
    if not wanted.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as draft:
            print("Building the guest's image; this takes some minutes, once.", flush=True)
            log = Path(draft) / "build.log"
            with log.open("w") as told:
                built = subprocess.run(
                    [RECIPE, draft, LOCK, sys.executable], stdout=told, stderr=subprocess.STDOUT, check=False
                )
            if built.returncode:
                sys.exit(f"{log.read_text()[-3000:]}\nThe guest's image could not be built.")
            Path(draft).rename(wanted)
            Path(draft).mkdir()  # for the context manager to remove
    return wanted


def main(arguments: list[str]) -> int:
    """0 when the tests of every guest passed."""
    failed = 0
    where = image()
    not_run = (where / "missing").read_text().splitlines()
    for guest in [guest for guest in GUESTS if wanted(guest, arguments)]:
        kernel = where / guest.kernel
        if not (kernel / "vmlinuz").exists():
            not_run.append(f"the tests of guest {guest.tests}: its kernel is missing")
            continue
        print(f"Guest {guest.tests}: kernel {(kernel / 'kernel').read_text().strip()}", flush=True)
        began = time.monotonic()
        out = KEPT / guest.tests
        out.mkdir(parents=True, exist_ok=True)
        for old in out.iterdir():
            old.unlink()
        script = f"export DDP_VM_GUEST={guest.tests}\n{command(guest, arguments)}\n"
        status = boot(
            *(where, out, script, guest.devices, guest.modules, guest.timeout_s), kernel=kernel, systemd=guest.systemd
        )
        told = [out / name for name in ("log", "console", "qemu.log")]
        print(next(text for text in (path.read_text(errors="replace") for path in told if path.exists()) if text))
        print(f"Guest {guest.tests}: exit status {status}, {time.monotonic() - began:.0f} s", flush=True)
        failed += status != 0
    for line in not_run:
        print(f"Not run: {line}")
    print(f"Guests that failed: {failed}. Kinds of tests that did not run: {len(not_run)}.")
    return 1 if failed else 0


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
    return "exec " + shlex.join(
        [*pytest, *(arguments if named(arguments) else [f"tests/vm/{guest.tests}", *arguments])]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
