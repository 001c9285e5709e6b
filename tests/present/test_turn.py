"""Pictures turned and cut, by their pixels."""

from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.media import Picture, Stamps
from receiver.pace.zoom import zoom
from receiver.present.api import Degrees
from receiver.present.turn import Turner

WIDTH, HEIGHT = 64, 32
CORNERS = ((20, 60), (120, 200))
"""Luma of the quarters, row by row."""


def picture(pixel_format: str = "yuv420p") -> Picture:
    luma = np.kron(np.array(CORNERS, np.uint8), np.ones((HEIGHT // 2, WIDTH // 2), np.uint8))
    chroma = np.full((HEIGHT // 2, WIDTH), 128, np.uint8)
    frame = av.VideoFrame.from_ndarray(np.vstack([luma, chroma]), pixel_format)
    frame.time_base, frame.pts = Fraction(1, 90_000), 0
    frame.colorspace, frame.color_range = 1, 2
    return Picture(7, 3000, WIDTH, HEIGHT, frame, Stamps(None, 1, 2))


def quarters(turned: Picture) -> tuple[tuple[int, ...], ...]:
    plane = turned.frame.planes[0]
    luma = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
    rows, columns = luma.shape[0] // 4, luma.shape[1] // 4
    return tuple(tuple(int(luma[y, x]) for x in (columns, 3 * columns)) for y in (rows, 3 * rows))


@pytest.mark.parametrize("pixel_format", ["yuv420p", "nv12"])
@pytest.mark.parametrize(
    ("degrees", "size", "expected"),
    [
        (0, (64, 32), ((20, 60), (120, 200))),
        (90, (32, 64), ((120, 20), (200, 60))),
        (180, (64, 32), ((200, 120), (60, 20))),
        (270, (32, 64), ((60, 200), (20, 120))),
    ],
)
def test_a_turn_is_clockwise_and_keeps_colours_and_stamps(
    pixel_format: str, degrees: Degrees, size: tuple[int, int], expected: tuple[tuple[int, ...], ...]
) -> None:
    original = picture(pixel_format)
    turned = Turner().turn(original, degrees, size)
    assert (turned.width, turned.height) == size == (turned.frame.width, turned.frame.height)
    assert quarters(turned) == expected
    assert turned.frame.format.name == pixel_format
    assert (turned.frame.colorspace, turned.frame.color_range) == (1, 2)
    assert (turned.stream, turned.timestamp, turned.stamps) == (7, 3000, original.stamps)


def test_the_middle_is_cut_out_of_the_turned_picture() -> None:
    turned = Turner().turn(picture(), 90, (16, 48))
    assert (turned.width, turned.height) == (16, 48)
    assert quarters(turned) == ((120, 20), (200, 60))


def test_one_turner_takes_every_change() -> None:
    turner = Turner()
    assert turner.turn(picture(), 90, (32, 64)).width == 32
    assert turner.turn(picture(), 180, (64, 32)).width == 64
    assert turner.turn(picture("nv12"), 180, (32, 16)).frame.format.name == "nv12"
    untouched = picture()
    assert turner.turn(untouched, 0, (64, 32)) is untouched


@settings(deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([0, 90, 180, 270]),
    st.floats(0.1, 4.0),
    st.sampled_from(["yuv420p", "yuv444p", "nv12", "yuv420p10le"]),
)
def test_a_picture_of_any_size_and_format_is_turned(
    width: int, height: int, degrees: Degrees, scale: float, pixel_format: str
) -> None:
    frame = av.VideoFrame(width, height, pixel_format)
    frame.time_base, frame.pts = Fraction(1, 90_000), 0
    sides = (height, width) if degrees in (90, 270) else (width, height)
    crop, _ = zoom(*sides, (1920, 1080), scale)
    turned = Turner().turn(Picture(7, 0, width, height, frame, Stamps(None, 1, 2)), degrees, crop)
    assert (turned.width, turned.height) == crop
