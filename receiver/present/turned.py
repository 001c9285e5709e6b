"""A screen that hangs on its side or upside down: each view is turned before it is drawn.

Pictures are placed turned, and whoever draws them turns them: the planes where they can, else FFmpeg in the pictures'
own colours (0.3 to 0.8 ms for 1080p). What else is drawn is turned by pygame, once for each surface that stays.
"""

from collections.abc import Collection
from weakref import WeakKeyDictionary

import pygame

from receiver.present.api import Degrees, Flip, Output, Panel, Placed, Presenter, View

Rect = tuple[int, int, int, int]

TURNS: dict[int, Degrees] = {0: 0, 90: 90, 180: 180, 270: 270, 360: 0, 450: 90, 540: 180}
"""Two turns, one after the other."""


def turned_rect(rect: Rect, degrees: Degrees, size: tuple[int, int]) -> Rect:
    """Where ``rect`` of an area of ``size`` lies after the area was turned clockwise."""
    x, y, width, height = rect
    match degrees:
        case 90:
            return size[1] - y - height, x, height, width
        case 180:
            return size[0] - x - width, size[1] - y - height, width, height
        case 270:
            return y, size[0] - x - width, height, width
        case _:
            return rect


class TurnedPresenter:
    """Another presenter, turned clockwise by ``degrees``."""

    def __init__(self, inner: Presenter, degrees: Degrees) -> None:
        self.inner = inner
        self._degrees = degrees
        self._patches: WeakKeyDictionary[pygame.Surface, pygame.Surface] = WeakKeyDictionary()

    @property
    def output(self) -> Output:
        return self.inner.output

    @property
    def size(self) -> tuple[int, int]:
        width, height = self.inner.size
        return (width, height) if self._degrees == 180 else (height, width)

    @property
    def refresh_mhz(self) -> int:
        return self.inner.refresh_mhz

    def __str__(self) -> str:
        return f"{self.inner}, turned by {self._degrees}°"

    def next_vsync(self, after_ns: int) -> int:
        return self.inner.next_vsync(after_ns)

    def poll(self) -> bool:
        return self.inner.poll()

    def draw(self, view: View) -> None:
        size = self.size
        pictures = [
            Placed(one.picture, turned_rect(one.rect, self._degrees, size), TURNS[one.turn + self._degrees])
            for one in view.pictures
        ]
        patches = []
        for patch, corner in view.patches:
            x, y, _, _ = turned_rect((*corner, *patch.get_size()), self._degrees, size)
            patches.append((self._patch(patch), (x, y)))
        idle = None if view.idle is None else pygame.transform.rotate(view.idle, -self._degrees)
        self.inner.draw(View(idle, pictures, patches))

    def _patch(self, patch: pygame.Surface) -> pygame.Surface:
        turned = self._patches.get(patch)
        if turned is None:
            turned = self._patches[patch] = pygame.transform.rotate(patch, -self._degrees)
        return turned

    def flip(self) -> Flip:
        return self.inner.flip()

    def snapshot(self) -> pygame.Surface:
        """As people see it."""
        return pygame.transform.rotate(self.inner.snapshot(), self._degrees)

    def close(self) -> None:
        self._patches.clear()
        self.inner.close()


class TurnedPanel(TurnedPresenter):
    """One that has the screen itself in hand."""

    def __init__(self, inner: Presenter, panel: Panel, degrees: Degrees) -> None:
        super().__init__(inner, degrees)
        self._panel = panel

    @property
    def size_mm(self) -> tuple[int, int]:
        width, height = self._panel.size_mm
        return (width, height) if self._degrees == 180 else (height, width)

    @property
    def rates(self) -> Collection[int]:
        return self._panel.rates

    @property
    def own_rate(self) -> int:
        return self._panel.own_rate

    def set_rate(self, refresh_mhz: int) -> None:
        self._panel.set_rate(refresh_mhz)

    def sleep(self) -> None:
        self._panel.sleep()

    def wake(self) -> None:
        self._panel.wake()


def turned(inner: Presenter, degrees: Degrees) -> Presenter:
    """The presenter itself where there is nothing to turn."""
    if not degrees:
        return inner
    return TurnedPanel(inner, inner, degrees) if isinstance(inner, Panel) else TurnedPresenter(inner, degrees)
