"""Pictures straight into planes of the screen, and what lies over them into another: the hardware scales, converts and
blends. A picture that a decoder left in its own memory (DRM PRIME) is shown from there. Any other is copied once, as
the decoder gave it: 0.07 ms for 1080p, a tenth of making it RGB.

What a driver can do is not told, so it is asked (TEST_ONLY), once for each arrangement, from the best to the worst:

1. the lowest plane has the first picture; where it must fill the screen, it is black and the pictures lie above it
2. the hardware scales; where it can't, swscale does, in the picture's own colours
3. the hardware turns what hangs or lies turned; where it can't, FFmpeg does

Where no arrangement is taken, the caller composes one picture of all in 32 bits.
"""

import errno
from collections.abc import Collection

import numpy as np
import pygame
from av import VideoFrame

from receiver.media import Picture
from receiver.present.api import View
from receiver.present.drm.buffer import Buffer
from receiver.present.drm.card import Card
from receiver.present.drm.fitting import Way, is_known, key_of, lowest, ways
from receiver.present.drm.formats import ARGB, XRGB, YUV, even
from receiver.present.drm.imports import Imports
from receiver.present.drm.modes import Route
from receiver.present.drm.pool import Pool
from receiver.present.drm.scanout import OFF, Scanout, placed
from receiver.present.plain import Plain
from receiver.present.scaler import Scaler
from receiver.present.turn import Turners
from receiver.prime import described

MAX_KNOWN = 64
"""Arrangements that are remembered."""

Rect = tuple[int, int, int, int]
State = dict[int, dict[str, int]]


class Direct:
    """The planes of one CRTC in one mode of ``size``."""

    def __init__(self, card: Card, route: Route, scanout: Scanout, size: tuple[int, int]) -> None:
        self._route = route
        self._scanout = scanout
        self._size = size
        self._pool = Pool(card)
        self._black = self._pool.take("black", size, XRGB, frozenset())
        self._black.surface.fill(0)
        self._known: dict[object, Way | None] = {}
        self._scalers: dict[int, Scaler] = {}
        self._over: tuple[list[object], Rect, Buffer] | None = None
        self._imports = Imports(card)
        self._plain = Plain()
        self._turners = Turners()
        self._pictures: dict[int, tuple[Picture, tuple[int, int], Buffer]] = {}
        """What each stream shows, at which size, in which buffer."""

    def state(self, view: View, shown: frozenset[int]) -> State | None:
        """What the planes are to show, or None where they can't show it. ``shown``: frame buffers on the screen now,
        which must not be drawn into."""
        if not view.pictures or not all(is_known(one.picture.frame) for one in view.pictures):
            return None
        over = _bounds(view, self._size)
        key = (over, *(key_of(placed) for placed in view.pictures))
        if key in self._known:
            way = self._known[key]
            return None if way is None else self._state(view, over, way, shown)
        for way in ways(view):
            state = self._state(view, over, way, shown)
            if state is not None and self._taken(state):
                return self._remember(key, way, state)
        return self._remember(key, None, None)

    def _remember(self, key: object, way: Way | None, state: State | None) -> State | None:
        while len(self._known) >= MAX_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[key] = way
        return state

    def _taken(self, state: State) -> bool:
        try:
            self._scanout.test(state)
        except OSError as error:
            if error.errno == errno.EACCES:
                raise
            return False
        return True

    def _state(self, view: View, over: Rect | None, way: Way, shown: frozenset[int]) -> State | None:
        """The planes' state where there are enough planes of the right kinds."""
        crtc, planes = self._route.crtc, list(self._route.layers)
        state: State = {plane.id: {**OFF, **plane.upright} for plane in planes}
        if way.beneath:
            whole = (0, 0, *self._size)
            state[planes.pop(0).id] |= placed(self._black.framebuffer, crtc, self._size, whole)
        pictures = view.pictures if way.imported else self._plain.plain(view.pictures)
        kept = {}
        for one in pictures if way.turned else self._turners.upright(pictures):
            found = lowest(planes, one)
            if found is None:
                return None
            plane, kind, taken = found
            size = (one.picture.width, one.picture.height) if way.scaled else one.size
            if kind is None:
                framebuffer = self._imported(one.picture)
                if framebuffer is None:
                    return None
            else:
                buffer = self._filled(one.picture, size, kind, shown)
                kept[one.picture.stream] = (one.picture, size, buffer)
                framebuffer = buffer.framebuffer
            state[plane.id] = placed(framebuffer, crtc, size, one.rect) | taken
            del planes[: planes.index(plane) + 1]
        if over is not None:
            above = next((plane for plane in planes if ARGB.fourcc in plane.formats), None)
            if above is None:
                return None
            buffer = self._drawn_over(view, over, shown)
            state[above.id] |= placed(buffer.framebuffer, crtc, over[2:], over)
        self._pictures = kept
        return state

    def _imported(self, picture: Picture) -> int | None:
        try:
            return self._imports.framebuffer(picture.stream, picture.frame, described(picture.frame))
        except OSError:
            return None

    def _filled(self, picture: Picture, size: tuple[int, int], name: str, shown: frozenset[int]) -> Buffer:
        """A buffer with the picture of that size in that format; the one that has it already, where one has."""
        before = self._pictures.get(picture.stream)
        if before is not None and (before[0] is picture and before[1] == size and before[2].format is YUV[name]):
            return before[2]
        frame = self._converted(picture, size, name)
        buffer = self._pool.take(picture.stream, even(size), YUV[name], shown)
        copy(frame, buffer)
        return buffer

    def _converted(self, picture: Picture, size: tuple[int, int], name: str) -> VideoFrame:
        frame = picture.frame
        plain = frame.format.name == name or (frame.format.name, name) == ("yuvj420p", "yuv420p")
        if plain and (frame.width, frame.height) == size and all(plane.line_size > 0 for plane in frame.planes):
            return frame
        return self._scalers.setdefault(picture.stream, Scaler()).scale(frame, size, name)

    def _drawn_over(self, view: View, over: Rect, shown: frozenset[int]) -> Buffer:
        """The patches with their alpha; drawn when they change only."""
        patches: list[object] = [(id(patch), corner) for patch, corner in view.patches]
        if self._over is not None and self._over[:2] == (patches, over):
            return self._over[2]
        surface = pygame.Surface(over[2:], pygame.SRCALPHA, 32)
        surface.blits([(patch, (x - over[0], y - over[1])) for patch, (x, y) in view.patches])
        buffer = self._pool.take("over", over[2:], ARGB, shown)
        rows = pygame.surfarray.pixels2d(buffer.surface)
        rows[:] = pygame.surfarray.pixels2d(surface.premul_alpha())
        del rows  # it locks the surface
        self._over = (patches, over, buffer)
        return buffer

    def keep(self, streams: Collection[int], shown: frozenset[int]) -> None:
        """Only these streams are left."""
        for gone in self._scalers.keys() - set(streams):
            del self._scalers[gone]
        for gone in self._pictures.keys() - set(streams):
            del self._pictures[gone]
        self._imports.keep(streams, shown)
        self._pool.keep({"black", "over", *streams}, shown)

    def close(self) -> None:
        self._pictures.clear()
        self._over = None
        self._imports.close()
        self._pool.close()


def copy(frame: VideoFrame, buffer: Buffer) -> None:
    """The frame's planes into a buffer of the same format."""
    for plane, target in zip(frame.planes, buffer.parts(), strict=True):
        source = np.frombuffer(memoryview(plane), np.uint8)
        whole = source[: len(source) // plane.line_size * plane.line_size].reshape(-1, plane.line_size)
        height, width = min(len(target), len(whole)), min(target.shape[1], plane.line_size)
        np.copyto(target[:height, :width], whole[:height, :width])


def _bounds(view: View, size: tuple[int, int]) -> Rect | None:
    """What all patches together cover of the screen."""
    rects = [patch.get_rect(topleft=corner) for patch, corner in view.patches]
    if not rects:
        return None
    whole = rects[0].unionall(rects[1:]).clip((0, 0, *size))
    return (whole.x, whole.y, whole.width, whole.height) if whole.width and whole.height else None
