"""One Chromium for the room's tests; each test has a fresh profile and a box of its own."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page

from tests.peers.chromium import chromium
from tests.peers.fake_box import FakeBox, fake_box
from tests.peers.sender_page import PATTERN


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium(PATTERN, ("--host-resolver-rules=MAP box.test 127.0.0.1",)) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def box() -> AsyncIterator[FakeBox]:
    async with fake_box() as box:
        yield box


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page on which no script may fail."""
    page = await context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    yield page
    assert not failures
