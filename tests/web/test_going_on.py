"""What the page does when the network, the session or the page itself goes away under a cast: it goes on by itself."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.peers.fake_box import FakeBox, Refused
from tests.peers.sender_page import open_pattern, pair, share
from tests.web.test_casting import WATCH_CAPTURE, WATCH_PEERS, bytes_sent, frames

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIVE = "Your screen is on Living room"
CAPTURES = """let asked = 0; const pick = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getDisplayMedia = (wish) => (window.asked = ++asked, pick(wish));"""


def cut(box: FakeBox) -> None:
    """The socket is gone, without a close frame."""
    box.visits[-1].websocket.transport.abort()


async def reads(page: Page, heading: str) -> None:
    await expect(page.get_by_role("heading")).to_have_text(heading, timeout=20_000)


async def peers(page: Page) -> list[str]:
    """How the page's peer connections stand, in the order in which it made them."""
    states: list[str] = await page.evaluate("window.peers.map((peer) => peer.connectionState)")
    return states


async def test_a_paused_cast_is_still_paused_in_the_next_session(page: Page, box: FakeBox) -> None:
    await page.add_init_script(WATCH_PEERS)
    await share(page, box)
    await frames(box)
    await page.get_by_role("button", name="Pause").click()
    await box.until("display.pause")
    cut(box)
    await box.until("rtc.offer", 2)
    await reads(page, "Paused on Living room")
    before = await bytes_sent(page)
    await asyncio.sleep(0.5)
    assert await bytes_sent(page) == before
    await page.get_by_role("button", name="Resume").click()
    await reads(page, LIVE)
    await frames(box, 30)


async def test_stopping_while_the_tv_is_looked_for_ends_the_capture(page: Page, box: FakeBox) -> None:
    await page.add_init_script(WATCH_CAPTURE)
    await share(page, box)
    box.does.refuse["ddp.hello"] = Refused(-32603, "The screen is being started again.")
    cut(box)
    await expect(page.get_by_text("What you chose stays chosen")).to_be_visible()
    await page.get_by_role("button", name="Stop sharing").click()
    assert await page.evaluate("window.captured.getTracks().every((track) => track.readyState === 'ended')")
    del box.does.refuse["ddp.hello"]
    offers = len(box.seen("rtc.offer"))
    await asyncio.sleep(1)
    assert len(box.seen("rtc.offer")) == offers


async def test_another_tv_at_the_address_is_given_nothing(page: Page, box: FakeBox) -> None:
    await page.add_init_script(WATCH_CAPTURE)
    await share(page, box)
    box.display_id = "tv-of-somebody-else"
    cut(box)
    await reads(page, "Sharing has ended")
    await expect(page.get_by_role("status").filter(visible=True)).to_contain_text("Another TV answers at this address")
    assert await page.evaluate("window.captured.getTracks().every((track) => track.readyState === 'ended')")
    assert len(box.seen("rtc.offer")) == 1


async def test_a_tv_that_somebody_else_has_taken_meanwhile_is_waited_for(page: Page, box: FakeBox) -> None:
    await page.add_init_script(CAPTURES)
    await share(page, box)
    grace = {"session": "grace", "name": "Grace", "stream": 1}
    you = {"session": "us", "role": "viewer", "state": "watching", "position": 0, "asked_by": []}
    box.does.floor = {"mode": "one", "places": 1, "presenting": [grace], "queue": [], "you": you}
    box.does.refuse["rtc.offer"] = Refused(-32008, sender="Grace", may_ask=True)
    cut(box)
    await reads(page, "Grace is sharing")
    assert len(box.seen("rtc.offer")) == 2
    await page.get_by_role("button", name="Ask to take over").click()
    await box.until("floor.request")
    del box.does.refuse["rtc.offer"]
    free = {"presenting": [], "you": you | {"state": "presenting"}}
    await box.visits[-1].notify("floor.state", box.does.floor | free)
    await reads(page, LIVE)
    await frames(box)
    assert await page.evaluate("window.asked") == 1


async def test_a_device_that_was_revoked_is_not_looked_for_again(page: Page, box: FakeBox) -> None:
    await share(page, box)
    box.knows.clear()
    cut(box)
    await reads(page, "Sharing has ended")
    assert len(box.seen("rtc.offer")) == 1


async def test_a_path_that_fails_is_replaced_by_another_one_behind_the_same_session(page: Page, box: FakeBox) -> None:
    await page.add_init_script(WATCH_PEERS)
    await share(page, box)
    await frames(box)
    first = box.visits[0].peer
    assert first is not None
    await first.close()  # its DTLS says goodbye, and the browser's path has failed or is closed
    await box.until("rtc.offer", 2, timeout_s=40)
    await reads(page, LIVE)
    await frames(box, 30)
    assert len(box.visits) == 1
    assert (await peers(page))[0] == "closed"


async def test_a_page_that_is_loaded_anew_connects_by_itself_and_asks_what_to_share(page: Page, box: FakeBox) -> None:
    """No browser lets a capture outlive its page, so the person has to choose again; nothing else is asked."""
    await share(page, box)
    await page.reload()
    await expect(page.locator("#share-form")).to_be_visible()
    await expect(page.get_by_role("status").filter(visible=True)).to_contain_text(
        "Sharing ended when this page was left"
    )
    assert box.visits[0].websocket.close_code == 1000
    assert len(box.seen("pair.start")) == 1
    await page.keyboard.press("Enter")
    await box.until("rtc.offer", 2)
    await reads(page, LIVE)
    await page.get_by_role("button", name="Stop sharing").click()
    await page.reload()
    await expect(page.locator("#name-form")).to_be_visible()


async def test_a_page_loaded_before_anything_was_shared_asks_as_always(page: Page, box: FakeBox) -> None:
    await open_pattern(page)
    await pair(page, box)
    await page.reload()
    await expect(page.locator("#name-form")).to_be_visible()
