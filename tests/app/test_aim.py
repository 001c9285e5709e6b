"""Places in the shown picture, as places on the screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.app.aim import Sight, on_screen, target
from receiver.link import SetLayout, SetPicture
from receiver.pace.layout import Rect

SCREEN = (1920, 1080)


@pytest.mark.parametrize(
    ("sight", "place"),
    [
        (Sight(1280, 720, SetPicture(1)), Rect(0, 0, 1920, 1080)),
        (Sight(1440, 1080, SetPicture(1)), Rect(240, 0, 1440, 1080)),
        (Sight(1920, 1080, SetPicture(1, degrees=90)), Rect(656, 0, 608, 1080)),
        (Sight(1920, 1080, SetPicture(1, scale=0.5)), Rect(480, 270, 960, 540)),
        (Sight(1920, 1080, SetPicture(1, scale=2)), Rect(0, 0, 1920, 1080)),
    ],
)
def test_one_picture(sight: Sight, place: Rect) -> None:
    assert target({1: sight}, SetLayout(), *SCREEN) == place


def test_without_a_picture_it_is_the_screen() -> None:
    assert target({}, SetLayout(), *SCREEN) == Rect(0, 0, *SCREEN)


def test_of_several_it_is_the_focused_one_or_the_newest() -> None:
    two = {number: Sight(960, 1080, SetPicture(number)) for number in (1, 2)}
    assert target(two, SetLayout(focus=1), *SCREEN).x == 0
    assert target(two, SetLayout(), *SCREEN).x > 960


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 1900), st.integers(1, 1920))
def test_a_place_is_on_the_screen(x: float, y: float, left: int, width: int) -> None:
    assert all(0 <= part <= 1 for part in on_screen(x, y, Rect(left, 0, width, 1080), *SCREEN))
