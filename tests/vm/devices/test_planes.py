"""Decoded pictures straight into planes, and patches above them, on vkms: what comes out, copied by the kernel."""

from collections.abc import Iterator, Sequence

import av
import numpy as np
import pygame
import pytest

from receiver.media import Picture, Stamps
from receiver.present.api import Placed, View
from receiver.present.drm.modes import Wanted
from receiver.present.kms import KmsPresenter, Wish
from tests.vm.guest.virtual import Copy, virtual_card

SIZE = (640, 480)
WHITE = (255, 255, 255)


@pytest.fixture
def screen() -> Iterator[KmsPresenter]:
    with virtual_card("planes") as card:
        presenter = KmsPresenter(card.path, Wish(mode=Wanted(*SIZE)))
        assert presenter.size == SIZE
        yield presenter
        presenter.close()


def picture(rgb: np.ndarray, pixels: str, colorspace: int = 5, full: bool = False, stream: int = 1) -> Picture:
    """A decoded picture, as FFmpeg would give it."""
    frame = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(
        format=pixels,
        src_color_range=2,
        dst_colorspace={1: 1, 5: 5, 9: 9}[colorspace],
        dst_color_range=2 if full else 1,
    )
    frame.colorspace, frame.color_range = colorspace, 2 if full else 1
    return Picture(stream, 0, frame.width, frame.height, frame, Stamps(None, 0, 0))


def blocks(width: int, height: int, step: int = 0) -> np.ndarray:
    """Large areas of strong colours, so that subsampled colour does not blur what is compared."""
    colours = np.array([(220, 30, 30), (30, 200, 40), (40, 50, 220), (230, 220, 40), (128, 128, 128)], np.uint8)
    y, x = np.mgrid[0:height, 0:width]
    coloured: np.ndarray = colours[(x // 80 + y // 60 * 2 + step) % len(colours)]
    return coloured


def close_to(shown: np.ndarray, wanted: np.ndarray) -> bool:
    """But for rounding, and a pixel at each edge of colours."""
    away = np.abs(shown.astype(int) - wanted).max(axis=2)
    return bool(np.mean(away > 12) < 0.06)


def show(
    screen: KmsPresenter, *pictures: Placed, patches: Sequence[tuple[pygame.Surface, tuple[int, int]]] = ()
) -> np.ndarray:
    screen.draw(View(None, pictures, patches))
    screen.flip()
    return Copy(screen).take()


@pytest.mark.parametrize("pixels", ["yuv420p", "nv12", "p010le", "yuv444p"])
@pytest.mark.parametrize(("colorspace", "full"), [(5, False), (1, False), (1, True), (9, False)])
def test_a_picture_is_shown_in_its_own_colours(screen: KmsPresenter, pixels: str, colorspace: int, full: bool) -> None:
    rgb = blocks(*SIZE)
    shown = show(screen, Placed(picture(rgb, pixels, colorspace, full), (0, 0, *SIZE)))
    assert screen.direct
    assert close_to(shown, rgb)


def test_what_the_hardware_can_not_scale_is_scaled(screen: KmsPresenter) -> None:
    shown = show(screen, Placed(picture(blocks(320, 180), "yuv420p"), (0, 60, 640, 360)))
    assert screen.direct
    assert close_to(shown[60:420], blocks(320, 180).repeat(2, 0).repeat(2, 1))
    assert shown[:60].max() == shown[420:].max() == 0


def test_patches_are_blended_over_the_picture(screen: KmsPresenter) -> None:
    rgb = blocks(*SIZE)
    solid, half = pygame.Surface((100, 40), pygame.SRCALPHA), pygame.Surface((60, 60), pygame.SRCALPHA)
    solid.fill(WHITE)
    half.fill((255, 255, 255, 128))
    shown = show(screen, Placed(picture(rgb, "nv12"), (0, 0, *SIZE)), patches=((solid, (10, 20)), (half, (500, 400))))
    assert screen.direct
    wanted = rgb.astype(int)
    wanted[20:60, 10:110] = 255
    wanted[400:460, 500:560] = (wanted[400:460, 500:560] + 255) // 2
    assert close_to(shown, wanted)
    assert shown[20:60, 10:110].min() >= 254


def test_two_pictures_take_two_planes(screen: KmsPresenter) -> None:
    one, other = blocks(320, 240), blocks(320, 240, 2)
    shown = show(
        screen,
        Placed(picture(one, "yuv420p", stream=1), (0, 120, 320, 240)),
        Placed(picture(other, "nv12", stream=2), (320, 120, 320, 240)),
    )
    assert screen.direct
    assert close_to(shown[120:360, :320], one)
    assert close_to(shown[120:360, 320:], other)


def test_more_than_the_planes_hold_is_composed(screen: KmsPresenter) -> None:
    cells = [(x, y, 320, 240) for x in (0, 320) for y in (0, 240)]
    pictures = [Placed(picture(blocks(320, 240, n), "yuv420p", stream=n), cell) for n, cell in enumerate(cells)]
    shown = show(screen, *pictures)
    assert not screen.direct
    for n, (x, y, width, height) in enumerate(cells):
        assert close_to(shown[y : y + height, x : x + width], blocks(320, 240, n))


def test_idle_and_cast_take_turns(screen: KmsPresenter) -> None:
    rgb = blocks(*SIZE)
    idle = pygame.Surface(SIZE, 0, 32)
    idle.fill((10, 60, 90))
    for step in range(3):
        screen.draw(View(idle))
        screen.flip()
        assert not screen.direct
        assert np.array_equal(Copy(screen).take()[100, 100], (10, 60, 90))
        wanted = blocks(*SIZE, step)
        assert close_to(show(screen, Placed(picture(wanted, "yuv420p"), (0, 0, *SIZE))), wanted)
        assert screen.direct
    assert not close_to(wanted, rgb), "it is another picture than the first"
