"""A picture larger or smaller than its place on the screen: what is seen of it, and where. Pure."""

from typing import NamedTuple


class Seen(NamedTuple):
    """``crop``: width and height of the part that is seen, around the picture's middle, in its own pixels;
    ``size``: width and height of that part on the screen."""

    crop: tuple[int, int]
    size: tuple[int, int]


def zoom(width: int, height: int, room: tuple[int, int], scale: float) -> Seen:
    """What is seen of a ``width`` x ``height`` picture in a ``room`` of so many pixels, at ``scale`` > 0.

    1 makes it fit; less leaves a border; with more, what has no room is cut off. A cut leaves even sides, since most
    pictures carry colour for two pixels at a time; on the screen the width is even, as swscale is quickest with.
    """
    fit = min(room[0] / width, room[1] / height) * scale
    parts = [_side(side, most, fit) for side, most in zip((width, height), room, strict=True)]
    (across, on_width), (down, on_height) = parts
    return Seen((across, down), (on_width - (on_width % 2 if on_width > 1 else 0), on_height))


def _side(side: int, most: int, fit: float) -> tuple[int, int]:
    whole = max(1, round(side * fit))
    return (side, whole) if whole <= most else (min(side, max(2, round(most / fit / 2) * 2)), most)
