"""How fast the page lets the browser encode, by what the browser believes that it may send."""

import pytest
from playwright.async_api import Page

from tests.peers.fake_box import FakeBox

pytestmark = pytest.mark.asyncio(loop_scope="session")

MOST = 12_000_000
STEPS = """async ([most, steps]) => {
    const { Headroom } = await import("/headroom.js");
    const headroom = new Headroom(most, 0);
    let limit = most;
    return steps.map(([available, now, sendMs]) => {
        const rates = headroom.next({ available: available ?? undefined, sendMs }, limit, now);
        limit = rates.at(-1) ?? limit;
        return rates;
    });
}"""


Step = tuple[float | None, int] | tuple[float | None, int, float]


async def limits(page: Page, box: FakeBox, steps: list[Step]) -> list[list[int]]:
    """What is set at each step of (bit/s that the browser believes in, ms since it began, ms that packets wait)."""
    await page.goto(f"{box.url}tv.css")
    found: list[list[int]] = await page.evaluate(STEPS, [MOST, steps])
    return found


async def test_a_wide_way_and_a_browser_that_does_not_say_keep_the_limit(page: Page, box: FakeBox) -> None:
    assert await limits(page, box, [(25e6, 4000), (None, 5000), (0, 6000), (20e6, 30_000)]) == [[], [], [], []]


async def test_the_beginning_is_left_to_the_browser(page: Page, box: FakeBox) -> None:
    assert await limits(page, box, [(6e6, 500), (6e6, 2999), (25e6, 3250)]) == [[], [], []]


async def test_a_narrow_way_leaves_headroom_and_small_changes_are_left_alone(page: Page, box: FakeBox) -> None:
    steps: list[Step] = [(10e6, 4000), (10.2e6, 4250), (12e6, 4500), (25e6, 4750)]
    assert await limits(page, box, steps) == [[6_500_000], [], [7_800_000], [MOST]]


async def test_a_poor_way_is_used_up(page: Page, box: FakeBox) -> None:
    assert await limits(page, box, [(5e6, 4000), (1e6, 4250)]) == [[4_000_000], []]


async def test_what_might_be_there_is_tried_out_now_and_then(page: Page, box: FakeBox) -> None:
    steps: list[Step] = [(10e6, 3000 + 500 * step) for step in range(20)]
    found = await limits(page, box, steps)
    assert found[0] == [6_500_000]
    assert {step: rates for step, rates in enumerate(found) if step and rates} == {
        8: [MOST, 6_500_000],
        16: [MOST, 6_500_000],
    }


async def test_while_packets_wait_in_the_browser_little_is_encoded_and_nothing_tried(page: Page, box: FakeBox) -> None:
    waiting: list[Step] = [(5e6, 4250 + 500 * step, 300.0) for step in range(12)]
    found = await limits(page, box, [(5e6, 4000, 10.0), *waiting, (1e6, 10_500, 300.0), (5e6, 11_000, 5.0)])
    assert found == [[4_000_000], [1_500_000], *11 * [[]], [1_000_000], [4_000_000]]
