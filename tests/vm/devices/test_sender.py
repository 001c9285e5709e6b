"""scripts/cast captures a screen without a desktop: what the kernel shows is what is cast."""

import asyncio
from pathlib import Path

from av import VideoFrame

from scripts.sender.sources import Wish, screen


async def first_picture() -> VideoFrame:
    source = screen(Wish(size=(320, 180), fps=5), {})
    try:
        return await source.video.recv()
    finally:
        source.close()


def test_the_kernels_screen_is_captured() -> None:
    for console in Path("/sys/class/graphics").glob("fb*"):
        if (console / "stride").exists():
            height = int((console / "virtual_size").read_text().split(",")[1])
            half = int((console / "stride").read_text()) * height // 2
            (Path("/dev") / console.name).write_bytes(b"\xff" * half + bytes(half))
    luma = asyncio.run(first_picture()).to_ndarray()[:180]
    assert luma[:85].mean() > 220, "but for the cursor"
    assert luma[95:].mean() < 30
