"""A real Chromium, headless, driven by Playwright."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

EXECUTABLE = shutil.which("chromium")
"""The system's own; None where there is only the one that Playwright installs (Ubuntu)."""

ARGUMENTS = [
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--autoplay-policy=no-user-gesture-required",
]


@asynccontextmanager
async def chromium(
    share_tab: str | None = None, arguments: tuple[str, ...] = (), executable: str | None = EXECUTABLE
) -> AsyncIterator[Browser]:
    """A browser; with ``share_tab`` its screen picker chooses the tab of that title by itself."""
    picked = [f"--auto-select-tab-capture-source-by-title={share_tab}"] if share_tab else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=[*ARGUMENTS, *picked, *arguments], ignore_default_args=["--mute-audio"]
        )
        try:
            yield browser
        finally:
            await browser.close()
