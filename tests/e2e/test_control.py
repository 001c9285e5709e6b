"""A person at the real page drives a real display, whose devices take all and do nothing; the TV says who."""

from pathlib import Path

from playwright.async_api import expect

from tests.peers.box import box
from tests.peers.person import pair, pattern_browser


async def test_a_person_drives_the_display(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, pattern_browser() as browser:
        await tv.until(lambda status: status["input"]["able"])
        page = await pair(browser, tv)
        before = (await tv.snapshot()).image
        await page.get_by_role("button", name="Control this TV").click()
        await expect(page.get_by_role("heading")).to_have_text("You control Test room")
        await page.keyboard.press("ArrowDown")
        await page.get_by_role("button", name="OK", exact=True).click()
        await page.locator("#pad").hover()
        await tv.until(lambda status: status["input"]["carried"] >= 5)
        state = (await tv.status())["input"]
        assert (state["granted"], state["refused"]) == (["Anna"], 0)
        shown = (await tv.snapshot()).image
        assert shown != before, "the TV says who controls it"
        await page.get_by_role("button", name="Stop controlling").click()
        await tv.until(lambda status: status["input"]["granted"] == [])
