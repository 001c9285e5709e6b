"""Patches over the picture: what shows when, where, and that nothing is drawn twice."""

import datetime

import pygame
import pytest

from receiver.link import Scene
from receiver.present.drift import STEP_NS, STEPS, offset
from receiver.present.overlay import StreamView
from receiver.present.screens import Screens
from receiver.present.theme import SAFE

WALL = datetime.datetime(2026, 11, 25, 10, 41)
QUIET = Scene("Boardroom 4", "", "", "", True)
TOAST = Scene("Boardroom 4", "", "", "", True, toast="Anna is sharing")
BUSY = Scene("Boardroom 4", "", "", "", True, "48205913", "Ben’s phone", "Anna is sharing")
LIVE = StreamView("Anna", paused=False, live_since_ns=0)
PAUSED = StreamView("Anna", paused=True, live_since_ns=0)
ASKED = Scene("Boardroom 4", "", "", "", True, toast="Anna is sharing", asking="Ben", asked="Anna")
CONTROL = Scene("Boardroom 4", "", "", "", True, asking="Ben", asked="Anna", wish="control")
DRIVEN = Scene("Boardroom 4", "", "", "", True, driving=("Ben",))
BACK = Scene("Boardroom 4", "", "", "", True, back="Ben")
LEFT = StreamView("Anna", paused=True, live_since_ns=0, place=(0, 180, 636, 358))
RIGHT = StreamView("Ben", paused=False, live_since_ns=0, place=(644, 180, 636, 358))
WAITING = StreamView("Anna", paused=True, live_since_ns=None)


@pytest.mark.parametrize(
    ("scene", "streams", "count"),
    [
        (QUIET, [LIVE], 0),
        (TOAST, [LIVE], 1),
        (TOAST, [PAUSED], 2),
        (BUSY, [LIVE], 2),
        (BUSY, [PAUSED, LIVE], 3),
        (BUSY, [], 1),
        (BUSY, [WAITING], 1),
        (QUIET, [LEFT, RIGHT], 2),
        (BUSY, [LEFT, RIGHT], 4),
        (ASKED, [LIVE], 2),
        (ASKED, [PAUSED], 3),
        (ASKED, [], 2),
        (CONTROL, [LIVE], 1),
        (DRIVEN, [LIVE], 1),
        (DRIVEN, [PAUSED], 2),
        (DRIVEN, [], 1),
        (BACK, [LIVE], 1),
        (BACK, [], 0),
    ],
)
def test_what_is_laid_over_the_picture(scene: Scene, streams: list[StreamView], count: int) -> None:
    assert len(Screens(1280, 720).overlay(scene, streams, WALL, 0)) == count


def test_the_same_objects_while_nothing_changes() -> None:
    screens = Screens(1280, 720)
    patches = screens.overlay(BUSY, [PAUSED], WALL, 0)
    assert screens.overlay(BUSY, [PAUSED], WALL, STEP_NS - 1) is patches
    moved = screens.overlay(BUSY, [PAUSED], WALL, 40 * STEP_NS)
    assert [surface for surface, _ in moved] == [surface for surface, _ in patches]
    assert [place for _, place in moved] != [place for _, place in patches]
    assert screens.overlay(TOAST, [PAUSED], WALL, 40 * STEP_NS) is not moved


@pytest.mark.parametrize("size", [(1280, 720), (3840, 2160), (720, 1280)])
def test_patches_keep_apart_and_in_the_safe_area(size: tuple[int, int]) -> None:
    width, height = size
    safe = pygame.Rect(0, 0, width, height).inflate(-2 * width * SAFE, -2 * height * SAFE)
    wide = Scene(
        "", "", "", "", True, "44444444", "W" * 90, "W" * 90, "W" * 90, "W" * 90, driving=("W" * 90,) * 3, back="W" * 90
    )
    patches = Screens(width, height).overlay(wide, [StreamView("W" * 90, True, 0)], WALL, 0)
    boxes = [surface.get_rect(topleft=place) for surface, place in patches]
    assert not any(a.colliderect(b) for a in boxes for b in boxes if a is not b)
    for step in range(STEPS):
        assert all(safe.contains(box.move(offset(width, height, step * STEP_NS))) for box in boxes)


def test_patches_have_alpha_and_round_corners() -> None:
    for surface, _ in Screens(1280, 720).overlay(BUSY, [PAUSED], WALL, 0):
        assert surface.get_masks()[3]
        assert surface.get_at((0, 0)).a == 0
        assert surface.get_at((surface.get_width() // 2, 1)).a > 200


@pytest.mark.parametrize("size", [(1280, 720), (3840, 2160), (720, 1280)])
@pytest.mark.parametrize("name", ["Anna", "W" * 90])
def test_a_name_stays_in_its_picture_and_in_the_safe_area(size: tuple[int, int], name: str) -> None:
    width, height = size
    safe = pygame.Rect(0, 0, width, height).inflate(-2 * width * SAFE, -2 * height * SAFE)
    places = [(x, y, width // 2, height // 2) for x in (0, width // 2) for y in (0, height // 2)]
    streams = [StreamView(name, bool(i % 2), 0, place) for i, place in enumerate(places)]
    patches = Screens(width, height).overlay(QUIET, streams, WALL, 0)
    for (surface, corner), place in zip(patches, places, strict=True):
        for step in range(STEPS):
            box = surface.get_rect(topleft=corner).move(offset(width, height, step * STEP_NS))
            assert pygame.Rect(place).contains(box)
            assert safe.contains(box)
