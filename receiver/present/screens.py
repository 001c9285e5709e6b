"""What the receiver itself shows: the idle screen, and the patches over a picture. Redrawn only on change."""

import datetime
from collections.abc import Sequence

import pygame

from receiver.link import Scene
from receiver.present.drift import offset
from receiver.present.idle import IdleContent, IdleLayout, Sprite, clock_and_date
from receiver.present.overlay import OverlayContent, OverlayLayout, StreamView, overlay_content
from receiver.present.shapes import background
from receiver.present.text import Typesetter
from receiver.present.theme import Sizes


class Screens:
    """The receiver's own surfaces for a screen of ``width`` x ``height`` pixels.

    Needs no display and no video initialised. ``version`` grows whenever a pixel of the idle surface changed: with
    the minute, with the scene, and by the drift three times a minute.
    """

    def __init__(self, width: int, height: int) -> None:
        self.version = 0
        self._sizes = Sizes(width, height)
        setter = Typesetter()
        self._idle_layout = IdleLayout(self._sizes, setter)
        self._overlay_layout = OverlayLayout(self._sizes, setter)
        self._background: pygame.Surface | None = None
        self._canvas = pygame.Surface((width, height), 0, 32)
        self._content: IdleContent | None = None
        self._offset = (0, 0)
        self._sprites: list[Sprite] = []
        self._over: OverlayContent | None = None
        self._patches: list[Sprite] = []
        self._placed: tuple[tuple[int, int], list[Sprite]] = ((0, 0), [])

    def idle(self, scene: Scene, wall: datetime.datetime, now_ns: int) -> pygame.Surface:
        """The idle screen: opaque, 32 bit, full size, always the same object."""
        clock, date = clock_and_date(wall)
        content = IdleContent(
            display_name=scene.display_name,
            join_url=scene.join_url,
            join_qr=scene.join_qr,
            network=scene.network,
            network_ok=scene.network_ok,
            pin=scene.pin,
            pin_for=scene.pin_for if scene.pin else None,
            clock=clock,
            date=date,
            noted=bool(scene.asking or scene.toast or scene.driving) and (self._sizes.portrait or bool(scene.pin)),
        )
        place = offset(self._sizes.width, self._sizes.height, now_ns)
        if content == self._content and place == self._offset:
            return self._canvas
        if content != self._content:
            self._sprites = self._idle_layout.compose(content)
        self._content, self._offset = content, place
        if self._background is None:
            self._background = background(self._sizes.width, self._sizes.height)
        self._canvas.blit(self._background, (0, 0))
        self._canvas.blits(_moved(self._sprites, place))
        self.version += 1
        return self._canvas

    def overlay(
        self, scene: Scene, streams: Sequence[StreamView], wall: datetime.datetime, now_ns: int
    ) -> list[Sprite]:
        """Patches with straight per-pixel alpha and their top left corners; the same list while nothing changes.

        The PIN and the paused marks are laid over live streams only; with none, the idle screen has the PIN.
        Streams that share the screen bear their names, and a pause's mark beside it.
        """
        content = overlay_content(scene, streams)
        place = offset(self._sizes.width, self._sizes.height, now_ns)
        if content != self._over:
            self._over, self._patches = content, self._overlay_layout.compose(content)
        elif place == self._placed[0]:
            return self._placed[1]
        self._placed = (place, _moved(self._patches, place))
        return self._placed[1]


def _moved(sprites: Sequence[Sprite], place: tuple[int, int]) -> list[Sprite]:
    return [(surface, (x + place[0], y + place[1])) for surface, (x, y) in sprites]
