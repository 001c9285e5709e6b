"""The page's numbering, by times that the test gives: the same rules as tests/session/test_delivery.py."""

from typing import Any

import pytest
from playwright.async_api import Page

from tests.peers.fake_box import FakeBox

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def run(page: Page, box: FakeBox, script: str) -> Any:
    await page.goto(box.url)
    return await page.evaluate(
        f"""async () => {{ const {{ Delivery }} = await import("/delivery.js"); const it = new Delivery();
        const threw = (step) => {{ try {{ step(); return false; }} catch (error) {{ return error.name; }} }};
        {script} }}"""
    )


async def test_sent_again_after_one_and_two_seconds_then_given_up(page: Page, box: FakeBox) -> None:
    script = """it.keep({ method: "a" }, 0);
        const again = [999, 1000, 2999, 3000, 4999].map((now) => it.due(now).again.length);
        return [again, threw(() => it.due(5000))];"""
    assert await run(page, box, script) == [[0, 1, 0, 1, 0], "RangeError"]


async def test_an_acknowledgement_is_cumulative_and_a_replay_counts_anew(page: Page, box: FakeBox) -> None:
    script = """for (const method of "abcd") it.keep({ method }, 0);
        it.arrived({ ack: 2 }, 0);
        const replayed = it.replay(3, 10_000).map(({ seq, mid, method }) => [seq, mid, method]);
        return [replayed, it.due(10_999).again.length, it.due(11_000).again.length];"""
    assert await run(page, box, script) == [[[4, 4, "d"]], 0, 1]


async def test_taken_in_order_and_once(page: Page, box: FakeBox) -> None:
    script = """const take = (seq) => it.arrived({ seq, method: "m" + seq }, 0).map(({ method }) => method);
        const got = [2, 2, 1, 1, 3].map(take);
        const due = [it.due(0).acknowledge, it.acknowledging(), it.due(10_000).acknowledge];
        it.arrived({ seq: 4 }, 0);
        return [got, due, it.due(199).acknowledge, it.due(200).acknowledge];"""
    got = [[], [], ["m1", "m2"], [], ["m3"]]
    assert await run(page, box, script) == [got, [True, 3, False], False, True]


async def test_bounds(page: Page, box: FakeBox) -> None:
    script = """for (let i = 0; i < 256; i += 1) it.keep({}, 0);
        const far = [{ seq: 257 }, { seq: "1" }, { seq: 1.5 }].map((message) => threw(() => it.arrived(message, 0)));
        return [threw(() => it.keep({}, 0)), ...far, it.arrived({ method: "plain" }, 0).length];"""
    assert await run(page, box, script) == ["RangeError", "RangeError", "RangeError", "RangeError", 1]
