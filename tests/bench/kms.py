"""Flips at 60 Hz on a real kernel's screens, in a guest: when they are on the glass, and why any was missed.

On each driver, as often as there are VSyncs, alone ("alone") and beside a stage that decodes a cast of 640x360 and two
processes that want a processor each ("busy"). Each missed flip has its cause by the product's own judgement
(receiver/pace/missed.py), and whether the machine itself stood still, for a guest without KVM has what its host leaves
it. "cast" is the real stage with a cast of 15 pictures a second on the first screen, by its own counters. Needs root.
"""

import argparse
import sys

from tests.vm.__main__ import CARDS, KEPT
from tests.vm.image import image
from tests.vm.machine import boot

MODULES = "virtio-gpu,bochs,vkms"
START_S = 150


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench kms", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60, help="of each (%(default)s; 600 for the record)")
    parser.add_argument("--on", nargs="+", default=["virtio_gpu", "bochs-drm", "vkms", "cast"], help="%(default)s")
    parser.add_argument("--load", nargs="+", default=["alone", "busy"], choices=["alone", "busy"])
    asked = parser.parse_args(argv)
    out = KEPT / "bench-kms"
    script = f"exec python3 -m tests.vm.guest.flips {asked.seconds} {','.join(asked.on)} {','.join(asked.load)}\n"
    limit = START_S + (asked.seconds + 30) * len(asked.on) * len(asked.load)
    status = boot(image(), out, script, CARDS, MODULES, limit)
    told = (out / "log" if (out / "log").exists() else out / "console").read_text()
    print("\n".join(line for line in told.splitlines() if not line.startswith("stage: INFO")))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
