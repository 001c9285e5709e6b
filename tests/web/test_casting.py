"""Casting from a real Chromium into a real peer connection, and every way in which it ends."""

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from tests.peers.fake_box import FakeBox, Refused
from tests.peers.sender_page import open_pattern, pair, share

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def frames(box: FakeBox, count: int = 5) -> None:
    """Waits for decoded pictures."""
    track = next(track for track in box.visits[-1].tracks if track.kind == "video")
    for _ in range(count):
        await asyncio.wait_for(track.recv(), 15)


async def bytes_sent(page: Page) -> int:
    """Of pictures, by all peers the page has made; padding that probes the path does not count."""
    return int(
        await page.evaluate(
            """async () => { let sum = 0; for (const peer of window.peers)
            for (const s of (await peer.getStats()).values())
                if (s.type === "outbound-rtp" && s.kind === "video") sum += s.bytesSent; return sum; }"""
        )
    )


WATCH_PEERS = """window.peers = []; const Real = RTCPeerConnection;
window.RTCPeerConnection = class extends Real { constructor(...a) { super(...a); window.peers.push(this); } };"""
WATCH_CAPTURE = """const real = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getDisplayMedia = async (wish) => (window.captured = await real(wish));"""


def failing_capture(name: str, message: str) -> str:
    return f"navigator.mediaDevices.getDisplayMedia = async () => {{ throw new DOMException('{message}', '{name}'); }};"


async def test_picture_sound_and_figures(page: Page, box: FakeBox) -> None:
    await share(page, box)
    await frames(box)
    assert {track.kind for track in box.visits[0].tracks} == {"video", "audio"}
    offer = box.seen("rtc.offer")[0]["sdp"]
    assert "a=sendonly" in offer
    assert "a=recvonly" not in offer
    candidates = [candidate["candidate"] for candidate in box.seen("rtc.candidate")]
    assert any(candidate.startswith("candidate:") for candidate in candidates)
    stats = {"width": 1920, "height": 1080, "fps": 59.9, "codec": "VP8", "transit_ms": 21.4, "dropped": {"late": 2}}
    await box.visits[0].notify("display.stats", {"stream": 1, **stats})
    facts = page.locator(".facts")
    for words in ("1920 × 1080", "60 a second", "2 frames", "VP8, with sound"):
        await expect(facts).to_contain_text(words)
    await expect(facts).to_contain_text("about")


async def test_pause_sends_nothing_and_resume_goes_on(page: Page, box: FakeBox) -> None:
    await page.add_init_script(WATCH_PEERS)
    await share(page, box)
    await frames(box)
    await page.get_by_role("button", name="Pause").click()
    await box.until("display.pause")
    await expect(page.get_by_role("heading")).to_have_text("Paused on Living room")
    before = await bytes_sent(page)
    assert before > 0
    await asyncio.sleep(0.5)
    assert await bytes_sent(page) == before
    await page.get_by_role("button", name="Resume").click()
    await box.until("display.play")
    await expect(page.get_by_role("heading")).to_have_text("Your screen is on Living room")
    await frames(box, 30)


async def test_a_pause_by_somebody_else_is_told_and_can_be_ended(page: Page, box: FakeBox) -> None:
    await share(page, box)
    await frames(box)
    await box.visits[-1].notify("display.state", {"stream": 1, "state": "paused", "by": "Mo"})
    await expect(page.get_by_role("heading")).to_have_text("Paused on Living room")
    await expect(page.get_by_text("Mo has paused it.")).to_be_visible()
    await box.visits[-1].notify("display.state", {"stream": 1, "state": "playing", "by": "Mo"})
    await expect(page.get_by_role("heading")).to_have_text("Your screen is on Living room")
    await box.visits[-1].notify("display.state", {"stream": 1, "state": "paused", "by": "Mo"})
    await page.get_by_role("button", name="Resume").click()
    await box.until("display.play")
    await expect(page.get_by_role("heading")).to_have_text("Your screen is on Living room")


async def test_stop_and_share_again_without_a_pin(page: Page, box: FakeBox) -> None:
    await page.add_init_script(WATCH_CAPTURE)
    await share(page, box)
    await page.get_by_role("button", name="Stop sharing").click()
    await box.until("display.stop")
    await expect(page.get_by_role("heading")).to_have_text("Connected to Living room")
    assert await page.evaluate("window.captured.getTracks().map((t) => t.readyState)") == ["ended", "ended"]
    await page.keyboard.press("Enter")
    await box.until("rtc.offer", 2)
    await expect(page.get_by_role("heading")).to_have_text("Your screen is on Living room")
    assert len(box.visits) == 1


async def test_the_browsers_own_stop_button_ends_it(page: Page, box: FakeBox) -> None:
    await page.add_init_script(WATCH_CAPTURE)
    await share(page, box)
    await page.evaluate("window.captured.getVideoTracks()[0].dispatchEvent(new Event('ended'))")
    await box.until("display.stop")
    await expect(page.locator("#share-form")).to_be_visible()
    await expect(page.get_by_role("status").filter(visible=True)).to_have_text("Sharing was ended in the browser.")


async def test_the_page_names_its_stream_and_says_nothing_of_one_that_is_gone(page: Page, box: FakeBox) -> None:
    """A moderator's "stop" without a name would mean whoever shares by then."""
    await share(page, box)
    await page.get_by_role("button", name="Pause").click()
    assert await box.until("display.pause") == {"stream": 1}
    await page.get_by_role("button", name="Resume").click()
    assert await box.until("display.play") == {"stream": 1}
    await page.get_by_role("button", name="Stop sharing").click()
    assert await box.until("display.stop") == {"stream": 1}
    box.does.refuse["rtc.offer"] = Refused(-32008, sender="Grace")
    await page.get_by_role("button", name="Choose what to share").click()
    await expect(page.get_by_text("Grace is casting to this TV now.")).to_be_visible()
    del box.does.refuse["rtc.offer"]
    await page.get_by_role("button", name="Choose what to share").click()
    await expect(page.get_by_role("heading")).to_have_text("Your screen is on Living room")
    await box.visits[0].notify("session.state", {"state": "ended", "reason": "Ben is sharing now."})
    await expect(page.get_by_role("heading")).to_have_text("Sharing has ended")
    await page.get_by_role("button", name="Share again").click()
    await expect(page.locator("#share-form")).to_be_visible()
    assert len(box.seen("display.stop")) == 1


async def test_the_tv_ends_it_and_says_why(page: Page, box: FakeBox) -> None:
    await share(page, box)
    await box.visits[0].notify("session.state", {"state": "ended", "reason": "The display is switching off."})
    await expect(page.get_by_role("heading")).to_have_text("Sharing has ended")
    await expect(page.get_by_role("status").filter(visible=True)).to_have_text("The display is switching off.")
    await page.get_by_role("button", name="Share again").click()
    await expect(page.locator("#share-form")).to_be_visible()


async def test_reconnecting_is_told_and_passes(page: Page, box: FakeBox) -> None:
    await share(page, box)
    heading = page.get_by_role("heading")
    async with asyncio.timeout(20):
        while await heading.text_content() != "Reconnecting to Living room":  # a late "live" of the start may undo it
            await box.visits[0].notify("session.state", {"state": "reconnecting", "reason": "The cable came out."})
            await asyncio.sleep(0.3)
    await expect(page.get_by_text("The cable came out.")).to_be_visible()
    await box.visits[0].notify("session.state", {"state": "live", "reason": ""})
    await expect(heading).to_have_text("Your screen is on Living room")


async def test_the_tv_may_ask_for_another_path(page: Page, box: FakeBox) -> None:
    await share(page, box)
    lost = {"state": "reconnecting", "reason": "The display lost the picture.", "again": True}
    await box.visits[0].notify("session.state", lost)
    await box.until("rtc.offer", 2)
    await expect(page.get_by_role("heading")).to_have_text("Your screen is on Living room")
    assert not box.seen("display.stop")


async def test_a_session_that_is_gone_goes_on_in_another_without_a_pin_or_a_click(page: Page, box: FakeBox) -> None:
    await page.add_init_script(WATCH_CAPTURE)
    await share(page, box)
    box.visits[0].websocket.transport.abort()  # and this box resumes nothing, as after a restart
    await box.until("rtc.offer", 2)
    await expect(page.get_by_role("heading")).to_have_text("Your screen is on Living room")
    assert await page.evaluate("window.captured.getTracks().map((t) => t.readyState)") == ["live", "live"]
    assert len(box.seen("pair.start")) == 1


async def test_a_close_reason_is_shown(page: Page, box: FakeBox) -> None:
    await share(page, box)
    await box.visits[0].websocket.close(4002, "An administrator ended this session.")
    await expect(page.get_by_role("status").filter(visible=True)).to_have_text("An administrator ended this session.")


async def test_closing_the_page_says_goodbye(page: Page, box: FakeBox) -> None:
    await share(page, box)
    await page.goto("about:blank")
    await asyncio.wait_for(box.visits[0].websocket.wait_closed(), 5)
    assert box.visits[0].websocket.close_code == 1000


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (Refused(-32008, sender="Grace"), "Grace is casting to this TV now."),
        (Refused(-32008, "Grace is sharing now. Ask them to stop."), "Grace is sharing now. Ask them to stop."),
        (Refused(-32010), "have no way to cast in common"),
        (Refused(-32603, "The screen is being started again."), "The screen is being started again."),
    ],
)
async def test_a_refused_offer_is_said_in_words(page: Page, box: FakeBox, refusal: Refused, words: str) -> None:
    box.does.refuse["rtc.offer"] = refusal
    await page.add_init_script(WATCH_CAPTURE)
    await open_pattern(page)
    await pair(page, box)
    await page.keyboard.press("Enter")
    await box.until("rtc.offer")
    await expect(page.get_by_role("status").filter(visible=True)).to_contain_text(words)
    assert await page.evaluate("window.captured.getTracks().every((t) => t.readyState === 'ended')")


@pytest.mark.parametrize(
    ("name", "message", "words"),
    [
        ("NotAllowedError", "Permission denied", "Nothing is shared"),
        ("NotAllowedError", "Permission denied by system", "system's privacy settings"),
        ("NotReadableError", "Could not start video source", "system's privacy settings"),
        ("NotFoundError", "None", "There is nothing to share"),
    ],
)
async def test_a_failed_capture_is_said_in_words(page: Page, box: FakeBox, name: str, message: str, words: str) -> None:
    await page.add_init_script(failing_capture(name, message))
    await pair(page, box)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").filter(visible=True)).to_contain_text(words)
    assert not box.seen("rtc.offer")


async def test_an_altered_fingerprint_gives_no_picture(page: Page, box: FakeBox) -> None:
    def alter(sdp: str) -> str:
        return re.sub(r"(a=fingerprint:sha-256 )(..)", lambda m: m[1] + ("01" if m[2] == "00" else "00"), sdp)

    box.does.answer = alter
    await page.add_init_script(WATCH_PEERS)
    await open_pattern(page)
    await pair(page, box)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading")).to_have_text("Sharing has ended", timeout=20_000)
    await expect(page.get_by_role("status").filter(visible=True)).to_contain_text("can't reach the TV")
    assert await bytes_sent(page) == 0
