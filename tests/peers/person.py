"""A person at the real sender page in a real Chromium, before a real box: name, PIN, share."""

import functools
import http.server
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.peers import pattern
from tests.peers.box import Box
from tests.peers.chromium import chromium


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """A folder at a loopback address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@asynccontextmanager
async def pattern_browser(query: str = "fps=30", arguments: tuple[str, ...] = ()) -> AsyncIterator[Browser]:
    """A Chromium with the pattern in one tab, which its screen picker chooses by itself."""
    with serve(pattern.PAGE) as address:
        async with chromium(pattern.TITLE, arguments) as browser:
            page = await browser.new_page(viewport={"width": 1280, "height": 720})
            await page.goto(f"{address}?{query}")
            yield browser


async def open_page(
    browser: Browser, tv: Box, name: str = "Anna", query: str = "", script: str = "", host: str = "localhost"
) -> Page:
    """The sender page, connected as far as the PIN. ``script``: run on it before its own; ``host``: where it is."""
    page = await browser.new_page()
    await page.add_init_script(script)
    await page.goto(f"http://{host}:{(await tv.status())['port']}/{query}")
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Connect", exact=True).click()
    await expect(page.locator("#pin")).to_be_visible()
    return page


async def pair(
    browser: Browser, tv: Box, name: str = "Anna", query: str = "", script: str = "", host: str = "localhost"
) -> Page:
    """The sender page, paired with the PIN that the TV shows."""
    page = await open_page(browser, tv, name, query, script, host)
    await page.locator("#pin").fill(await tv.pin())
    await expect(page.get_by_role("button", name="Choose what to share")).to_be_visible()
    return page


async def share(page: Page) -> None:
    """Share the pattern's tab, with its sound, and wait until the page says that it is on."""
    await page.get_by_role("button", name="Choose what to share").click()
    await expect(page.get_by_role("button", name="Stop sharing")).to_be_visible(timeout=15_000)
