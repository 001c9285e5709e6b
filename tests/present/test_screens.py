"""The receiver's own screens: every state at every size, the safe area, the code, the version."""

import dataclasses
import datetime
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt
import pygame
import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from receiver.link import Scene
from receiver.present.drift import STEP_NS, STEPS, offset
from receiver.present.idle import IdleContent, IdleLayout
from receiver.present.overlay import StreamView
from receiver.present.screens import Screens
from receiver.present.shapes import background
from receiver.present.text import Typesetter
from receiver.present.theme import INK, PAPER, SAFE, Sizes

SIZES = [(1280, 720), (1920, 1080), (3840, 2160), (1080, 1920), (720, 1280)]
WALL = datetime.datetime(2026, 11, 25, 10, 41)
URL = "https://192.168.1.20:8443"
CODE = f"{URL}/#s=Vb2Jr0w1yq7m9K4nT5uXeA"
IPV6 = "https://[2001:0db8:85a3:08d3:1319:8a2e:0370:7348]:65443"
LONG = "Ångström Çatal Äffchen Conference and Waiting Room on the Thirty-Third Floor of the Jöklá Building"
WORD = "W" * 90
READY = Scene("Boardroom 4", URL, CODE, "On the network by cable", True)
SCENES = {
    "ready": READY,
    "host": Scene("Küche", "https://meetingroom-display-0001.local:8443", CODE, "On Wi-Fi “Office”", True),
    "long": Scene(LONG, IPV6, IPV6 + "/#s=Vb2Jr0w1yq7m9K4nT5uXeA", "gjpq " * 20, True),
    "word": Scene(WORD, "https://" + WORD, CODE, WORD, False),
    "empty": Scene("", "", "", "", False),
    "offline": Scene("Boardroom 4", "", "", "No network connection", False),
    "limited": Scene(LONG, IPV6, CODE, "The router doesn’t answer", False),
    "no code": Scene("Boardroom 4", URL, "", "", True),
    "code too long": Scene("Boardroom 4", URL, "x" * 4000, "", True),
    "pin": Scene("Boardroom 4", URL, CODE, "", True, "48205913", "Anna’s laptop"),
    "pin for nobody": Scene("", "", "", "", True, "00000000"),
    "pin for long": Scene(LONG, URL, CODE, "", True, "44444444", LONG),
}


def pixels(surface: pygame.Surface) -> npt.NDArray[np.uint8]:
    """Colours by row, column, channel, without alpha."""
    return np.array(pygame.surfarray.array3d(surface).swapaxes(0, 1))


def content(scene: Scene) -> IdleContent:
    return IdleContent(
        scene.display_name,
        scene.join_url,
        scene.join_qr,
        scene.network,
        scene.network_ok,
        scene.pin,
        scene.pin_for,
        "00:44",
        "Wednesday 30 September",
    )


def ink(sprite: tuple[pygame.Surface, tuple[int, int]]) -> pygame.Rect:
    surface, place = sprite
    return surface.get_bounding_rect().move(place)


@pytest.fixture(scope="module")
def setter() -> Typesetter:
    return Typesetter()


@pytest.mark.parametrize("size", SIZES)
def test_every_state_is_drawn_opaque_at_its_size(size: tuple[int, int]) -> None:
    screens = Screens(*size)
    plain = pixels(background(*size))
    for scene in SCENES.values():
        surface = screens.idle(scene, WALL, 0)
        assert surface.get_size() == size
        assert surface.get_masks()[3] == 0
        assert (pixels(surface) != plain).any()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_nothing_covers_anything_else(size: tuple[int, int], scene: Scene, setter: Typesetter) -> None:
    sprites = IdleLayout(Sizes(*size), setter).compose(content(scene))
    boxes = [ink(sprite) for sprite in sprites]
    if not scene.network_ok and not scene.pin:  # the warning's exclamation mark stands on its disc
        disc = next(box for box in boxes if box.width == box.height and sum(map(box.contains, boxes)) == 2)
        boxes.remove(disc)
    for a, b in combinations(boxes, 2):
        assert not a.colliderect(b), (a, b)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["ready", "host", "long", "pin for long"])
@pytest.mark.parametrize("more", [{"driving": (WORD,)}, {"toast": WORD}])
def test_notes_cover_nothing_of_it(
    size: tuple[int, int], name: str, more: dict[str, object], setter: Typesetter
) -> None:
    scene = replace(SCENES[name], asking=WORD, asked=WORD, wish="control", **more)
    needed = size[1] > size[0] or scene.pin is not None
    idle = IdleLayout(Sizes(*size), setter).compose(dataclasses.replace(content(scene), noted=needed))
    notes = Screens(*size).overlay(scene, [], WALL, 0)
    assert notes
    for note in notes:
        assert ink(note).collidelist([ink(sprite) for sprite in idle]) == -1


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280)])
@pytest.mark.parametrize("name", ["ready", "long", "word", "pin for long"])
def test_the_safe_area_is_kept_over_the_whole_drift(size: tuple[int, int], name: str, setter: Typesetter) -> None:
    width, height = size
    safe = pygame.Rect(0, 0, width, height).inflate(-2 * width * SAFE, -2 * height * SAFE)
    boxes = [ink(sprite) for sprite in IdleLayout(Sizes(width, height), setter).compose(content(SCENES[name]))]
    for step in range(STEPS):
        place = offset(width, height, step * STEP_NS)
        for box in boxes:
            assert safe.contains(box.move(place)), (step, box)


def test_the_border_is_the_bare_background_wherever_the_drift_stands() -> None:
    screens = Screens(640, 360)
    plain = pixels(background(640, 360))
    for step in range(0, STEPS, 9):
        drawn = pixels(screens.idle(SCENES["long"], WALL, step * STEP_NS))
        changed = np.argwhere((drawn != plain).any(axis=2))
        (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
        assert left >= 32
        assert right < 608
        assert top >= 18
        assert bottom < 342


def test_the_drift_is_slow_small_and_closed() -> None:
    places = [offset(1920, 1080, step * STEP_NS) for step in range(STEPS + 1)]
    assert places[0] == places[STEPS]
    assert len(set(places)) > 200
    assert all(abs(x - v) <= 3 and abs(y - w) <= 2 for (x, y), (v, w) in pairwise(places))
    assert offset(1920, 1080, 0) == offset(1920, 1080, STEP_NS - 1)


@pytest.mark.parametrize("size", SIZES)
def test_the_code_on_screen_is_the_join_text(size: tuple[int, int]) -> None:
    drawn = pixels(Screens(*size).idle(READY, WALL, 7 * STEP_NS))
    paper = np.argwhere((drawn == PAPER).all(axis=2))
    (top, left), (bottom, right) = paper.min(axis=0), paper.max(axis=0) + 1
    card = (drawn[top:bottom, left:right] == INK).all(axis=2)
    dark = np.argwhere(card)
    (top, left), (bottom, right) = dark.min(axis=0), dark.max(axis=0) + 1
    code = segno.make(CODE, error="l", boost_error=True, micro=False)
    wanted = np.array([[bool(module) for module in row] for row in code.matrix])
    scale = (bottom - top) // len(wanted)
    assert bottom - top == right - left == scale * len(wanted)
    assert scale >= 4
    assert min(top, left, card.shape[0] - bottom, card.shape[1] - right) >= 4 * scale
    assert (card[top:bottom, left:right] == np.kron(wanted, np.ones((scale, scale), dtype=bool))).all()


def has_paper(surface: pygame.Surface) -> bool:
    return bool((pixels(surface) == PAPER).all(axis=2).any())


def test_no_code_where_there_is_nothing_to_join() -> None:
    screens = Screens(1280, 720)
    assert has_paper(screens.idle(READY, WALL, 0))
    for name in ("offline", "no code", "code too long"):
        assert not has_paper(screens.idle(SCENES[name], WALL, 0)), name


def test_the_version_grows_with_the_pixels_and_only_then() -> None:
    screens = Screens(640, 360)
    surface = screens.idle(READY, WALL, 0)
    first, version = pixels(surface), screens.version
    assert screens.idle(READY, WALL + datetime.timedelta(seconds=59), STEP_NS - 1) is surface
    toasted = Scene("Boardroom 4", URL, CODE, READY.network, True, toast="Anna is sharing", pin_for="Anna")
    screens.idle(toasted, WALL, 0)
    assert screens.version == version
    assert (pixels(surface) == first).all()
    changes = [
        (READY, WALL + datetime.timedelta(minutes=1), 0),
        (READY, WALL + datetime.timedelta(minutes=1), 30 * STEP_NS),
        (SCENES["pin"], WALL, 30 * STEP_NS),
        (SCENES["offline"], WALL, 30 * STEP_NS),
    ]
    for scene, wall, now in changes:
        before, version = pixels(surface), screens.version
        assert screens.idle(scene, wall, now) is surface
        assert screens.version == version + 1
        assert (pixels(surface) != before).any()


@settings(max_examples=25)
@given(name=st.text(max_size=200), sender=st.text(max_size=200))
def test_any_name_stays_in_its_place(name: str, sender: str) -> None:
    setter = Typesetter()
    for size in ((640, 360), (360, 640)):
        box = pygame.Rect(0, 0, *size)
        for pin in (None, "12345678"):
            scene = Scene(name, URL, CODE, name, True, pin, sender)
            sprites = IdleLayout(Sizes(*size), setter).compose(content(scene))
            assert all(box.contains(ink(sprite)) for sprite in sprites)
        views = [StreamView(sender, True, 0)] * 9
        scene = Scene(name, URL, CODE, "", True, "12345678", sender, toast=name or "x")
        patches = Screens(*size).overlay(scene, views, WALL, 0)
        assert len(patches) == 3
        assert all(box.contains(surface.get_rect(topleft=place)) for surface, place in patches)
