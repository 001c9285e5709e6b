"""What is seen of a picture at a scale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.pace.layout import Rect, letterbox
from receiver.pace.zoom import zoom

SIDES = st.integers(1, 4096)


@pytest.mark.parametrize(
    ("scale", "crop", "size"),
    [
        (1.0, (1280, 720), (1920, 1080)),
        (0.5, (1280, 720), (960, 540)),
        (2.0, (640, 360), (1920, 1080)),
        (4.0, (320, 180), (1920, 1080)),
    ],
)
def test_a_picture_of_the_rooms_shape(scale: float, crop: tuple[int, int], size: tuple[int, int]) -> None:
    assert zoom(1280, 720, (1920, 1080), scale) == (crop, size)


def test_a_tall_picture_grows_into_the_bars_before_it_is_cut_at_the_sides() -> None:
    assert zoom(720, 1280, (1920, 1080), 2.0) == ((720, 640), (1214, 1080))


@given(SIDES, SIDES, SIDES, SIDES, st.floats(0.1, 4.0))
def test_it_stays_in_the_room_and_in_the_picture(width: int, height: int, wide: int, tall: int, scale: float) -> None:
    (crop_width, crop_height), (on_width, on_height) = zoom(width, height, (wide, tall), scale)
    assert 1 <= crop_width <= width
    assert 1 <= crop_height <= height
    assert 1 <= on_width <= wide
    assert 1 <= on_height <= tall


@given(SIDES, SIDES, st.integers(1, 4096), st.integers(1, 4096))
def test_scale_one_is_the_letterbox(width: int, height: int, wide: int, tall: int) -> None:
    crop, size = zoom(width, height, (wide, tall), 1.0)
    expected = letterbox(width, height, Rect(0, 0, wide, tall))
    assert abs(size[0] - expected.width) <= 1
    assert abs(size[1] - expected.height) <= 1
    assert crop == (width, height)
