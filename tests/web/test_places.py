"""Where the page can't cast it says so, and what to do; and it fits every width."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.peers.fake_box import FakeBox, b64

pytestmark = pytest.mark.asyncio(loop_scope="session")

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"
NO_CAPTURE = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });"


async def test_an_insecure_page_leads_to_the_secure_one(page: Page, box: FakeBox) -> None:
    secret = b64(bytes(16))
    await page.goto(f"http://box.test:{box.port}/#k={secret}")
    await expect(page.get_by_role("heading")).to_have_text("One step to a secure page")
    assert not page.url.endswith(secret)
    link = page.get_by_role("link", name="Open the secure page")
    assert await link.get_attribute("href") == f"https://box.test:8443/#k={secret}"
    await expect(page.get_by_text("Proceed to box.test (unsafe)")).to_be_visible()
    await page.get_by_text("Firefox", exact=True).click()
    await expect(page.get_by_text("Accept the Risk and Continue")).to_be_visible()


async def test_a_phone_is_a_remote_control(browser: Browser, box: FakeBox) -> None:
    context = await browser.new_context(user_agent=IPHONE, viewport={"width": 360, "height": 740})
    page = await context.new_page()
    await page.add_init_script(NO_CAPTURE)
    await page.goto(box.url)
    await page.get_by_label("Your name").fill("Ada")
    await page.keyboard.press("Enter")
    await page.locator("#pin").fill(box.does.pin)
    await expect(page.get_by_role("button", name="Control this TV")).to_be_visible()
    await expect(page.get_by_text("https://localhost:8443/")).to_be_visible()
    await expect(page.get_by_role("button", name="Choose what to share")).to_be_hidden()
    await context.close()


async def test_a_browser_without_x25519_is_told_which_ones_have_it(page: Page, box: FakeBox) -> None:
    await page.add_init_script("crypto.subtle.generateKey = async () => { throw new Error(); };")
    await page.goto(box.url)
    await expect(page.get_by_text("Firefox from 130")).to_be_visible()


async def test_nothing_is_wider_than_320_pixels(page: Page, box: FakeBox) -> None:
    box.display_name = "Boardroom-on-the-fourteenth-floor-with-the-view"
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.goto(box.url)
    for view in await page.evaluate("[...document.querySelectorAll('section')].map((s) => s.dataset.view)"):
        await page.evaluate(
            "v => document.querySelectorAll('section').forEach((s) => s.hidden = s.dataset.view !== v)", view
        )
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320, view


async def test_every_control_is_large_enough_to_touch(page: Page, box: FakeBox) -> None:
    await page.goto(box.url)
    small = await page.evaluate(
        """() => { for (const s of document.querySelectorAll("section, aside, #remote, #back")) s.hidden = false;
        return [...document.querySelectorAll("button, a, summary, input:not([type=radio], [type=checkbox]), .choice")]
            .filter((control) => control.offsetHeight < 44).map((control) => control.outerHTML); }"""
    )
    assert small == []


async def test_an_illegal_move_between_views_is_named(page: Page, box: FakeBox) -> None:
    await page.goto(box.url)
    await expect(page.get_by_label("Your name")).to_be_visible()
    message = await page.evaluate(
        """async () => { const { Ui } = await import("/ui.js");
        try { new Ui().show("sharing"); } catch (error) { return error.message; } }"""
    )
    assert message == "no way from opening to sharing"
