"""What planes can be asked to do with pictures, and what they are set to for it."""

from collections.abc import Iterator, Sequence
from itertools import product, starmap
from typing import NamedTuple

from av import VideoFrame
from av.video.reformatter import ColorRange, Colorspace

from receiver.media import Picture
from receiver.present.api import Degrees, Placed, View
from receiver.present.compose import matrix
from receiver.present.drm.formats import TAKEN_AS, YUV
from receiver.present.drm.modes import Plane
from receiver.present.scaler import BT2020
from receiver.prime import described, is_prime

ENCODINGS: dict[int, str] = {
    Colorspace.ITU601: "ITU-R BT.601 YCbCr",
    Colorspace.ITU709: "ITU-R BT.709 YCbCr",
    BT2020: "ITU-R BT.2020 YCbCr",
}
"""Values of a plane's COLOR_ENCODING."""
RANGES: dict[ColorRange, str] = {ColorRange.MPEG: "YCbCr limited range", ColorRange.JPEG: "YCbCr full range"}
"""Values of a plane's COLOR_RANGE."""
GRANTED = {"COLOR_ENCODING": ENCODINGS[Colorspace.ITU601], "COLOR_RANGE": RANGES[ColorRange.MPEG]}
"""What drivers do that have no such property."""

ROTATIONS: dict[Degrees, str] = {0: "rotate-0", 90: "rotate-270", 180: "rotate-180", 270: "rotate-90"}
"""Our turns, which are clockwise, as values of a plane's rotation, which are counter-clockwise."""


class Way(NamedTuple):
    """``imported``: from the decoder's memory. ``turned``, ``scaled``: by the hardware. ``beneath``: the lowest plane
    is black below the pictures."""

    imported: bool
    turned: bool
    scaled: bool
    beneath: bool


WAYS = tuple(starmap(Way, product((True, False), (True, False), (True, False), (False, True))))


def is_known(frame: VideoFrame) -> bool:
    """Whether any plane could show it."""
    return is_prime(frame) or frame.format.name in TAKEN_AS


def ways(view: View) -> Iterator[Way]:
    """Those of which some picture of the view has need. What isn't copied can't be turned or scaled but by hardware."""
    turns = any(one.turn for one in view.pictures)
    scales = any((one.picture.width, one.picture.height) != one.size for one in view.pictures)
    primes = any(is_prime(one.picture.frame) for one in view.pictures)
    for way in WAYS:
        needed = (turns or not way.turned) and (scales or not way.scaled) and (primes or not way.imported)
        if needed and (not way.imported or (way.turned == turns and way.scaled == scales)):
            yield way


def lowest(planes: Sequence[Plane], one: Placed) -> tuple[Plane, str | None, dict[str, int]] | None:
    """The lowest plane that shows such a picture with its colours, in which format, and set to what. No format: in that
    of the decoder's memory."""
    prime = described(one.picture.frame) if is_prime(one.picture.frame) else None
    for plane in planes:
        rotation = _rotation(plane, one.turn)
        colours = _colours(plane, one.picture)
        if rotation is None or colours is None:
            continue
        if prime is not None:
            if prime.fourcc in plane.formats:
                return plane, None, rotation | colours
            continue
        for name in TAKEN_AS[one.picture.frame.format.name]:
            if YUV[name].fourcc in plane.formats:
                return plane, name, rotation | colours
    return None


def _rotation(plane: Plane, turn: Degrees) -> dict[str, int] | None:
    """The turn as the plane's property; None where it has no such one."""
    known = plane.enums.get("rotation", {})
    if ROTATIONS[turn] in known:
        return {"rotation": known[ROTATIONS[turn]]}
    return None if turn else {}


def _colours(plane: Plane, picture: Picture) -> dict[str, int] | None:
    """The picture's colours as the plane's properties; None where the plane can't be told, and does not take them for
    granted."""
    frame = picture.frame
    space = matrix(frame.colorspace, picture.width, picture.height)
    wanted = {
        "COLOR_ENCODING": ENCODINGS.get(space),
        "COLOR_RANGE": RANGES[ColorRange(frame.color_range) if frame.color_range else ColorRange.MPEG],
    }
    taken = {}
    for name, value in wanted.items():
        known = plane.enums.get(name, {})
        if value in known:
            taken[name] = known[value]
            continue
        if known or value != GRANTED[name]:
            return None
    return taken


def key_of(one: Placed) -> object:
    """What a driver's answer depends on."""
    frame = one.picture.frame
    return (
        described(frame)[:2] if is_prime(frame) else frame.format.name,
        one.picture.width,
        one.picture.height,
        tuple(one.rect),
        one.turn,
        frame.colorspace,
        frame.color_range,
    )
