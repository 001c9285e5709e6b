"""A view into the memory of a 32 bit surface: swscale to its size and byte order, one copy, then the patches.

The copy is 0.3 ms for 1080p, since PyAV converts into memory of its own. swscale called past PyAV would save it, but
lose the threads, which save more wherever a picture is scaled (1.5 instead of 2.3 ms on two cores).

A picture that has its own size on the screen keeps every pixel. Larger ones are interpolated by cubics, which leaves
text and the cursor sharper than straight lines do (a line one pixel wide keeps 93% of its contrast instead of 84%, for
0.7 ms more at 1080p); smaller ones are averaged.

What the surface already shows is left alone: where only some pictures have changed, only their places are drawn.
"""

from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

import av
import numpy as np
import pygame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from receiver.present.api import Placed, View
from receiver.present.plain import Plain
from receiver.present.turn import Turners

UNSPECIFIED = 2
"""AVCOL_SPC_UNSPECIFIED."""
BT2020 = 9
"""SWS_CS_BT2020, which Debian 13's PyAV has no name for."""
MATRICES: dict[int, int] = {
    1: Colorspace.ITU709,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: BT2020,
}
"""AVColorSpace (ISO/IEC 23091-2) to the matrix that swscale uses."""
HD_HEIGHT = 720
"""A picture that doesn't name its matrix is BT.709 from this height on, else BT.601, as in broadcasting."""

BLOCK = 16
"""Pixels that swscale writes at once. Where a row ends within a block it goes on into the row below, over what another
of its threads may have written there: such a picture is one thread's."""
NEW_SCALER = int(av.__version__.split(".")[0]) >= 17
"""Whether PyAV's scaler has threads. One of before then (Debian 13's) leaves no room behind a picture's last row, so it
is let scale to whole blocks, of which as much is shown as there is room for; and it takes no notice of a picture's
range where the matrices it is told are the same, so it is told another one for RGB, which has none."""
NO_MATRIX = Colorspace.FCC

BGRA_RED = 0xFF0000
BLACK = (0, 0, 0)


def matrix(colorspace: int, width: int, height: int) -> int:
    """The YUV matrix of a picture with this AVColorSpace and size in pixels."""
    guess = Colorspace.ITU709 if min(width, height) >= HD_HEIGHT else Colorspace.ITU601
    return MATRICES.get(colorspace, guess)


class _Drawn(NamedTuple):
    """What a surface shows: of this size, with pictures in these places under these patches."""

    size: tuple[int, int]
    pictures: Sequence[Placed]
    patches: Sequence[tuple[pygame.Surface, tuple[int, int]]]

    def frame(self) -> tuple[object, ...]:
        """All but the pictures' pixels."""
        return self.size, [one.rect for one in self.pictures], [(id(patch), corner) for patch, corner in self.patches]


class Composer:
    """Draws views into any number of surfaces, such as the two of a double buffer."""

    def __init__(self) -> None:
        self._scalers: dict[int, VideoReformatter] = {}
        self._plain = Plain()
        self._turners = Turners()
        self._drawn: WeakKeyDictionary[pygame.Surface, _Drawn] = WeakKeyDictionary()

    def forget(self) -> None:
        """Something else may have drawn into the surfaces."""
        self._drawn.clear()

    def draw(self, view: View, target: pygame.Surface) -> None:
        """Make ``target`` show the view. It must have 32 bits a pixel, and nobody else may draw into it."""
        before = self._drawn.pop(target, None)
        if view.idle is not None:
            target.blit(view.idle, (0, 0))
            target.blits(view.patches)
            return
        self._scalers = {stream: self._scaler(stream) for stream in (p.picture.stream for p in view.pictures)}
        now = _Drawn(target.get_size(), self._turners.upright(self._plain.plain(view.pictures)), view.patches)
        if before is None or before.frame() != now.frame():
            target.fill(BLACK)
            for placed in now.pictures:
                self._picture(placed, target)
            target.blits(view.patches)
        else:
            for old, placed in zip(before.pictures, now.pictures, strict=True):
                if old.picture is not placed.picture:
                    self._picture(placed, target)
                    target.set_clip(placed.rect)
                    target.blits(view.patches)
                    target.set_clip(None)
        self._drawn[target] = now

    def _scaler(self, stream: int) -> VideoReformatter:
        """Each stream's own: it keeps swscale's tables for one pair of sizes."""
        return self._scalers.get(stream) or VideoReformatter()

    def _picture(self, placed: Placed, target: pygame.Surface) -> None:
        picture, (x, y, width, height), _ = placed
        frame = picture.frame
        in_blocks = width % BLOCK == 0
        if NEW_SCALER:
            whole, more = width, {} if in_blocks else {"threads": 1}
        else:
            whole, more = -(-width // BLOCK) * BLOCK, {"dst_colorspace": NO_MATRIX}
        scaled = self._scalers[picture.stream].reformat(
            frame,
            whole,
            height,
            "bgra" if target.get_masks()[0] == BGRA_RED else "rgba",
            src_colorspace=matrix(frame.colorspace, picture.width, picture.height),
            src_color_range=ColorRange(frame.color_range) if frame.color_range else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BICUBIC if width > picture.width else Interpolation.BILINEAR,
            **more,
        )
        plane = scaled.planes[0]
        source = np.frombuffer(memoryview(plane), np.uint32).reshape(-1, plane.line_size // 4)
        rows = pygame.surfarray.pixels2d(target).T  # locks the surface until it is gone
        rows[y : y + height, x : x + width] = source[:height, :width]
