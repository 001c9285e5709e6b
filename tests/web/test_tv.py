"""The box's own page: what the TV shows, live enough, and in words where it can't be seen."""

from base64 import b64decode
from http import HTTPStatus

import pytest
from playwright.async_api import Page, expect

from tests.peers.fake_box import FakeBox

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==")


async def test_snapshots_are_refreshed(page: Page, box: FakeBox) -> None:
    box.snapshot = (HTTPStatus.OK, PIXEL)
    await page.goto(f"{box.url}tv")
    await expect(page.get_by_role("img")).to_be_visible()
    await expect(page.get_by_role("status")).to_be_empty()
    shown = await page.get_by_role("img").get_attribute("src")
    await expect(page.get_by_role("img")).not_to_have_attribute("src", shown or "")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (HTTPStatus.FORBIDDEN, "only on the machine itself"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "The screen is being started"),
    ],
)
async def test_no_picture_is_explained_and_comes_back(page: Page, box: FakeBox, status: HTTPStatus, words: str) -> None:
    box.snapshot = (status, b"")
    await page.goto(f"{box.url}tv")
    await expect(page.get_by_role("status")).to_contain_text(words)
    box.snapshot = (HTTPStatus.OK, PIXEL)
    await expect(page.get_by_role("img")).to_be_visible()


async def test_nothing_is_asked_while_nobody_looks(page: Page, box: FakeBox) -> None:
    await page.add_init_script(
        "Object.defineProperty(document, 'visibilityState', { get: () => window.look ?? 'hidden' });"
    )
    box.snapshot = (HTTPStatus.OK, PIXEL)
    await page.goto(f"{box.url}tv")
    await page.wait_for_timeout(700)
    assert box.snapshots_asked == 0
    await page.evaluate("window.look = 'visible'; document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.get_by_role("img")).to_be_visible()
