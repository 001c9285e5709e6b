"""Pictures that a decoder left in its own memory, as frame buffers: the card shows them from there, without a copy.

A decoder has some dozen buffers and gives them by turns, so each is known after its first time: the kernel gives one
handle for one DMA-BUF, whatever the number of its descriptor. While a picture is on the screen its frame is held, and
with it the decoder's buffer, which must not be written then.
"""

import contextlib
from collections.abc import Collection
from typing import NamedTuple

from av import VideoFrame

from receiver.present.drm import abi
from receiver.present.drm.buffer import add_framebuffer
from receiver.present.drm.card import Card
from receiver.present.drm.formats import even
from receiver.prime import Prime

MAX_KNOWN = 32
"""Frame buffers of one stream; what a decoder has, at most, of one size."""


class _Layout(NamedTuple):
    """What one frame buffer is made of."""

    stream: int
    size: tuple[int, int]
    fourcc: int
    modifier: int
    handles: tuple[int, ...]
    places: tuple[tuple[int, int], ...]


class Imports:
    """Every method is called from the presenter's thread."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._known: dict[_Layout, int] = {}
        self._held: dict[int, VideoFrame] = {}

    def framebuffer(self, stream: int, frame: VideoFrame, prime: Prime) -> int:
        """Its id; ``frame`` is held until ``keep`` finds it off the screen. Raises OSError where the card can't."""
        size = even((frame.width, frame.height))
        places = tuple((part.pitch, part.offset) for part in prime.parts)
        handles: list[int] = []
        try:
            handles += (self._handle(part.fd) for part in prime.parts)
            layout = _Layout(stream, size, prime.fourcc, prime.modifier, tuple(handles), places)
            known = self._known.pop(layout, None)
            if known is None:
                known = add_framebuffer(self._card, prime.fourcc, size, handles, places, prime.modifier)
        except OSError:
            self._let_go(handles)
            raise
        self._known[layout] = known
        self._held[known] = frame
        return known

    def _handle(self, fd: int) -> int:
        return int(self._card.ioctl(abi.PRIME_FD_TO_HANDLE, abi.PrimeHandle(fd=fd)).handle)

    def keep(self, streams: Collection[int], shown: Collection[int]) -> None:
        """Let go of frames that are off the screen, and of buffers that won't come again."""
        self._held = {number: frame for number, frame in self._held.items() if number in shown}
        per_stream: dict[int, int] = {}
        for layout, number in reversed(list(self._known.items())):
            count = per_stream[layout.stream] = per_stream.get(layout.stream, 0) + 1
            if number not in shown and (layout.stream not in streams or count > MAX_KNOWN):
                self._remove(layout)

    def _remove(self, layout: _Layout) -> None:
        with contextlib.suppress(OSError):
            self._card.ioctl(abi.REMOVE_FB, abi.u32(self._known.pop(layout)))
        self._let_go(layout.handles)

    def _let_go(self, handles: Collection[int]) -> None:
        """Close those that no frame buffer uses any more: the memory goes back to the decoder."""
        used = {handle for layout in self._known for handle in layout.handles}
        for handle in set(handles) - used:
            with contextlib.suppress(OSError):
                self._card.ioctl(abi.GEM_CLOSE, abi.GemClose(handle))

    def close(self) -> None:
        for layout in list(self._known):
            self._remove(layout)
        self._held.clear()
