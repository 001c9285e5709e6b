"""Places in the shown picture, as places on the screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.app.aim import Sight, in_picture, on_screen, target
from receiver.link import SetLayout, SetPicture
from receiver.pace.layout import Rect

SCREEN = (1920, 1080)
Place = tuple[float, float]


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
    assert target({1: sight}, SetLayout(), *SCREEN).place == place


def test_without_a_picture_it_is_the_screen() -> None:
    assert target({}, SetLayout(), *SCREEN).place == Rect(0, 0, *SCREEN)


def test_of_several_it_is_the_focused_one_or_the_newest() -> None:
    two = {number: Sight(960, 1080, SetPicture(number)) for number in (1, 2)}
    assert target(two, SetLayout(focus=1), *SCREEN).place.x == 0
    assert target(two, SetLayout(), *SCREEN).place.x > 960


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 1900), st.integers(1, 1920))
def test_a_place_is_on_the_screen(x: float, y: float, left: int, width: int) -> None:
    assert all(0 <= part <= 1 for part in on_screen(x, y, Rect(left, 0, width, 1080), *SCREEN))


@pytest.mark.parametrize(
    ("picture", "screen", "own"),
    [
        (SetPicture(1), (0.5, 0.25), (0.5, 0.25)),
        (SetPicture(1, scale=0.5), (0.25, 0.25), (0, 0)),
        (SetPicture(1, scale=2), (0, 1), (0.25, 0.75)),
        (SetPicture(1, degrees=90), (656 / 1920, 0), (0, 1)),
        (SetPicture(1, degrees=180), (0, 0.25), (1, 0.75)),
        (SetPicture(1, degrees=270), (656 / 1920, 0), (1, 0)),
    ],
)
def test_a_place_on_the_screen_is_one_in_the_senders_picture(picture: SetPicture, screen: Place, own: Place) -> None:
    aim = target({1: Sight(1920, 1080, picture)}, SetLayout(), *SCREEN)
    assert in_picture(*screen, aim, *SCREEN) == (*own, True)


def test_what_lies_beside_the_picture_is_near_its_edge() -> None:
    aim = target({1: Sight(1440, 1080, SetPicture(1))}, SetLayout(), *SCREEN)
    assert in_picture(0.05, 0.5, aim, *SCREEN) == (0, 0.5, False)
