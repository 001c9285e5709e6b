"""Where pictures go on the screen. Pure.

| layout | shows |
| --- | --- |
| single | the focused picture alone |
| side-by-side | all next to one another, or above one another on an upright screen |
| grid | rows of equal cells, an incomplete last row in the middle |
| presenter+strip | the focused picture large, the others in a strip at the long side's end |
| auto | one: single; two: side-by-side; more: grid |

Cells never overlap. Each picture keeps its shape within its cell (``letterbox``).
"""

from collections.abc import Sequence
from typing import NamedTuple

from receiver.link import Layout

MAX_PICTURES = 4
"""More would be too small to read across a room. With more streams the focused and the newest are shown."""

STRIP = 4
"""The strip takes one part in so many of the screen's long side: as much as lets three pictures keep their shape."""

GAP = 100
"""Between cells, one part in so many of the screen's short side."""

AUTO: dict[int, Layout] = {1: "single", 2: "side-by-side"}
"""By the number of pictures; more are a grid."""


class Rect(NamedTuple):
    """Pixels of the screen, origin at the top left."""

    x: int
    y: int
    width: int
    height: int


def arrange(layout: Layout, streams: Sequence[int], focus: int | None, width: int, height: int) -> dict[int, Rect]:
    """The cell of each stream that is shown, on a screen of ``width`` x ``height``; ``streams`` oldest first.

    A ``focus`` that is not among them, or None, means the newest.
    """
    if not streams:
        return {}
    main = focus if focus is not None and focus in streams else streams[-1]
    others = [stream for stream in streams if stream != main][-(MAX_PICTURES - 1) :]
    shown = [stream for stream in streams if stream == main or stream in others]
    screen = Rect(0, 0, width, height)
    match AUTO.get(len(shown), "grid") if layout == "auto" else layout:
        case "side-by-side":
            return dict(zip(shown, _row(screen, len(shown)), strict=True))
        case "grid":
            return dict(zip(shown, _grid(screen, len(shown)), strict=True))
        case "presenter+strip" if others:
            return _presenter(screen, main, others)
        case _:
            return {main: screen}


def heard(sounding: Sequence[int], focus: int | None) -> int | None:
    """The one stream that is heard, of those with sound, oldest first: the focus, or the newest where there is none.

    Sounds are not mixed: two talks at once are none.
    """
    if focus is None:
        return sounding[-1] if sounding else None
    return focus if focus in sounding else None


def letterbox(width: int, height: int, cell: Rect) -> Rect:
    """The largest rectangle of a ``width`` x ``height`` picture's shape, centred in the cell; at least 1 pixel.

    Its width is even where it can be: swscale takes four times as long for odd ones.
    """
    if width * cell.height >= height * cell.width:
        fit_width, fit_height = cell.width, max(1, round(height * cell.width / width))
    else:
        fit_width, fit_height = max(1, round(width * cell.height / height)), cell.height
    fit_width -= fit_width % 2 if fit_width > 1 else 0
    x, y = cell.x + (cell.width - fit_width) // 2, cell.y + (cell.height - fit_height) // 2
    return Rect(x, y, fit_width, fit_height)


def _gap(screen: Rect) -> int:
    return min(screen.width, screen.height) // GAP


def _row(screen: Rect, count: int) -> list[Rect]:
    """``count`` equal cells along the screen's long side."""
    if screen.width >= screen.height:
        return [Rect(x, 0, width, screen.height) for x, width in _split(screen.width, count, _gap(screen))]
    return [Rect(0, y, screen.width, height) for y, height in _split(screen.height, count, _gap(screen))]


def _split(length: int, count: int, gap: int) -> list[tuple[int, int]]:
    """Start and size of ``count`` equal parts; what does not divide is left at the end."""
    size = max(1, (length - (count - 1) * gap) // count)
    return [(i * (size + gap), size) for i in range(count)]


def _grid(screen: Rect, count: int) -> list[Rect]:
    side = next(n for n in range(1, count + 1) if n * n >= count)
    columns = _split(screen.width, side, _gap(screen))
    rows = _split(screen.height, -(-count // side), _gap(screen))
    cells = [Rect(x, y, width, height) for y, height in rows for x, width in columns][:count]
    missing = -count % side
    shift = missing * (columns[0][1] + _gap(screen)) // 2
    last = len(cells) - (side - missing)
    return cells[:last] + [cell._replace(x=cell.x + shift) for cell in cells[last:]]


def _presenter(screen: Rect, focus: int, others: Sequence[int]) -> dict[int, Rect]:
    gap = _gap(screen)
    if screen.width >= screen.height:
        main = Rect(0, 0, screen.width - screen.width // STRIP - gap, screen.height)
        strip = Rect(main.width + gap, 0, screen.width // STRIP, screen.height)
        ends = _middle(_split(screen.height, MAX_PICTURES - 1, gap), len(others), screen.height)
        cells = [Rect(strip.x, y, strip.width, height) for y, height in ends]
    else:
        main = Rect(0, 0, screen.width, screen.height - screen.height // STRIP - gap)
        strip = Rect(0, main.height + gap, screen.width, screen.height // STRIP)
        ends = _middle(_split(screen.width, MAX_PICTURES - 1, gap), len(others), screen.width)
        cells = [Rect(x, strip.y, width, strip.height) for x, width in ends]
    return {focus: main, **dict(zip(others, cells, strict=True))}


def _middle(parts: list[tuple[int, int]], count: int, length: int) -> list[tuple[int, int]]:
    """The first ``count`` parts, moved to the middle of ``length``."""
    taken = parts[:count]
    shift = (length - (taken[-1][0] + taken[-1][1])) // 2
    return [(at + shift, size) for at, size in taken]
