"""Pixel formats as the kernel names them, how they lie in memory, and what FFmpeg calls them. Pure."""

from dataclasses import dataclass
from typing import NamedTuple


class Part(NamedTuple):
    """One plane of a picture: one sample of ``bytes`` for so many pixels across and down."""

    across: int
    down: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Format:
    """``fourcc`` of <drm/drm_fourcc.h>; ``parts`` one after another in one buffer, the first ones the largest."""

    fourcc: int
    parts: tuple[Part, ...]

    @property
    def bits(self) -> int:
        """Of a pixel in the first part."""
        return self.parts[0].bytes * 8


class Span(NamedTuple):
    """Where a part lies: ``offset`` and ``pitch`` in bytes, ``rows`` of ``width`` bytes."""

    offset: int
    pitch: int
    rows: int
    width: int


def _format(name: bytes, *parts: Part) -> Format:
    return Format(int.from_bytes(name, "little"), parts)


XRGB = _format(b"XR24", Part(1, 1, 4))
"""In memory B, G, R and a byte that is ignored."""
ARGB = _format(b"AR24", Part(1, 1, 4))
"""The same with alpha; colours are premultiplied by it."""

YUV: dict[str, Format] = {
    "yuv420p": _format(b"YU12", Part(1, 1, 1), Part(2, 2, 1), Part(2, 2, 1)),
    "yuv422p": _format(b"YU16", Part(1, 1, 1), Part(2, 1, 1), Part(2, 1, 1)),
    "yuv444p": _format(b"YU24", Part(1, 1, 1), Part(1, 1, 1), Part(1, 1, 1)),
    "nv12": _format(b"NV12", Part(1, 1, 1), Part(2, 2, 2)),
    "p010le": _format(b"P010", Part(1, 1, 2), Part(2, 2, 4)),
}
"""By FFmpeg's names."""

TAKEN_AS: dict[str, tuple[str, ...]] = {
    "yuv420p": ("yuv420p", "nv12"),
    "yuvj420p": ("yuv420p", "nv12"),
    "yuv422p": ("yuv422p",),
    "yuv444p": ("yuv444p",),
    "nv12": ("nv12", "yuv420p"),
    "p010le": ("p010le",),
    "yuv420p10le": ("p010le",),
}
"""What a decoder gives to the formats that show it without loss, those that cost least first."""


def even(size: tuple[int, int]) -> tuple[int, int]:
    """The size of a buffer that holds whole samples of colour."""
    return size[0] + size[0] % 2, size[1] + size[1] % 2


def rows(kind: Format, height: int) -> int:
    """How many rows of the first part's pitch a picture of even height takes with all its parts."""
    first = kind.parts[0].bytes
    return sum(-(-height * part.bytes // (part.across * part.down * first)) for part in kind.parts)


def spans(kind: Format, size: tuple[int, int], pitch: int) -> list[Span]:
    """The parts of a picture of even ``size``, whose first part has rows of ``pitch`` bytes."""
    found, offset, first = [], 0, kind.parts[0]
    for part in kind.parts:
        own = pitch * part.bytes // (part.across * first.bytes)
        height = size[1] // part.down
        found.append(Span(offset, own, height, size[0] // part.across * part.bytes))
        offset += own * height
    return found
