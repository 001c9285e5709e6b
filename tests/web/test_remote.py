"""Controlling the TV from the page: asking, keyboard, pad, remote keys and text, and letting go of all of it."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.peers.fake_box import FakeBox
from tests.peers.sender_page import pair

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def tell(box: FakeBox, you: str) -> None:
    await box.visits[-1].notify("input.state", {"you": you, "asked_by": [], "granted": []})


async def control(page: Page, box: FakeBox) -> None:
    await pair(page, box)
    await page.get_by_role("button", name="Control this TV").click()
    await expect(page.get_by_role("heading")).to_have_text("Waiting to be let")
    await tell(box, "granted")
    await expect(page.get_by_role("heading")).to_have_text("You control Living room")


async def events(box: FakeBox, count: int, kind: str = "key") -> list[dict[str, Any]]:
    """The first events of a kind, once there are so many."""
    at = 0
    while len(found := [one for one in box.seen("input.event") if one["kind"] == kind]) < count:
        at += 1
        await box.until("input.event", at)
    return found


def key(code: str, action: str) -> dict[str, str]:
    return {"kind": "key", "code": code, "action": action}


async def test_a_keyboard_goes_to_the_tv_and_is_let_go(page: Page, box: FakeBox) -> None:
    await control(page, box)
    await page.keyboard.press("a")
    await page.keyboard.down("Shift")
    await page.evaluate("window.dispatchEvent(new Event('blur'))")
    assert (await events(box, 4))[:4] == [
        *(key("KeyA", "down"), key("KeyA", "up"), key("ShiftLeft", "down"), key("ShiftLeft", "up"))
    ]


async def test_what_is_held_is_vouched_for(page: Page, box: FakeBox) -> None:
    await control(page, box)
    await page.keyboard.down("ArrowUp")
    assert (await events(box, 3))[:3] == [key("ArrowUp", "down")] * 3
    await page.keyboard.up("ArrowUp")


async def test_remote_keys_text_and_pad(page: Page, box: FakeBox) -> None:
    await control(page, box)
    await page.get_by_role("button", name="OK", exact=True).click()
    assert await events(box, 2) == [key("Ok", "down"), key("Ok", "up")]
    await page.get_by_role("textbox", name="Text").fill("Grüße!")
    await page.get_by_role("button", name="Type it").click()
    assert await events(box, 1, "text") == [{"kind": "text", "text": "Grüße!"}]
    pad = await page.locator("#pad").bounding_box()
    assert pad is not None
    await page.mouse.click(pad["x"] + pad["width"] / 2, pad["y"] + pad["height"] / 4)
    clicks: list[dict[str, Any]] = []
    for count in (2, 3, 4):  # the pointer's way there may be told, or not
        if len(clicks) < 2:
            clicks = [one for one in await events(box, count, "pointer") if "action" in one]
    assert [one["action"] for one in clicks] == ["down", "up"]
    assert clicks[1]["x"] == pytest.approx(0.5, abs=0.01)
    assert clicks[1]["y"] == pytest.approx(0.25, abs=0.01)
    await page.mouse.wheel(0, 100)
    assert (await events(box, 1, "wheel"))[0]["dy"] > 0


async def test_a_tap_is_a_click(browser: Browser, box: FakeBox) -> None:
    context = await browser.new_context(has_touch=True, viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await control(page, box)
    await page.locator("#pad").tap()
    click = (await events(box, 1, "mouse-click"))[0]
    assert click["x"] == pytest.approx(0.5, abs=0.02)
    await context.close()


async def test_whoever_is_stopped_is_told(page: Page, box: FakeBox) -> None:
    await control(page, box)
    await tell(box, "none")
    await expect(page.get_by_text("You no longer control the TV: somebody there ended it.")).to_be_visible()
    await page.get_by_role("button", name="Control this TV").click()
    await expect(page.get_by_role("heading")).to_have_text("Waiting to be let")
    await tell(box, "none")
    await expect(page.get_by_text("You were not let control the TV.")).to_be_visible()


async def test_whoever_stops_gives_it_back(page: Page, box: FakeBox) -> None:
    await control(page, box)
    await page.keyboard.down("ArrowUp")
    await page.get_by_role("button", name="Stop controlling").click()
    await box.until("input.release")
    assert (await events(box, 2))[-1] == key("ArrowUp", "up")
    await expect(page.get_by_text("You no longer control the TV.", exact=True)).to_be_visible()
