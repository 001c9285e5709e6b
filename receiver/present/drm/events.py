"""What a card tells by itself, read from its descriptor: completed page flips. Pure."""

import struct
from typing import NamedTuple

FLIP_COMPLETE = 2
"""DRM_EVENT_FLIP_COMPLETE of <drm/drm.h>."""

_EVENT = struct.Struct("<II")
_FLIPPED = struct.Struct("<QIIII")


class Flipped(NamedTuple):
    """drm_event_vblank: the picture of ``crtc`` was changed at ``ns`` (CLOCK_MONOTONIC), at vblank ``sequence``."""

    ns: int
    sequence: int
    crtc: int


def flips(data: bytes) -> list[Flipped]:
    """The completed page flips among the events that one read of the card's descriptor gave; others are passed over.

    The kernel gives whole events only, so what is cut short is passed over too.
    """
    found: list[Flipped] = []
    start = 0
    while start + _EVENT.size <= len(data):
        kind, length = _EVENT.unpack_from(data, start)
        end = start + max(length, _EVENT.size)
        if kind == FLIP_COMPLETE and _EVENT.size + _FLIPPED.size <= length and end <= len(data):
            _, seconds, micros, sequence, crtc = _FLIPPED.unpack_from(data, start + _EVENT.size)
            found.append(Flipped(seconds * 1_000_000_000 + micros * 1000, sequence, crtc))
        start = end
    return found
