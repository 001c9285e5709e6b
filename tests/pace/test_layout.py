"""Where pictures go."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.link import Layout
from receiver.pace.layout import MAX_PICTURES, Rect, arrange, letterbox

Cell = tuple[int, int, int, int]

sides = st.integers(1, 8192)
screens = st.tuples(st.integers(240, 8192), st.integers(240, 8192))
streams = st.lists(st.integers(1, 99), min_size=1, max_size=9, unique=True)
layouts = st.sampled_from(get_args(Layout))


@pytest.mark.parametrize(
    ("picture", "cell", "rect"),
    [
        ((1280, 720), (0, 0, 1280, 720), (0, 0, 1280, 720)),
        ((640, 360), (0, 0, 1920, 1080), (0, 0, 1920, 1080)),
        ((1024, 768), (0, 0, 1920, 1080), (240, 0, 1440, 1080)),
        ((1080, 1920), (0, 0, 1920, 1080), (656, 0, 608, 1080)),
        ((1920, 800), (0, 0, 1920, 1080), (0, 140, 1920, 800)),
        ((1280, 720), (0, 0, 720, 1280), (0, 437, 720, 405)),
        ((1280, 720), (644, 10, 636, 720), (644, 191, 636, 358)),
    ],
)
def test_known_shapes(picture: tuple[int, int], cell: Cell, rect: Cell) -> None:
    assert letterbox(*picture, Rect(*cell)) == rect


@given(sides, sides, st.builds(Rect, sides, sides, sides, sides))
def test_a_picture_is_in_its_cell_centred_and_touches_two_edges(width: int, height: int, cell: Rect) -> None:
    x, y, w, h = letterbox(width, height, cell)
    assert w >= 1
    assert h >= 1
    assert cell.width - w <= 1 or h == cell.height
    assert w % 2 == 0 or w == 1
    assert 0 <= cell.width - w - 2 * (x - cell.x) <= 1
    assert 0 <= cell.height - h - 2 * (y - cell.y) <= 1


@pytest.mark.parametrize(
    ("layout", "count", "cells"),
    [
        ("auto", 1, [(0, 0, 1280, 720)]),
        ("auto", 2, [(0, 0, 636, 720), (643, 0, 636, 720)]),
        ("auto", 3, [(0, 0, 636, 356), (643, 0, 636, 356), (321, 363, 636, 356)]),
        ("grid", 4, [(0, 0, 636, 356), (643, 0, 636, 356), (0, 363, 636, 356), (643, 363, 636, 356)]),
        ("single", 4, [(0, 0, 1280, 720)]),
        ("presenter+strip", 1, [(0, 0, 1280, 720)]),
        ("presenter+strip", 2, [(960, 242, 320, 235), (0, 0, 953, 720)]),
    ],
)
def test_known_layouts(layout: Layout, count: int, cells: list[Cell]) -> None:
    assert sorted(arrange(layout, range(count), None, 1280, 720).values()) == sorted(cells)


def test_an_upright_screen_stacks() -> None:
    above, below = arrange("side-by-side", [1, 2], None, 720, 1280).values()
    assert above.width == below.width == 720
    assert above.y + above.height < below.y
    strip, main = (arrange("presenter+strip", [1, 2], 2, 720, 1280)[stream] for stream in (1, 2))
    assert main.width == 720
    assert main.y + main.height < strip.y


@given(layouts, streams, st.none() | st.integers(1, 99), screens)
def test_cells_are_on_the_screen_and_keep_apart(
    layout: Layout, streams: list[int], focus: int | None, screen: tuple[int, int]
) -> None:
    cells = arrange(layout, streams, focus, *screen)
    for cell in cells.values():
        assert cell.x >= 0
        assert cell.y >= 0
        assert cell.width >= 1
        assert cell.height >= 1
        assert cell.x + cell.width <= screen[0]
        assert cell.y + cell.height <= screen[1]
    for a in cells.values():
        for b in cells.values():
            assert a is b or (
                a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
            )


@given(layouts, streams, st.none() | st.integers(1, 99), screens)
def test_the_focus_is_always_shown_and_nobody_twice(
    layout: Layout, streams: list[int], focus: int | None, screen: tuple[int, int]
) -> None:
    cells = arrange(layout, streams, focus, *screen)
    main = focus if focus in streams else streams[-1]
    assert main in cells
    assert set(cells) <= set(streams)
    assert len(cells) == (1 if layout == "single" else min(len(streams), MAX_PICTURES))
    if layout == "presenter+strip":
        assert all(cells[main].width * cells[main].height >= cell.width * cell.height for cell in cells.values())


def test_nobody_to_show() -> None:
    assert arrange("auto", [], None, 1280, 720) == {}
