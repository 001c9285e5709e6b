"""A frame buffer in the card's memory, mapped, as a pygame surface."""

import mmap
from contextlib import ExitStack

import pygame

from receiver.present.drm import abi
from receiver.present.drm.card import Card

BITS = 32


class Buffer:
    """XRGB8888 "dumb" memory: what every KMS driver offers without a GPU. Raises OSError where there is none.

    ``surface`` is to be drawn into while the buffer is not shown, and must not be kept past ``close``.
    """

    def __init__(self, card: Card, width: int, height: int) -> None:
        with ExitStack() as undo:
            dumb = card.ioctl(abi.CREATE_DUMB, abi.CreateDumb(width=width, height=height, bpp=BITS))
            undo.callback(card.ioctl, abi.DESTROY_DUMB, abi.u32(dumb.handle))
            where = card.ioctl(abi.MAP_DUMB, abi.MapDumb(handle=dumb.handle)).offset
            memory = undo.enter_context(mmap.mmap(card.fd, dumb.size, offset=where))
            framebuffer = abi.Framebuffer(width=width, height=height, pixel_format=abi.XRGB8888)
            framebuffer.handles[0], framebuffer.pitches[0] = dumb.handle, dumb.pitch
            self.framebuffer: int = card.ioctl(abi.ADD_FB2, framebuffer).id
            undo.callback(card.ioctl, abi.REMOVE_FB, abi.u32(self.framebuffer))
            # SDL takes no pitch here, so the surface is as wide as the pitch and what is drawn into is a part of it.
            # Its alpha byte is the one that XRGB8888 ignores. The memory is longer than the rows: it ends with a page.
            rows = memoryview(memory)[: dumb.pitch * height]
            whole = pygame.image.frombuffer(rows, (dumb.pitch * 8 // BITS, height), "BGRA")
            self.surface = whole.subsurface((0, 0, width, height))
            self._undo = undo.pop_all()

    def close(self) -> None:
        """Give the memory back. A frame buffer that is still shown turns its CRTC off."""
        del self.surface  # it keeps the mapping, which keeps the card open
        self._undo.close()
