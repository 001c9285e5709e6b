"""Where an event's place lies on the screen (DDP.md section 12). Pure.

A place is relative to the shown picture as the room sees it: turned, and what is left of it by its size. Where
several are shown it is the focused one, else the newest; where none is, it is the whole screen.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from receiver.input.traits import turned_back
from receiver.link import SetLayout, SetPicture
from receiver.pace.layout import Rect, arrange
from receiver.pace.zoom import zoom


class Sight(NamedTuple):
    """A stream's picture: its own size in pixels, and how it lies."""

    width: int
    height: int
    picture: SetPicture


def main(streams: Sequence[int], layout: SetLayout) -> int | None:
    """The stream whose picture events are for: the focused one, else the newest; ``streams`` oldest first."""
    if not streams:
        return None
    return layout.focus if layout.focus in streams else streams[-1]


class Aim(NamedTuple):
    """``place``: what events are aimed at, on the screen; ``part``: how much of the picture is seen there, across and
    down; ``degrees``: how far it is turned."""

    place: Rect
    part: tuple[float, float] = (1.0, 1.0)
    degrees: int = 0


def target(sights: Mapping[int, Sight], layout: SetLayout, width: int, height: int) -> Aim:
    """Where events go, on a screen of ``width`` x ``height``; ``sights`` by stream, oldest first."""
    streams = list(sights)
    cells = arrange(layout.layout, streams, layout.focus, width, height)
    aimed = main(streams, layout)
    if aimed is None:
        return Aim(Rect(0, 0, width, height))
    sight, cell = sights[aimed], cells[aimed]
    sides = (sight.width, sight.height) if sight.picture.degrees % 180 == 0 else (sight.height, sight.width)
    crop, (across, down) = zoom(*sides, (cell.width, cell.height), sight.picture.scale)
    place = Rect(cell.x + (cell.width - across) // 2, cell.y + (cell.height - down) // 2, across, down)
    return Aim(place, (crop[0] / sides[0], crop[1] / sides[1]), sight.picture.degrees)


def on_screen(x: float, y: float, place: Rect, width: int, height: int) -> tuple[float, float]:
    """A place in the picture as one on the screen, both from 0 to 1."""
    return (
        min(1.0, max(0.0, (place.x + x * place.width) / width)),
        min(1.0, max(0.0, (place.y + y * place.height) / height)),
    )


def in_picture(x: float, y: float, aim: Aim, width: int, height: int) -> tuple[float, float, bool]:
    """A place on the screen as one in the picture as its sender has it, the nearest where it lies beside what is seen
    of it, and whether it lies within."""
    across = (x * width - aim.place.x) / max(1, aim.place.width)
    down = (y * height - aim.place.y) / max(1, aim.place.height)
    seen = (min(1.0, max(0.0, across)), min(1.0, max(0.0, down)))
    whole_x, whole_y = (0.5 + (one - 0.5) * part for one, part in zip(seen, aim.part, strict=True))
    return *turned_back(whole_x, whole_y, aim.degrees), seen == (across, down)
