"""Pictures that lie in a device's memory (DRM PRIME), copied to where they can be scaled, turned and composed."""

import logging
from collections.abc import Sequence

from av import VideoFrame
from msgspec.structs import replace

from receiver import prime
from receiver.errors import ReceiverError
from receiver.media import Picture
from receiver.present.api import Placed

log = logging.getLogger(__name__)


class Plain:
    """For the pictures of one view after another. A picture that stays on the screen is copied once."""

    def __init__(self) -> None:
        self._copies: dict[int, tuple[tuple[int, int], Picture]] = {}
        """Of each stream the last one, and of what. The latter is not held: the device wants its memory back."""

    def plain(self, pictures: Sequence[Placed]) -> Sequence[Placed]:
        """The same, all in memory."""
        if not any(prime.is_prime(one.picture.frame) for one in pictures):
            return pictures
        before, self._copies = self._copies, {}
        return [one._replace(picture=self._copied(one.picture, before)) for one in pictures]

    def _copied(self, picture: Picture, before: dict[int, tuple[tuple[int, int], Picture]]) -> Picture:
        this = picture.timestamp, id(picture)
        of, copy = before.get(picture.stream, (None, None))
        if copy is None or of != this:
            copy = replace(picture, frame=_in_memory(picture))
        self._copies[picture.stream] = this, copy
        return copy


def _in_memory(picture: Picture) -> VideoFrame:
    """Black where it can't be read: the decoders' proof leaves such devices out."""
    try:
        return prime.in_memory(picture.frame)
    except (ReceiverError, OSError) as error:
        log.error("a picture can't be read: %s", error)
    black = VideoFrame(picture.width, picture.height, "yuv420p")
    for plane, level in zip(black.planes, (16, 128, 128), strict=True):
        plane.update(bytes([level]) * plane.buffer_size)
    return black
