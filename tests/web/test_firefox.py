"""The page in a real Firefox: pairing, and a picture in a real peer connection."""

import asyncio
from pathlib import Path

import pytest

from tests.peers.fake_box import FakeBox
from tests.peers.firefox import firefox

pytestmark = pytest.mark.asyncio(loop_scope="session")

# A headless Firefox has no screen to pick, so a drawn one stands in for it; all behind the picker is real.
DRAWN_SCREEN = """
    navigator.mediaDevices.getDisplayMedia = async () => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
        const context = canvas.getContext("2d");
        let n = 0;
        setInterval(() => {
            context.fillStyle = `hsl(${n++ * 7 % 360} 60% 50%)`;
            context.fillRect(0, 0, 640, 360);
        }, 33);
        return canvas.captureStream(30);
    };
"""
ENTER = "\ue007"
VIEW = "document.body.dataset.view"


async def test_pairing_and_a_picture(box: FakeBox, tmp_path: Path) -> None:
    async with firefox(tmp_path) as page:
        await page.before_each_page(DRAWN_SCREEN)
        await page.open(box.url)
        await page.until("document.activeElement.id === 'name'")
        await page.type(f"Ada{ENTER}")
        await page.until("document.activeElement.id === 'pin'")
        await page.type("00000000")
        await page.until("document.querySelector('#pin-message').textContent.includes('not the PIN')")
        await page.type(box.does.pin)
        await page.until(f"{VIEW} === 'ready'")
        assert "can share only the picture" in await page.evaluate("document.forms['share-form'].textContent")
        (tmp_path / "ready.png").write_bytes(await page.screenshot())
        await page.click("#share-form button")
        await box.until("rtc.offer")
        await page.until("document.body.dataset.phase === 'live'")
        track = box.visits[0].tracks[0]
        for _ in range(10):
            frame = await asyncio.wait_for(track.recv(), 15)
        assert (frame.width, frame.height) == (640, 360)
        await box.visits[0].notify("display.stats", {"stream": 1, "transit_ms": 20, "fps": 30, "dropped": {}})
        await page.until("document.querySelector('.facts').textContent.includes(' ms')")
        assert "VP8" in await page.evaluate("document.querySelector('.facts').textContent")
        (tmp_path / "sharing.png").write_bytes(await page.screenshot())
