"""The tap: what is shown and played, for tests and benchmarks."""

import numpy as np

from receiver.link import SetTap, TapPicture
from receiver.media import Picture
from receiver.prime import in_memory


def crop(picture: Picture, tap: SetTap) -> TapPicture:
    """The tapped part of a picture's luma, cut to what the picture has of it; stamps and size are of the picture."""
    frame = in_memory(picture.frame)
    if frame.format.components[0].bits != 8 or frame.format.is_rgb:
        frame = frame.reformat(format="gray")
    plane = frame.planes[0]
    luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    left, top = max(0, tap.x), max(0, tap.y)
    part = luma[top : min(top + tap.height, picture.height), left : min(left + tap.width, picture.width)]
    return TapPicture(picture.stream, picture.timestamp, picture.width, picture.height, picture.stamps, part.tobytes())
