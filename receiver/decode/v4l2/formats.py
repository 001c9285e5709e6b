"""What V4L2 calls encoded and decoded pictures, how the latter lie in memory, and what their colours mean. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from receiver.media import Codec


def fourcc(code: str) -> int:
    return int.from_bytes(code.encode("ascii"), "little")


def spelled(code: int) -> str:
    """A fourcc for people."""
    return code.to_bytes(4, "little").decode("latin-1").strip()


ENCODED: dict[Codec, int] = {
    "VP8": fourcc("VP80"),
    "H264": fourcc("H264"),
    "VP9": fourcc("VP90"),
    "H265": fourcc("HEVC"),
}
"""V4L2_PIX_FMT_* of a stream."""


class Part(NamedTuple):
    """One plane of a picture: one sample of ``bytes`` for so many pixels across and down."""

    across: int
    down: int
    bytes: int


class Raw(NamedTuple):
    """Decoded pictures. ``drm``: their fourcc in <drm/drm_fourcc.h>; ``apart``: each plane has memory of its own."""

    drm: int
    apart: bool
    parts: tuple[Part, ...]


_NV12 = (Part(1, 1, 1), Part(2, 2, 2))
_YU12 = (Part(1, 1, 1), Part(2, 2, 1), Part(2, 2, 1))

RAW: dict[int, Raw] = {
    fourcc("NV12"): Raw(fourcc("NV12"), False, _NV12),
    fourcc("NM12"): Raw(fourcc("NV12"), True, _NV12),
    fourcc("YU12"): Raw(fourcc("YU12"), False, _YU12),
    fourcc("YM12"): Raw(fourcc("YU12"), True, _YU12),
    fourcc("P010"): Raw(fourcc("P010"), False, (Part(1, 1, 2), Part(2, 2, 4))),
}
"""Those that a plane of the screen shows, or that can be read from memory; what more screens take comes first. What a
device gives of its own accord suits the stream best (10 bits), so it is kept where it is one of them."""


def preferred(offered: Sequence[int]) -> int | None:
    """Of the formats that a device offers the one to ask for; None: nothing here can do with any."""
    return next((code for code in RAW if code in offered), None)


class Place(NamedTuple):
    """Where a plane of a picture lies: rows of ``pitch`` bytes from ``offset`` on in memory number ``memory``."""

    memory: int
    offset: int
    pitch: int


def places(raw: Raw, pitches: Sequence[int], height: int, corner: tuple[int, int] = (0, 0)) -> list[Place]:
    """Of the planes, in order. ``pitches``: of each memory, in bytes; ``height``: rows of the whole buffer;
    ``corner``: x and y of the first visible pixel."""
    found, end = [], 0
    for index, part in enumerate(raw.parts):
        memory = index if raw.apart else 0
        pitch = pitches[memory] if raw.apart else pitches[0] * part.bytes // (part.across * raw.parts[0].bytes)
        begin = 0 if raw.apart else end
        end = begin + pitch * (-(-height // part.down))
        found.append(
            Place(memory, begin + corner[1] // part.down * pitch + corner[0] // part.across * part.bytes, pitch)
        )
    return found


UNSPECIFIED, JPEG = 0, 7
"""V4L2_COLORSPACE_DEFAULT, and that of JPEG files, which has full range"""

SPACES = {1: 6, 2: 1, 3: 6, 4: 1, 6: 9, 7: 9, 8: 7}
"""V4L2_YCBCR_ENC_* as matrix coefficients of ISO/IEC 23091-2."""
IMPLIED = {1: 6, 2: 7, 3: 1, 5: 6, 6: 6, 7: 6, 10: 9}
"""By V4L2_COLORSPACE_*, where the former is not said."""
TRANSFERS = {7: 16}
"""V4L2_XFER_FUNC_SMPTE2084 as a transfer characteristic of the same standard: PQ."""


class Meaning(NamedTuple):
    """Of a picture's numbers: code points of ISO/IEC 23091-2, 2 where it is not said. ``full_range`` as in Colours."""

    matrix: int
    transfer: int
    full_range: bool | None


def meaning(colorspace: int, encoding: int, quantization: int, transfer: int) -> Meaning:
    """From V4L2's words for it."""
    ranges = {0: True if colorspace == JPEG else None, 1: True, 2: False}
    matrix = SPACES.get(encoding, IMPLIED.get(colorspace, 2))
    return Meaning(matrix, TRANSFERS.get(transfer, 2), ranges.get(quantization))
