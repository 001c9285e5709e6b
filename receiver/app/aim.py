"""Where an event's place lies on the screen (DDP.md section 12). Pure.

A place is relative to the shown picture as the room sees it: turned, and what is left of it by its size. Where
several are shown it is the focused one, else the newest; where none is, it is the whole screen.
"""

from collections.abc import Mapping
from typing import NamedTuple

from receiver.link import SetLayout, SetPicture
from receiver.pace.layout import Rect, arrange
from receiver.pace.zoom import zoom


class Sight(NamedTuple):
    """A stream's picture: its own size in pixels, and how it lies."""

    width: int
    height: int
    picture: SetPicture


def target(sights: Mapping[int, Sight], layout: SetLayout, width: int, height: int) -> Rect:
    """What an event is aimed at, on a screen of ``width`` x ``height``; ``sights`` by stream, oldest first."""
    streams = list(sights)
    cells = arrange(layout.layout, streams, layout.focus, width, height)
    if not cells:
        return Rect(0, 0, width, height)
    main = layout.focus if layout.focus in cells else streams[-1]
    assert main is not None
    sight, cell = sights[main], cells[main]
    sides = (sight.width, sight.height) if sight.picture.degrees % 180 == 0 else (sight.height, sight.width)
    _, (across, down) = zoom(*sides, (cell.width, cell.height), sight.picture.scale)
    return Rect(cell.x + (cell.width - across) // 2, cell.y + (cell.height - down) // 2, across, down)


def on_screen(x: float, y: float, place: Rect, width: int, height: int) -> tuple[float, float]:
    """A place in the picture as one on the screen, both from 0 to 1."""
    return (
        min(1.0, max(0.0, (place.x + x * place.width) / width)),
        min(1.0, max(0.0, (place.y + y * place.height) / height)),
    )
