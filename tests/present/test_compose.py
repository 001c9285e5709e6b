"""Colours, ranges and places of a composed view."""

from typing import Any

import numpy as np
import pygame
import pytest
from av import VideoFrame

from receiver.media import Picture, Stamps
from receiver.present.api import Placed, View
from receiver.present.compose import Composer, matrix

BT601 = {"red": (81, 90, 240), "green": (145, 54, 34), "blue": (41, 240, 110), "white": (235, 128, 128)}
BT709 = {"red": (63, 102, 240), "green": (173, 42, 26), "blue": (32, 240, 118), "white": (235, 128, 128)}
RGB = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


def picture(
    yuv: tuple[int, int, int], width: int = 64, height: int = 48, colorspace: int = 2, full: int = 0, stream: int = 1
) -> Picture:
    frame = VideoFrame(width, height, "yuv420p")
    for plane, value in zip(frame.planes, yuv, strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    frame.colorspace, frame.color_range = colorspace, full
    return Picture(stream, 0, width, height, frame, Stamps(None, 0, 0))


def one(shown: Picture, rect: tuple[int, int, int, int] = (0, 0, 64, 48), **more: Any) -> View:
    return View(None, [Placed(shown, rect)], **more)


def composed(view: View, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    """RGB, row by row."""
    surface = pygame.Surface(size, 0, 32)
    surface.fill((1, 2, 3))
    Composer().draw(view, surface)
    return pygame.surfarray.array3d(surface).swapaxes(0, 1)


@pytest.mark.parametrize("name", RGB)
@pytest.mark.parametrize(
    ("table", "colorspace", "height"),
    [(BT601, 6, 48), (BT601, 5, 720), (BT601, 2, 48), (BT709, 1, 48), (BT709, 2, 720)],
)
def test_the_matrix_is_the_named_one_or_goes_by_size(
    name: str, table: dict[str, tuple[int, int, int]], colorspace: int, height: int
) -> None:
    width = 64 if height == 48 else 1280
    shown = composed(one(picture(table[name], width, height, colorspace)))
    assert np.abs(shown[24, 32].astype(int) - RGB[name]).max() <= 6


WEIGHTS = {6: (0.299, 0.114), 1: (0.2126, 0.0722), 9: (0.2627, 0.0593)}
"""Kr and Kb of BT.601, BT.709 and BT.2020, by AVColorSpace."""
BARS = [(r, g, b) for g in (191, 0) for r in (191, 0) for b in (191, 0)] + [(16, 16, 16), (235, 235, 235), (255,) * 3]
"""EBU bars of 75 %, and what a wrong range would crush."""


def encoded(rgb: tuple[int, ...], colorspace: int, full: bool) -> np.ndarray:
    """Y, Cb and Cr of 8 bits, not rounded, by the formulas of ITU-R BT.601, BT.709 and BT.2020."""
    kr, kb = WEIGHTS[colorspace]
    red, green, blue = np.array(rgb) / 255
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    differences = np.array([(blue - luma) / (2 * (1 - kb)), (red - luma) / (2 * (1 - kr))])
    return np.array([255 * luma, *(128 + 255 * differences)] if full else [16 + 219 * luma, *(128 + 224 * differences)])


@pytest.mark.parametrize("pixels", ["yuv420p", "nv12", "yuv420p10le", "p010le"])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("colorspace", WEIGHTS)
def test_colour_bars_of_each_matrix_range_and_format(pixels: str, full: bool, colorspace: int) -> None:
    """As decoders give them: on the CPU in planes, from devices as NV12 and P010."""
    ten = "10" in pixels
    for rgb in BARS:
        values = np.round(encoded(rgb, colorspace, full) * (4 if ten else 1)).clip(0, 1023 if ten else 255)
        frame = VideoFrame(64, 48, "yuv420p10le" if ten else "yuv420p")
        for plane, value in zip(frame.planes, values, strict=True):
            plane.update(np.full(plane.buffer_size // (1 + ten), value, np.uint16 if ten else np.uint8).tobytes())
        if pixels in ("nv12", "p010le"):
            frame = frame.reformat(format=pixels)
        frame.colorspace, frame.color_range = colorspace, 2 if full else 1
        shown = composed(one(Picture(1, 0, 64, 48, frame, Stamps(None, 0, 0))))[24, 32].astype(int)
        assert np.abs(shown - rgb).max() <= 3, (rgb, shown)


def test_a_portrait_picture_is_hd_by_its_short_side() -> None:
    assert matrix(2, 720, 1280) == matrix(1, 1, 1)
    assert matrix(2, 640, 1280) == matrix(6, 1, 1)


def lines(width: int, height: int) -> Picture:
    """White lines one pixel wide on black, four apart."""
    shown = picture((16, 128, 128), width, height)
    plane = shown.frame.planes[0]
    luma = np.full((height, plane.line_size), 16, np.uint8)
    luma[:, ::4] = 235
    plane.update(luma.tobytes())
    return shown


def test_a_picture_of_the_screens_own_size_keeps_every_pixel() -> None:
    shown = composed(one(lines(64, 48)))[:, :, 1]
    assert (shown[:, ::4] == 255).all()
    assert (np.delete(shown, np.s_[::4], axis=1) == 0).all()


def test_a_line_stays_sharp_where_the_picture_is_enlarged() -> None:
    shown = composed(one(lines(64, 48), (0, 0, 96, 72)), (96, 72))[36, 24:72, 1]
    assert shown.max() > 230
    assert shown.min() == 0


@pytest.mark.parametrize(("full", "luma", "grey"), [(1, 16, 0), (1, 235, 255), (2, 16, 16), (2, 255, 255), (0, 16, 0)])
def test_limited_and_full_range(full: int, luma: int, grey: int) -> None:
    shown = composed(one(picture((luma, 128, 128), full=full)))
    assert abs(int(shown[24, 32, 1]) - grey) <= 2


def test_bars_are_black_and_the_picture_is_in_its_place() -> None:
    shown = composed(one(picture((235, 128, 128)), (10, 6, 41, 31)))
    inside = np.zeros((48, 64), bool)
    inside[6:37, 10:51] = True
    assert (shown[~inside] == 0).all()
    assert (shown[inside] >= 253).all()


def test_the_idle_screen_and_patches() -> None:
    idle = pygame.Surface((64, 48), 0, 32)
    idle.fill((9, 8, 7))
    patch = pygame.Surface((4, 4), pygame.SRCALPHA, 32)
    patch.fill((255, 255, 255, 255))
    shown = composed(View(idle, patches=[(patch, (8, 12))]))
    assert tuple(shown[0, 0]) == (9, 8, 7)
    assert tuple(shown[13, 9]) == (255, 255, 255)
    over = composed(one(picture((16, 128, 128)), patches=[(patch, (8, 12))]))
    assert tuple(over[13, 9]) == (255, 255, 255)
    assert tuple(over[0, 0]) == (0, 0, 0)


def test_any_size_is_scaled_to_its_place() -> None:
    for width, height in ((2, 2), (17, 33), (1366, 768), (64, 48)):
        for rect in ((0, 0, 64, 48), (3, 5, 1, 1), (1, 0, 61, 47)):
            shown = composed(one(picture((235, 128, 128), width, height), rect))
            x, y, w, h = rect
            assert (shown[y : y + h, x : x + w] >= 250).all()


def test_a_plain_picture_is_plain_at_any_width() -> None:
    """Widths that are no whole number of swscale's blocks had black dashes at the left, in most of these pictures."""
    frame = VideoFrame.from_ndarray(np.full((1080, 1280), 128, np.uint8), "yuv420p")
    for width in range(600, 640):
        shown = Picture(1, 0, 1280, 720, frame, Stamps(None, 0, 0))
        pixels = composed(one(shown, (0, 0, width, 358)), (width, 358))
        assert np.ptp(pixels) < 8, width


def test_nothing_stays_locked() -> None:
    surface = pygame.Surface((64, 48), 0, 32)
    Composer().draw(one(picture((235, 128, 128))), surface)
    assert not surface.get_locked()


LEFT, RIGHT = (0, 8, 30, 32), (34, 8, 30, 32)


def grey(luma: int, stream: int) -> Picture:
    return picture((luma, 128, 128), full=2, stream=stream)


def half_clear(size: tuple[int, int]) -> pygame.Surface:
    patch = pygame.Surface(size, pygame.SRCALPHA, 32)
    patch.fill((255, 255, 255, 128))
    return patch


def test_several_pictures_are_each_in_their_place() -> None:
    shown = composed(View(None, [Placed(grey(60, 1), LEFT), Placed(grey(200, 2), RIGHT)]))
    assert abs(int(shown[20, 10, 0]) - 60) <= 2
    assert abs(int(shown[20, 50, 0]) - 200) <= 2
    assert (shown[:, 30:34] == 0).all()
    assert (shown[:8] == 0).all()


def test_only_what_changed_is_drawn_and_patches_stay_over_it() -> None:
    surface, composer = pygame.Surface((64, 48), 0, 32), Composer()
    left, patches = Placed(grey(60, 1), LEFT), [(half_clear((44, 8)), (10, 16))]
    composer.draw(View(None, [left, Placed(grey(200, 2), RIGHT)], patches), surface)
    surface.set_at((2, 10), (1, 2, 3))  # stays only where nothing is drawn
    again = View(None, [left, Placed(grey(100, 2), RIGHT)], patches)
    composer.draw(again, surface)
    assert tuple(surface.get_at((2, 10)))[:3] == (1, 2, 3)
    surface.set_at((2, 10), surface.get_at((3, 10)))
    whole = composed(again)
    assert np.array_equal(pygame.surfarray.array3d(surface).swapaxes(0, 1), whole)


@pytest.mark.parametrize("change", ["patch", "place", "fewer", "more", "forget"])
def test_another_frame_is_drawn_as_a_whole(change: str) -> None:
    surface, composer = pygame.Surface((64, 48), 0, 32), Composer()
    left, right, patch = Placed(grey(60, 1), LEFT), Placed(grey(200, 2), RIGHT), half_clear((20, 20))
    composer.draw(View(None, [left, right], [(patch, (0, 0))]), surface)
    now = {
        "patch": View(None, [left, right], [(half_clear((20, 20)), (0, 0))]),
        "place": View(None, [left, Placed(right.picture, (34, 0, 30, 48))], [(patch, (0, 0))]),
        "fewer": View(None, [right], [(patch, (0, 0))]),
        "more": View(None, [left, right, Placed(grey(9, 3), (31, 0, 2, 2))], [(patch, (0, 0))]),
        "forget": View(None, [left, right], [(patch, (0, 0))]),
    }[change]
    if change == "forget":
        surface.fill((9, 9, 9))
        composer.forget()
    composer.draw(now, surface)
    assert np.array_equal(pygame.surfarray.array3d(surface).swapaxes(0, 1), composed(now))


def test_each_of_two_buffers_is_brought_up_to_date() -> None:
    buffers, composer = [pygame.Surface((64, 48), 0, 32) for _ in range(2)], Composer()
    left, right = grey(60, 1), grey(200, 2)
    for step in range(6):
        left = grey(60 + step, 1) if step % 2 else left
        right = right if step % 3 else grey(100 + step, 2)
        view = View(None, [Placed(left, LEFT), Placed(right, RIGHT)])
        composer.draw(view, buffers[step % 2])
        shown = pygame.surfarray.array3d(buffers[step % 2]).swapaxes(0, 1)
        assert np.array_equal(shown, composed(view))


def test_pictures_give_way_to_the_idle_screen_and_come_back() -> None:
    surface, composer, idle = pygame.Surface((64, 48), 0, 32), Composer(), pygame.Surface((64, 48), 0, 32)
    view = one(grey(60, 1), LEFT)
    for shown in (view, View(idle), view):
        composer.draw(shown, surface)
    assert np.array_equal(pygame.surfarray.array3d(surface).swapaxes(0, 1), composed(view))
