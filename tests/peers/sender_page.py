"""What a person does on the sender page, up to a picture on the TV, from the keyboard alone."""

from playwright.async_api import Page, expect

from tests.peers.fake_box import FakeBox

PATTERN = "Pattern to share"
"""The title of the tab that the browser is told to pick."""

MOVING = f"""<title>{PATTERN}</title><canvas width=640 height=360></canvas><script>
const c = document.querySelector("canvas").getContext("2d"); let n = 0;
setInterval(() => {{ c.fillStyle = `hsl(${{n++ * 7 % 360}} 60% 50%)`; c.fillRect(0, 0, 640, 360); }}, 33);
</script>"""


async def open_pattern(page: Page) -> None:
    """Put something moving in the next tab."""
    pattern = await page.context.new_page()
    await pattern.set_content(MOVING)
    await page.bring_to_front()


async def connect(page: Page, box: FakeBox, fragment: str = "") -> None:
    """Give a name and press Enter."""
    await page.goto(box.url + fragment)
    await page.get_by_label("Your name").fill("Ada Lovelace")
    await page.keyboard.press("Enter")


async def ask_for_pin(page: Page, box: FakeBox) -> None:
    await connect(page, box)
    await expect(page.locator("#pin")).to_be_focused()


async def pair(page: Page, box: FakeBox) -> None:
    await ask_for_pin(page, box)
    await page.keyboard.type(box.does.pin)
    await expect(page.locator("#share-form")).to_be_visible()


async def share(page: Page, box: FakeBox) -> None:
    await open_pattern(page)
    await pair(page, box)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading")).to_have_text("Your screen is on Living room")
