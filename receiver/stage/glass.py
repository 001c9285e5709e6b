"""The output and what is on it: it is drawn anew only where something changed."""

import datetime
from dataclasses import dataclass

from receiver.link import Scene, SetLayout
from receiver.pace.layout import arrange
from receiver.pace.refresh import FilmRate
from receiver.present.api import Flip, Panel, Placed, Presenter, View
from receiver.present.idle import Sprite
from receiver.present.overlay import StreamView
from receiver.present.screens import Screens
from receiver.stage.channel import Channel

NOTHING: list[Sprite] = []
"""The patches of a dark screen."""


@dataclass(slots=True)
class _Drawn:
    """What the last view was made of; identity is enough, for all of it is replaced on change."""

    channels: list[Channel]
    pictures: list[Placed]
    version: int
    patches: list[Sprite]
    size: tuple[int, int]


class Glass:
    """For the presenter's thread alone."""

    def __init__(self, presenter: Presenter) -> None:
        self.presenter = presenter
        self._panel = presenter if isinstance(presenter, Panel) else None
        self._screens = Screens(*presenter.size)
        self._drawn: _Drawn | None = None
        self._film_rate = FilmRate()
        self._asleep = False

    @property
    def facts(self) -> tuple[object, ...]:
        """What the app is told of the output."""
        return str(self.presenter), self.presenter.size, self.presenter.refresh_mhz

    @property
    def period_ns(self) -> int:
        """From one VSync to the next."""
        return 10**12 // self.presenter.refresh_mhz

    def show(
        self, scene: Scene, layout: SetLayout, channels: list[Channel], now: int, anew: bool
    ) -> tuple[list[Channel], Flip | None]:
        """The channels that have a place on the screen, and how it was given over; None: it has all of that already.

        ``anew``: more than pictures may have changed.
        """
        size, before = self.presenter.size, self._drawn
        if before is not None and before.size != size:
            self._screens = Screens(*size)
        shown = {} if scene.dark else _place(layout, channels, size)
        drawn = _Drawn([*shown], [*shown.values()], 0, NOTHING, size)
        idle = None
        if not anew and before is not None and shown and (before.channels, before.size) == (drawn.channels, size):
            drawn.patches = before.patches
        elif not scene.dark:
            wall = datetime.datetime.now()
            if not shown:
                idle = self._screens.idle(scene, wall, now)
                drawn.version = self._screens.version
            drawn.patches = self._screens.overlay(scene, _views(channels, shown), wall, now)
        if before is not None and _same(drawn, before):
            return drawn.channels, None
        self._wake_up()
        self.presenter.draw(View(idle, drawn.pictures, drawn.patches))
        flip = self.presenter.flip()
        self._drawn = drawn
        if scene.dark:
            self._fall_asleep()
        return drawn.channels, flip

    def follow_film(self, alone: bool, interval_ns: float | None, now: int) -> None:
        """Take the rate of a film that has the screen for itself, and the screen's own again after it."""
        panel = self._panel
        if panel is None or self._asleep:
            return
        rate = self._film_rate.wanted(now, alone, interval_ns, panel.rates, self.presenter.refresh_mhz, panel.own_rate)
        if rate is not None:
            panel.set_rate(rate)

    def _fall_asleep(self) -> None:
        if self._panel is not None:
            self._panel.sleep()
            self._asleep = True

    def _wake_up(self) -> None:
        if self._asleep and self._panel is not None:
            self._panel.wake()
            self._asleep = False


def _place(layout: SetLayout, channels: list[Channel], size: tuple[int, int]) -> dict[Channel, Placed]:
    """The newest picture of every channel that has a place on the screen."""
    ready = {channel.stream: (channel, channel.current) for channel in channels if channel.current is not None}
    shown = {}
    for stream, cell in arrange(layout.layout, list(ready), layout.focus, *size).items():
        channel, picture = ready[stream]
        shown[channel] = channel.shape.place(picture, cell)
    return shown


def _views(channels: list[Channel], shown: dict[Channel, Placed]) -> list[StreamView]:
    """How the overlay sees them; where several share the screen each with its place."""
    shared = len(shown) > 1
    return [channel.view(shown[channel].rect if shared and channel in shown else None) for channel in channels]


def _same(a: _Drawn, b: _Drawn) -> bool:
    return (a.version, a.size) == (b.version, b.size) and a.patches is b.patches and a.pictures == b.pictures
