"""First light: someone opens a page, types a PIN, and their screen is on the TV."""

import time
from pathlib import Path

import psutil
from playwright.async_api import expect

from receiver.link import TapPicture
from tests.peers.box import box, collect, readings
from tests.peers.person import open_page, pair, pattern_browser, share


async def test_a_shared_tab_is_on_the_tv(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, pattern_browser() as browser:
        page = await pair(browser, tv)
        await share(page)
        await tv.until(lambda status: any(cast["live"] for cast in status["casts"]))
        async with tv.tap() as tap:
            seen = readings(await collect(tap, 4))
        ages = sorted(age for age, _ in seen)
        print(len(seen), "p50", ages[len(ages) // 2], "p95", ages[len(ages) * 95 // 100])
        frames = [frame for _, frame in seen]
        assert frames == sorted(frames)
        assert len(seen) > 60
        (tmp_path / "tv.png").write_bytes((await tv.snapshot()).image)
        await page.screenshot(path=tmp_path / "page.png")
        print(await tv.status())


async def test_a_second_sender_is_told_who_shares(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, pattern_browser() as browser:
        await share(await pair(browser, tv, "Anna"))
        second = await pair(browser, tv, "Ben")
        await second.get_by_role("button", name="Choose what to share").click()
        await expect(second.get_by_role("heading", name="Anna is sharing")).to_be_visible()
        assert [cast["sender"] for cast in (await tv.status())["casts"]] == ["Anna"]


async def test_a_wrong_pin_gives_no_picture_and_says_so(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, pattern_browser() as browser:
        page = await open_page(browser, tv)
        right = await tv.pin()
        await page.locator("#pin").fill(f"{(int(right) + 1) % 10**8:08}")
        await expect(page.get_by_text("That is not the PIN on the TV.")).to_be_visible()
        await expect(page.get_by_text("4 tries are left")).to_be_visible()
        assert not (await tv.status())["casts"]
        await page.locator("#pin").fill(right)
        await expect(page.get_by_role("button", name="Choose what to share")).to_be_visible(timeout=10_000)


async def test_who_comes_by_the_code_needs_no_pin(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, pattern_browser() as browser:
        status = await tv.status()
        page = await browser.new_page()
        await page.goto(f"http://localhost:{status['port']}/#{status['join_qr'].partition('#')[2]}")
        await page.get_by_label("Your name").fill("Anna")
        await page.get_by_role("button", name="Connect", exact=True).click()
        await share(page)
        assert "#" not in page.url
        await tv.until(lambda status: any(cast["live"] for cast in status["casts"]))
        assert (await tv.status())["join_qr"] != status["join_qr"], "a used code must change"


async def test_an_altered_dtls_fingerprint_gives_no_picture(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, pattern_browser() as browser:
        page = await pair(browser, tv)
        await page.evaluate(
            """() => {
                const real = RTCPeerConnection.prototype.setRemoteDescription;
                RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
                    const flip = (_, head, byte) => head + (byte === "00" ? "01" : "00");
                    return real.call(this, { type, sdp: sdp.replace(/(a=fingerprint:sha-256 )(..)/g, flip) });
                };
            }"""
        )
        await page.get_by_role("button", name="Choose what to share").click()
        await expect(page.get_by_text("encrypted channel")).to_be_visible(timeout=30_000)
        status = await tv.status()
        assert not any(cast["live"] for cast in status["casts"])


async def test_a_killed_stage_is_back_within_two_seconds(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, pattern_browser() as browser:
        await share(await pair(browser, tv))
        await tv.until(lambda status: any(cast["live"] for cast in status["casts"]))
        async with tv.tap() as tap:
            assert readings(await collect(tap, 1))
            stage = next(process for process, module in tv.children() if module == "receiver.stage")
            killed_ns = time.monotonic_ns()
            stage.kill()
            samples = [s for s in await collect(tap, 4) if isinstance(s, TapPicture) and s.stamps.on_screen]
        back_ns = next(s.stamps.on_screen for s in samples if s.stamps.first_packet > killed_ns)
        assert back_ns is not None
        print(f"picture back after {(back_ns - killed_ns) / 1e9:.2f} s")
        assert back_ns - killed_ns < 2_000_000_000
        assert (await tv.status())["casts"][0]["live"]


async def test_pause_holds_the_picture_and_stop_returns_to_idle(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, pattern_browser() as browser:
        page = await pair(browser, tv)
        await share(page)
        await tv.until(lambda status: any(cast["live"] for cast in status["casts"]))
        await page.get_by_role("button", name="Pause").click()
        resume = page.get_by_role("button", name="Resume")
        await expect(resume).to_be_visible()
        async with tv.tap() as tap:
            await collect(tap, 0.5)
            assert not readings(await collect(tap, 1)), "pictures still change while paused"
            await resume.click()
            assert readings(await collect(tap, 3)), "no pictures after resume"
        await page.get_by_role("button", name="Stop sharing").click()
        await tv.until(lambda status: not status["casts"])
        await expect(page.get_by_role("button", name="Choose what to share")).to_be_visible()


async def test_ctrl_c_leaves_nothing_behind_within_two_seconds(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, pattern_browser() as browser:
        await share(await pair(browser, tv))
        children = psutil.Process(tv.process.pid).children(recursive=True)
        assert len(children) >= 2
        started = time.monotonic()
        assert await tv.stop() == 0
        took = time.monotonic() - started
        print(f"stopped after {took:.2f} s")
        assert took < 2
        assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
        assert not (tmp_path / "run" / "admin.sock").exists()
