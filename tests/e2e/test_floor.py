"""Several people before one TV: taking over by consent, and several pictures at once."""

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pygame
from playwright.async_api import Page, expect

from receiver.link import Layout
from receiver.pace.layout import arrange, letterbox
from tests.peers import pattern
from tests.peers.box import CONFIG, Box, box
from tests.peers.person import pair, pattern_browser, share

MANY = CONFIG + '[floor]\nmode = "many"\n'
MODERATED = CONFIG + '[floor]\nmode = "moderated"\n'


def sharing(status: dict[str, Any]) -> list[str]:
    """Who is seen."""
    return [cast["sender"] for cast in status["casts"] if cast["live"]]


def so_many(count: int) -> Callable[[dict[str, Any]], bool]:
    return lambda status: len(sharing(status)) == count


async def choose(page: Page) -> None:
    await page.get_by_role("button", name="Choose what to share").click()


async def nothing_is_left(tv: Box) -> None:
    """Only the stage, hands and the warm spare run, as before anybody came."""
    await tv.until(lambda status: not status["casts"] and not status["floor"]["presenting"])

    def intakes(_: dict[str, Any]) -> bool:
        return sorted(module for _, module in tv.children()) == [
            "receiver.hands",
            "receiver.intake",
            "receiver.stage",
        ]

    await tv.until(intakes)


async def patterns_on_tv(tv: Box, layout: Layout, count: int, focus: int | None = None) -> list[bool]:
    """For each cell of the layout, whether a pattern of these seconds can be read in it."""
    shot = await tv.snapshot()
    image = pygame.surfarray.array3d(pygame.image.load(io.BytesIO(shot.image), "tv.png")).swapaxes(0, 1)
    found = []
    for cell in arrange(layout, range(1, count + 1), focus, shot.width, shot.height).values():
        x, y, width, height = letterbox(1280, 720, cell)
        luma = np.ascontiguousarray(image[y : y + height, x : x + width].mean(axis=2).astype(np.uint8))
        read = pattern.read_picture(luma.tobytes(), width, width / 1280)
        found.append(read is not None and abs(pattern.age_ms(read[0], time.time_ns())) < 5000)
    return found


async def all_read(tv: Box, layout: Layout, count: int, focus: int | None = None) -> None:
    for _ in range(40):
        if all(await patterns_on_tv(tv, layout, count, focus)):
            return
    raise AssertionError(f"not every cell of {layout} shows its picture")


async def test_taking_over_by_consent(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, pattern_browser("fps=10") as browser:
        anna = await pair(browser, tv, "Anna")
        await share(anna)
        await tv.until(lambda status: sharing(status) == ["Anna"])
        ben = await pair(browser, tv, "Ben")
        await expect(ben.get_by_text("Anna is sharing now.")).to_be_visible()
        await choose(ben)
        await expect(ben.get_by_role("heading", name="Anna is sharing")).to_be_visible()
        await ben.get_by_role("button", name="Ask to take over").click()
        await expect(ben.get_by_role("heading", name="You are next")).to_be_visible()
        await expect(anna.get_by_role("alert")).to_contain_text("Ben asks to share")
        (tmp_path / "asked.png").write_bytes((await tv.snapshot()).image)
        await anna.get_by_role("button", name="Let them").click()
        await expect(anna.get_by_text("Ben is sharing now.")).to_be_visible()
        await expect(ben.get_by_role("button", name="Stop sharing")).to_be_visible(timeout=15_000)
        await tv.until(lambda status: sharing(status) == ["Ben"])
        await ben.get_by_role("button", name="Stop sharing").click()
        await nothing_is_left(tv)


async def test_not_now_then_a_turn_by_itself(tmp_path: Path) -> None:
    async with box(tmp_path) as tv, pattern_browser("fps=10") as browser:
        anna = await pair(browser, tv, "Anna")
        await share(anna)
        await tv.until(lambda status: sharing(status) == ["Anna"])
        ben = await pair(browser, tv, "Ben")
        await choose(ben)
        await ben.get_by_role("button", name="Ask to take over").click()
        await anna.get_by_role("button", name="Not now").click()
        await expect(ben.get_by_text("Anna would like to go on first.")).to_be_visible()
        await expect(anna.get_by_role("alert")).to_be_hidden()
        await anna.close()
        await expect(ben.get_by_role("button", name="Stop sharing")).to_be_visible(timeout=15_000)
        await tv.until(lambda status: sharing(status) == ["Ben"])
        await ben.close()
        await nothing_is_left(tv)


async def test_a_moderator_lets_someone_share(tmp_path: Path) -> None:
    async with box(tmp_path, config=MODERATED) as tv, pattern_browser("fps=10") as browser:
        owner = await pair(browser, tv, "Mona")
        ben = await pair(browser, tv, "Ben")
        await choose(ben)
        await ben.get_by_role("button", name="Ask to share").click()
        await expect(ben.get_by_role("heading", name="Waiting for a moderator")).to_be_visible()
        await owner.get_by_role("button", name="Let them").click()
        await tv.until(lambda status: sharing(status) == ["Ben"], 15)
        await ben.close()
        await nothing_is_left(tv)


async def test_two_and_then_four_people_are_on_the_tv(tmp_path: Path) -> None:
    async with box(tmp_path, config=MANY) as tv, pattern_browser("fps=5") as browser:
        people = []
        for count, name in enumerate(("Anna", "Ben", "Carla", "Dmitri"), 1):
            people.append(await pair(browser, tv, name))
            await share(people[-1])
            await tv.until(so_many(count), 30)
            if count in (2, 4):
                await all_read(tv, "auto", count)
                (tmp_path / f"tv{count}.png").write_bytes((await tv.snapshot()).image)
        eve = await pair(browser, tv, "Eve")
        await choose(eve)
        await expect(eve.get_by_role("heading", name="Anna, Ben, Carla and Dmitri are sharing")).to_be_visible()
        await eve.get_by_role("button", name="Ask to take over").click()
        await people[1].close()
        await tv.until(lambda status: sorted(sharing(status)) == ["Anna", "Carla", "Dmitri", "Eve"], 30)
        for person in (*people, eve):
            await person.close()
        await nothing_is_left(tv)
