"""What a device is told of one frame, and who finds it out: a reader of the codec's headers. Pure.

Frames are called by their number, from 1 on. A device gets it as the time of the frame's buffer, and finds by it the
pictures that a later frame is predicted from.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from receiver.decode.stateless.abi import Control
from receiver.decode.v4l2.formats import Meaning
from receiver.errors import ReceiverError

NOTHING_SAID = Meaning(2, 2, None)
NS = 1000
"""A number as the kernel names it in a control: the time of a buffer, in ns, whose µs are the number."""


class Unfit(ReceiverError):
    """The stream is in order, but asks for what such devices are not asked for here: the CPU goes on."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Pictures as they lie in a buffer; where it changes, buffers are made anew.

    ``size``: width and height as coded; ``visible``: left, top, width, height of what is shown of them; ``pictures``:
    to how many the device may have to look back, or that wait to be shown.
    """

    size: tuple[int, int]
    visible: tuple[int, int, int, int]
    pictures: int
    meaning: Meaning = NOTHING_SAID

    def fits(self, buffers: "Layout") -> bool:
        """Whether buffers that were made for another layout do."""
        return (self.size, self.visible) == (buffers.size, buffers.visible) and self.pictures <= buffers.pictures


class Part(NamedTuple):
    """Of a frame, what the device takes at once: bytes, and what it has to know with them."""

    data: bytes
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """One frame. ``first``: what the device is told before buffers are made; ``parts``: the frame itself, none: there
    is nothing to decode; ``shows``: the numbers of pictures to show then, in order; ``kept``: of those that are needed
    after that."""

    unit: int
    layout: Layout
    parts: tuple[Part, ...]
    shows: tuple[int, ...]
    kept: frozenset[int]
    first: tuple[Control, ...] = ()


class Reader(Protocol):
    """One stream's headers. ``settings``: controls that tell the device how it is spoken to."""

    @property
    def settings(self) -> tuple[Control, ...]: ...

    def read(self, data: bytes) -> list[Plan]:
        """Of an access unit. Raises DecodeError, after which only a keyframe may follow, and Unfit."""
