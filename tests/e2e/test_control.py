"""A person at the real page drives a real display, whose devices take all and do nothing; the TV says who."""

from pathlib import Path

from playwright.async_api import expect

from tests.peers.box import CONFIG, box
from tests.peers.person import pair, pattern_browser, share


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


async def test_a_person_shares_and_drives_at_once(tmp_path: Path) -> None:
    config = CONFIG.replace("[input]", '[input]\nback = "always"')
    async with box(tmp_path, config=config) as tv, pattern_browser() as browser:
        await tv.until(lambda status: status["input"]["able"])
        page = await pair(browser, tv)
        await share(page)
        await page.get_by_role("button", name="Control this TV").click()
        await expect(page.get_by_text("You control Test room")).to_be_visible()
        await page.get_by_label("Take touches and keys from the TV").check()
        await tv.until(lambda status: status["input"]["back"] == {"accepted": ["Anna"], "to": "Anna"})
        await page.locator("#pad").hover()
        await page.keyboard.press("ArrowDown")
        await page.get_by_role("button", name="OK", exact=True).click()
        await tv.until(lambda status: status["input"]["carried"] >= 5)
        await page.screenshot(path=tmp_path / "page.png", full_page=True)
        (tmp_path / "tv.png").write_bytes((await tv.snapshot()).image)
        state = await tv.status()
        assert state["casts"], "the picture goes on"
        assert (state["input"]["granted"], state["input"]["refused"]) == (["Anna"], 0)
        await page.get_by_role("button", name="Stop controlling").click()
        await tv.until(lambda status: status["input"]["granted"] == [])
        await expect(page.get_by_role("button", name="Control this TV")).to_be_visible()
        await page.get_by_role("button", name="Control this TV").click()
        await tv.until(lambda status: status["input"]["granted"] == ["Anna"])
        await page.get_by_role("button", name="Stop sharing").click()
        await tv.until(lambda status: status["input"]["granted"] == [])
        assert (await tv.status())["input"]["back"] == {"accepted": [], "to": None}
        await expect(page.get_by_role("button", name="Choose what to share")).to_be_visible()
