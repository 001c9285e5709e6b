"""What the figures say, and that they never pretend to know what a browser does not count."""

from typing import Any

import pytest
from playwright.async_api import Page

from tests.peers.fake_box import FakeBox

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def described(page: Page, box: FakeBox, ours: dict[str, Any], display: dict[str, Any]) -> dict[str, str]:
    await page.goto(f"{box.url}tv.css")
    body = 'async ([ours, display]) => (await import("/stats.js")).describe(ours, display, true)'
    found: dict[str, str] = await page.evaluate(body, [ours, display])
    return found


OURS = {"encodeMs": 8, "sendMs": 3, "rttMs": 4, "width": 640, "height": 360, "fps": 29.7, "codec": "VP8", "mbps": 1.26}


async def test_the_delay_adds_what_both_sides_measured(page: Page, box: FakeBox) -> None:
    assert (await described(page, box, OURS, {"transit_ms": 20.4}))["delay"] == "about 33 ms"


@pytest.mark.parametrize("absent", ["encodeMs", "sendMs", "rttMs"])
async def test_a_part_that_is_not_counted_makes_it_more_than(page: Page, box: FakeBox, absent: str) -> None:
    ours = {name: value for name, value in OURS.items() if name != absent}
    assert (await described(page, box, ours, {"transit_ms": 20.4}))["delay"].startswith("over ")


async def test_without_the_tv_no_delay_is_claimed(page: Page, box: FakeBox) -> None:
    found = await described(page, box, OURS, {})
    assert found == {
        "picture": "640 × 360",
        "frames": "30 a second",
        "delay": "–",
        "codec": "VP8, with sound",
        "network": "1.3 Mbit/s",
        "dropped": "–",
    }


async def test_only_frames_are_counted_as_dropped_frames(page: Page, box: FakeBox) -> None:
    dropped = {"late": 3, "waiting_for_keyframe": 1, "sound_late_samples": 9600, "late_packet": 7}
    assert (await described(page, box, OURS, {"dropped": dropped}))["dropped"] == "4 frames"


@pytest.mark.parametrize("strange", [{"width": -1, "fps": "x", "codec": 7, "transit_ms": None, "dropped": [None]}])
async def test_strange_figures_are_passed_over(page: Page, box: FakeBox, strange: dict[str, Any]) -> None:
    found = await described(page, box, {}, strange)
    assert set(found.values()) == {"–", "0 frames"}
