"""Makes the pictures in docs/images from the real thing: a box, a Chromium, a cast. Run by ``scripts/screenshots``."""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Page

from tests.peers.box import CONFIG, Box, box
from tests.peers.chromium import chromium
from tests.peers.person import open_page, serve, share

SLIDE = Path(__file__).parent / "peers" / "slide"
TITLE = "DDP example slide"
ROOM = CONFIG.replace("Test room", "Living room").replace("https_port = 0", "https_port = 8443")


async def save_tv(tv: Box, path: Path) -> None:
    """What the TV shows."""
    path.write_bytes((await tv.snapshot(image_format="jpeg")).image)
    print(path)


async def save_page(page: Page, path: Path) -> None:
    """What the sender sees."""
    await page.screenshot(path=path, type="jpeg", quality=90)
    print(path)


async def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state, serve(SLIDE) as address:
        async with box(Path(state), config=ROOM) as tv, chromium(TITLE) as browser:
            slide = await browser.new_page(viewport={"width": 1280, "height": 720})
            await slide.goto(address)
            page = await open_page(browser, tv, "Anna")
            pin = await tv.pin()
            await asyncio.sleep(0.5)
            await save_tv(tv, folder / "pin.jpg")
            await save_page(page, folder / "sender-pin.jpg")
            await page.locator("#pin").fill(pin)
            await share(page)
            await tv.until(lambda status: any(cast["live"] for cast in status["casts"]))
            await asyncio.sleep(3)
            await save_page(page, folder / "sender-sharing.jpg")
            console = await browser.new_page(viewport={"width": 1280, "height": 800})
            await console.goto(f"http://localhost:{(await tv.status())['port']}/console")
            await console.locator("#picture").wait_for()
            await console.locator("summary", has_text="rotate").click()
            await save_page(console, folder / "console.jpg")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")))
