"""A frame buffer in the card's memory, mapped."""

import mmap
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
import pygame

from receiver.present.drm import abi
from receiver.present.drm.card import Card
from receiver.present.drm.formats import XRGB, Format, rows, spans
from receiver.prime import UNSAID

BITS = 32


class Buffer:
    """ "Dumb" memory, which every KMS driver offers without a GPU. Raises OSError where there is none.

    ``size``: in pixels, both even where colour is subsampled. ``surface``: of 32 bit pixels, to draw into. Memory is to
    be written while the buffer is not shown, and nothing that maps it may be kept past ``close``.
    """

    def __init__(self, card: Card, size: tuple[int, int], kind: Format = XRGB) -> None:
        width, height = self.size = size
        self.format = kind
        with ExitStack() as undo:
            dumb = card.ioctl(abi.CREATE_DUMB, abi.CreateDumb(width=width, height=rows(kind, height), bpp=kind.bits))
            undo.callback(card.ioctl, abi.DESTROY_DUMB, abi.u32(dumb.handle))
            where = card.ioctl(abi.MAP_DUMB, abi.MapDumb(handle=dumb.handle)).offset
            self._memory = undo.enter_context(mmap.mmap(card.fd, dumb.size, offset=where))
            self._pitch = dumb.pitch
            self._spans = spans(kind, size, dumb.pitch)
            handles, places = [dumb.handle] * len(self._spans), [(span.pitch, span.offset) for span in self._spans]
            self.framebuffer = add_framebuffer(card, kind.fourcc, size, handles, places)
            undo.callback(card.ioctl, abi.REMOVE_FB, abi.u32(self.framebuffer))
            if kind.bits == BITS:
                self.surface = self._surface()
            self._undo = undo.pop_all()

    def _surface(self) -> pygame.Surface:
        # SDL takes no pitch here, so the surface is as wide as the pitch and what is drawn into is a part of it. In
        # XRGB8888 its alpha byte is ignored. The memory is longer than the rows: it ends with a page.
        used = memoryview(self._memory)[: self._pitch * self.size[1]]
        whole = pygame.image.frombuffer(used, (self._pitch * 8 // BITS, self.size[1]), "BGRA")
        return whole.subsurface((0, 0, *self.size))

    def parts(self) -> list[np.ndarray]:
        """Each part's bytes, rows x width."""
        found = []
        for span in self._spans:
            whole = np.frombuffer(self._memory, np.uint8, span.pitch * span.rows, span.offset)
            found.append(whole.reshape(span.rows, span.pitch)[:, : span.width])
        return found

    def close(self) -> None:
        """Give the memory back. A frame buffer that is still shown turns its plane off."""
        if self.format.bits == BITS:
            del self.surface  # it keeps the mapping, which keeps the card open
        self._undo.close()


def add_framebuffer(
    card: Card,
    fourcc: int,
    size: tuple[int, int],
    handles: Sequence[int],
    places: Sequence[tuple[int, int]],
    modifier: int = UNSAID,
) -> int:
    """The id of a frame buffer whose parts lie in the memory of those handles, with this pitch and at this offset.
    Raises OSError."""
    framebuffer = abi.Framebuffer(width=size[0], height=size[1], pixel_format=fourcc)
    for index, (handle, (pitch, offset)) in enumerate(zip(handles, places, strict=True)):
        framebuffer.handles[index] = handle
        framebuffer.pitches[index], framebuffer.offsets[index] = pitch, offset
        if modifier != UNSAID and card.modifiers:
            framebuffer.flags = abi.FB_MODIFIERS
            framebuffer.modifiers[index] = modifier
    return int(card.ioctl(abi.ADD_FB2, framebuffer).id)
