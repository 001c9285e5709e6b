"""Makes docs/images/box-*.jpg: what a box's screen shows. Run by ``scripts/screenshots --vm``."""

import asyncio
import sys
from pathlib import Path

import av
import numpy as np
import pygame

from receiver.stage.snapshot import encode
from tests.peers.chromium import chromium
from tests.peers.person import serve
from tests.vm.__main__ import KEPT
from tests.vm.image import image
from tests.vm.machine import boot

SLIDE = Path(__file__).parents[1] / "peers" / "slide"
SIZE = (1280, 720)
DEVICES = f"-device virtio-gpu-pci,xres={SIZE[0]},yres={SIZE[1]},id=virtio -rtc base=2026-11-24T10:40:40"
TURNED = {"portrait": 1}
"""Hangs turned clockwise: quarter turns the other way, to see it as the room does."""


async def slide(path: Path) -> None:
    """What is cast."""
    with serve(SLIDE) as address:
        async with chromium() as browser:
            page = await browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
            await page.goto(address)
            await page.screenshot(path=path)


def save(rgb: np.ndarray, path: Path) -> None:
    surface = pygame.Surface(rgb.shape[1::-1], 0, 32)
    pygame.surfarray.blit_array(surface, rgb.swapaxes(0, 1))
    path.write_bytes(encode(surface, 0, "jpeg")[0])
    print(f"{path}: {path.stat().st_size // 1000} kB")


def main(folder: Path) -> int:
    out = KEPT / "screens"
    out.mkdir(parents=True, exist_ok=True)
    asyncio.run(slide(out / "slide.png"))
    status = boot(image(), out, "exec python3 -m tests.vm.guest.screens /out/slide.png\n", DEVICES, "virtio-gpu", 240)
    if status:
        print((out / "log").read_text())
        return status
    for dump in sorted(out.glob("*.ppm")):
        rgb = next(av.open(str(dump)).decode(video=0)).to_ndarray(format="rgb24")
        save(np.rot90(rgb, TURNED.get(dump.stem, 0)), folder / f"box-{dump.stem}.jpg")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")))
