"""What people do at the TV, on the page that shares: shown there, and given to its scripts."""

import pytest
from playwright.async_api import Page, expect

from tests.peers.fake_box import FakeBox
from tests.peers.sender_page import share

pytestmark = pytest.mark.asyncio(loop_scope="session")

LISTEN = "window.told = []; document.addEventListener('ddp:input', ({ detail }) => window.told.push(detail));"


async def test_what_people_do_at_the_tv_shows_here(page: Page, box: FakeBox) -> None:
    box.does.more = ", back=(key pointer wheel touch)"
    await page.add_init_script(LISTEN)
    await share(page, box)
    assert "back=(key pointer wheel touch)" in box.seen("ddp.hello")[0]["capability"]
    await page.get_by_label("Take touches and keys from the TV").check()
    await box.until("input.accept")
    await expect(page.get_by_text("What people do at the TV shows here.")).to_be_visible()
    visit = box.visits[-1]
    touch = {"kind": "touch", "finger": 0, "action": "down", "x": 0.25, "y": 0.5}
    key = {"kind": "key", "code": "Ok", "action": "down"}
    for event in (touch, key):
        await visit.notify("input.event", event)
    await expect(page.locator("#back i.down")).to_have_count(1)
    await expect(page.locator("#back .said")).to_have_text("Key Ok")
    assert await page.evaluate("window.told") == [touch, key]
    place, mark = await page.locator(".there").bounding_box(), await page.locator("#back i").bounding_box()
    assert place is not None
    assert mark is not None
    assert abs((mark["x"] + mark["width"] / 2 - place["x"]) / place["width"] - 0.25) < 0.01
    await visit.notify("input.event", touch | {"action": "up"})
    await expect(page.locator("#back i")).to_have_count(0)
    await visit.notify("input.back", {"active": False})
    await expect(page.locator("#back .there")).to_be_hidden()
    await page.get_by_label("Take touches and keys from the TV").uncheck()
    await box.until("input.accept", 2)
    assert box.seen("input.accept")[-1] == {"kinds": []}


async def test_a_tv_that_tells_nothing_is_not_asked(page: Page, box: FakeBox) -> None:
    await share(page, box)
    await expect(page.locator("#back")).to_be_hidden()
