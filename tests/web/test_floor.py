"""Sharing the TV with others: told who shares, waiting for one's turn, and being asked."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.peers.fake_box import FakeBox
from tests.peers.sender_page import open_pattern, pair, share

pytestmark = pytest.mark.asyncio(loop_scope="session")

GRACE = {"session": "grace", "name": "Grace", "stream": 1}
TRACKS = """const real = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getDisplayMedia = async (wish) => (window.captured = await real(wish));"""


async def tell(box: FakeBox, you: str, *, mode: str = "one", role: str = "viewer", **more: Any) -> None:
    """One floor.state, in which the page's own session is in the state ``you``."""
    presenting, queue = more.get("presenting", [GRACE]), more.get("queue", [])
    position = next((n for n, waiting in enumerate(queue, 1) if waiting["session"] == "us"), 0)
    me = {"session": "us", "role": role, "state": you, "position": position, "asked_by": more.get("asked_by", [])}
    state = {"mode": mode, "places": 1, "presenting": presenting, "queue": queue, "you": me}
    await box.visits[-1].notify("floor.state", state)


def waits(session: str, name: str = "Ada Lovelace", state: str = "queued", asked: bool = True) -> dict[str, Any]:
    return {"session": session, "name": name, "state": state, "asked": asked}


async def hold(page: Page, box: FakeBox) -> None:
    """Choose what to share while Grace does."""
    await page.add_init_script(TRACKS)
    await open_pattern(page)
    await pair(page, box)
    await tell(box, "watching")
    await expect(page.get_by_text("Grace is sharing now. You can choose what to share and ask")).to_be_visible()
    await page.get_by_role("button", name="Choose what to share").click()
    await expect(page.get_by_role("heading")).to_have_text("Grace is sharing")
    assert not box.seen("rtc.offer")


async def captured(page: Page) -> list[str]:
    """The states of the chosen tracks."""
    script = "[...new Set(window.captured.getTracks().map((track) => track.readyState))]"
    states: list[str] = await page.evaluate(script)
    return states


async def test_a_turn_comes_by_itself(page: Page, box: FakeBox) -> None:
    await hold(page, box)
    await page.get_by_role("button", name="Ask to take over").click()
    await box.until("floor.request")
    await tell(box, "queued", queue=[waits("other", "Edsger"), waits("us")])
    await expect(page.get_by_role("heading")).to_have_text("You are number 2 in the queue")
    await tell(box, "queued", queue=[waits("us", asked=False)])
    await expect(page.get_by_role("heading")).to_have_text("You are next")
    await expect(page.get_by_text("Grace would like to go on first.")).to_be_visible()
    assert not box.seen("rtc.offer")
    await tell(box, "presenting", presenting=[])
    await expect(page.get_by_role("heading")).to_have_text("Your screen is on Living room")


async def test_who_stops_waiting_lets_go_of_everything(page: Page, box: FakeBox) -> None:
    await hold(page, box)
    await page.get_by_role("button", name="Ask to take over").click()
    await tell(box, "queued", queue=[waits("us")])
    await page.get_by_role("button", name="Stop waiting").click()
    await box.until("floor.release")
    await expect(page.get_by_role("button", name="Choose what to share")).to_be_visible()
    assert await captured(page) == ["ended"]


async def test_who_does_not_ask_lets_go_too(page: Page, box: FakeBox) -> None:
    await hold(page, box)
    await page.get_by_role("button", name="Not now").click()
    await expect(page.get_by_role("button", name="Choose what to share")).to_be_visible()
    assert await captured(page) == ["ended"]
    assert not box.seen("floor.request")


async def test_a_tv_that_becomes_free_is_offered(page: Page, box: FakeBox) -> None:
    await hold(page, box)
    await tell(box, "watching", presenting=[])
    await expect(page.get_by_role("heading")).to_have_text("It is your turn")
    await page.get_by_role("button", name="Share now").click()
    await box.until("floor.request")
    await tell(box, "presenting", presenting=[])
    await expect(page.get_by_role("heading")).to_have_text("Your screen is on Living room")


async def test_a_moderator_says_no(page: Page, box: FakeBox) -> None:
    await open_pattern(page)
    await pair(page, box)
    await tell(box, "watching", mode="moderated", presenting=[])
    await page.get_by_role("button", name="Choose what to share").click()
    await page.get_by_role("button", name="Ask to share").click()
    await tell(box, "asking", mode="moderated", presenting=[], queue=[waits("us", state="asking")])
    await expect(page.get_by_role("heading")).to_have_text("Waiting for a moderator")
    await tell(box, "watching", mode="moderated", presenting=[])
    await expect(page.get_by_text("A moderator did not let you share now.")).to_be_visible()


async def test_a_connection_that_ends_while_waiting_says_so(page: Page, box: FakeBox) -> None:
    await hold(page, box)
    await page.get_by_role("button", name="Ask to take over").click()
    await tell(box, "queued", queue=[waits("us")])
    await box.visits[-1].websocket.close(1001, "")
    await expect(page.get_by_role("heading")).to_have_text("The connection has ended")
    assert await captured(page) == ["ended"]


@pytest.mark.parametrize(("button", "method"), [("Let them", "floor.approve"), ("Not now", "floor.deny")])
async def test_who_shares_is_asked(page: Page, box: FakeBox, button: str, method: str) -> None:
    await share(page, box)
    us = {"session": "us", "name": "Ada Lovelace", "stream": 1}
    await tell(box, "presenting", presenting=[us], queue=[waits("ben", "Ben")], asked_by=["ben"])
    question = page.get_by_role("alert").filter(visible=True)
    await expect(question).to_contain_text("Ben asks to share If you let them, your sharing ends.")
    await question.get_by_role("button", name=button).click()
    assert await box.until(method) == {"session": "ben"}
    await expect(question).to_be_hidden()


@pytest.mark.parametrize(("button", "method"), [("Let them", "input.approve"), ("Not now", "input.deny")])
async def test_who_shares_is_asked_for_control(page: Page, box: FakeBox, button: str, method: str) -> None:
    await share(page, box)
    await tell(box, "presenting", presenting=[{"session": "us", "name": "Ada Lovelace", "stream": 1}])
    asks = {"you": "none", "asked_by": [{"session": "eva", "name": "Eva"}], "granted": []}
    await box.visits[-1].notify("input.state", asks)
    question = page.get_by_role("alert").filter(visible=True)
    await expect(question).to_contain_text("Eva asks to control this TV")
    us = {"session": "us", "name": "Ada Lovelace", "stream": 1}
    await tell(box, "presenting", presenting=[us], queue=[waits("ben", "Ben")], asked_by=["ben"])
    await expect(question).to_contain_text("Eva asks to control this TV 1 more after that.")
    await question.get_by_role("button", name=button).click()
    assert await box.until(method) == {"session": "eva"}
    await box.visits[-1].notify("input.state", asks | {"asked_by": []})
    await expect(question).to_contain_text("Ben asks to share If you let them, your sharing ends.")


async def test_a_question_goes_when_its_asker_does(page: Page, box: FakeBox) -> None:
    await pair(page, box)
    asks: dict[str, Any] = {"mode": "moderated", "role": "owner", "presenting": []}
    await tell(
        box, "watching", **asks, queue=[waits("ben", "Ben", "asking"), waits("eva", "Eva")], asked_by=["ben", "eva"]
    )
    question = page.get_by_role("alert").filter(visible=True)
    await expect(question).to_contain_text("1 more after that.")
    await tell(box, "watching", **asks)
    await expect(question).to_be_hidden()
