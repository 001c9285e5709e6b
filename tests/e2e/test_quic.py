"""A real Chromium casts over QUIC to a real box: by choice, and where WebRTC finds no way."""

from pathlib import Path

from playwright.async_api import expect

from tests.peers.box import box, collect, readings
from tests.peers.person import pair, pattern_browser, share

NO_UDP = """
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration) { super({...configuration, iceTransportPolicy: "relay"}); }
};
"""
"""As where a policy forbids WebRTC its own UDP: without a relay there is no path for it."""


async def test_a_tab_is_shared_over_quic_paused_and_stopped(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, pattern_browser() as browser:
        page = await pair(browser, tv, query="?transport=quic")
        await share(page)
        cast = await tv.until(lambda status: next((cast for cast in status["casts"] if cast["live"]), None))
        assert cast["sender"] == "Anna"
        async with tv.tap() as tap:
            seen = readings(await collect(tap, 4))
            ages = sorted(age for age, _ in seen)
            print(len(seen), "p50", ages[len(ages) // 2], "p95", ages[len(ages) * 95 // 100])
            assert len(seen) > 8
            assert [number for _, number in seen] == sorted(number for _, number in seen)
            await tv.until(lambda status: status["casts"][0]["srtp_cipher"] == "QUIC")
            await expect(page.get_by_text("Mbit/s")).to_be_visible()
            await page.screenshot(path=tmp_path / "page.png")
            await page.get_by_role("button", name="Pause").click()
            resume = page.get_by_role("button", name="Resume")
            await expect(resume).to_be_visible()
            await collect(tap, 0.5)
            assert not readings(await collect(tap, 1)), "pictures still change while paused"
            await resume.click()
            assert readings(await collect(tap, 3)), "no pictures after resume"
        await page.get_by_role("button", name="Stop sharing").click()
        await tv.until(lambda status: not status["casts"])
        await expect(page.get_by_role("button", name="Choose what to share")).to_be_visible()


async def test_a_new_stage_gets_a_whole_picture(tmp_path: Path) -> None:
    """A keyframe on request: without one the new decoder could show nothing."""
    async with box(tmp_path) as tv, pattern_browser() as browser:
        await share(await pair(browser, tv, query="?transport=quic"))
        await tv.until(lambda status: any(cast["live"] for cast in status["casts"]))
        async with tv.tap() as tap:
            assert readings(await collect(tap, 1))
            next(process for process, module in tv.children() if module == "receiver.stage").kill()
            later = readings((await collect(tap, 6))[-40:])
        assert later


async def test_where_webrtc_finds_no_way_quic_is_taken(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, pattern_browser() as browser:
        page = await pair(browser, tv, script=NO_UDP)
        await page.get_by_role("button", name="Choose what to share").click()
        await tv.until(lambda status: any(cast["live"] for cast in status["casts"]), 20)
        await tv.until(lambda status: status["casts"][0]["srtp_cipher"] == "QUIC")
        async with tv.tap() as tap:
            assert len(readings(await collect(tap, 3))) > 3


async def test_a_page_that_was_opened_by_an_ipv6_address_shares_over_quic(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, pattern_browser() as browser:
        await share(await pair(browser, tv, query="?transport=quic", host="[::1]"))
        await tv.until(lambda status: any(cast["live"] for cast in status["casts"]))
        await tv.until(lambda status: status["casts"][0]["srtp_cipher"] == "QUIC")
        async with tv.tap() as tap:
            assert readings(await collect(tap, 3))
