"""``python -m tests.vm.image``: makes the guests' image where it isn't cached."""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.vm.machine import PROJECT

CACHE = Path.home() / ".cache" / "ddp-receiver" / "vm"
RECIPE = Path(__file__).parent / "image.sh"
DRIVER = Path(__file__).parent / "guest" / "va" / "soft_drv_video.c"
LOCK = PROJECT / "requirements.lock"


def image() -> Path:
    """The folder of the guests' image. It is made anew where the recipe, its driver or the locked packages have
    changed."""
    key = hashlib.sha256(b"".join(file.read_bytes() for file in (RECIPE, DRIVER, LOCK))).hexdigest()[:16]
    wanted = CACHE / key
    if not wanted.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as draft:
            print("Building the guest's image; this takes some minutes, once.", flush=True)
            log = Path(draft) / "build.log"
            with log.open("w") as told:
                built = subprocess.run(
                    [RECIPE, draft, LOCK, sys.executable, DRIVER], stdout=told, stderr=subprocess.STDOUT, check=False
                )
            if built.returncode:
                sys.exit(f"{log.read_text()[-3000:]}\nThe guest's image could not be built.")
            Path(draft).rename(wanted)
            Path(draft).mkdir()  # for the context manager to remove
    return wanted


if __name__ == "__main__":
    image()
