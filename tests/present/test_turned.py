"""A whole screen that is turned: pictures, patches and the idle screen lie as they would on one that is not."""

from collections.abc import Callable

import av
import numpy as np
import pygame
import pytest

from receiver.media import Picture, Stamps
from receiver.present.api import Degrees, Panel, Placed, View
from receiver.present.headless import HeadlessPresenter
from receiver.present.turned import turned, turned_rect

SIZE = (320, 180)


def rgb(surface: pygame.Surface) -> np.ndarray:
    return pygame.surfarray.array3d(surface).swapaxes(0, 1)


def shown(degrees: Degrees, view_of: Callable[[tuple[int, int]], View]) -> tuple[np.ndarray, np.ndarray]:
    """What people see, and what the screen gets, which hangs turned."""
    presenter = turned(HeadlessPresenter(*SIZE), degrees)
    presenter.draw(view_of(presenter.size))
    return rgb(presenter.snapshot()), rgb(getattr(presenter, "inner", presenter).snapshot())


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_the_idle_screen_is_turned(degrees: Degrees) -> None:
    def idle(size: tuple[int, int]) -> View:
        surface = pygame.Surface(size, 0, 32)
        surface.fill((200, 0, 0), (0, 0, 20, 10))
        return View(surface)

    seen, glass = shown(degrees, idle)
    assert seen.shape[:2] == (SIZE[::-1] if degrees in (0, 180) else SIZE)
    assert seen[:10, :20, 0].min() == 200
    assert np.array_equal(np.rot90(seen, -degrees // 90), glass)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_picture_and_a_patch_are_turned(degrees: Degrees) -> None:
    def cast(size: tuple[int, int]) -> View:
        luma = np.full((80, 120), 40, np.uint8)
        luma[:40, :60] = 200
        frame = av.VideoFrame.from_ndarray(np.repeat(luma[:, :, None], 3, 2), "rgb24").reformat(format="yuv420p")
        patch = pygame.Surface((30, 12), pygame.SRCALPHA)
        patch.fill((0, 0, 255))
        placed = Placed(Picture(1, 0, 120, 80, frame, Stamps(None, 0, 0)), (10, 20, 120, 80))
        return View(None, [placed], [(patch, (14, 24))])

    seen, glass = shown(degrees, cast)
    assert np.array_equal(np.rot90(seen, -degrees // 90), glass)
    assert seen[30:36, 50:60].min() > 180, "its light corner is at the top left"
    assert seen[70:90, 80:120].max() < 60
    assert tuple(seen[30, 20]) == (0, 0, 255)
    assert seen[:20].max() == 0


def test_four_turns_are_none() -> None:
    rect = (5, 7, 30, 20)
    size, around = SIZE, rect
    for _ in range(4):
        around, size = turned_rect(around, 90, size), size[::-1]
    assert around == rect
    assert turned_rect(turned_rect(rect, 90, SIZE), 270, SIZE[::-1]) == rect
    assert turned_rect(turned_rect(rect, 180, SIZE), 180, SIZE) == rect


def test_a_window_is_no_panel_when_turned() -> None:
    assert not isinstance(turned(HeadlessPresenter(*SIZE), 90), Panel)
