"""What an output is: something with a size and a VSync that shows one view after another."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import pygame

from receiver.media import Picture

Output = Literal["kms", "kmsdrm", "window", "headless"]


Degrees = Literal[0, 90, 180, 270]
"""Clockwise."""


class Placed(NamedTuple):
    """A picture and what it fills, after it was turned: x, y, width, height in screen pixels."""

    picture: Picture
    rect: tuple[int, int, int, int]
    turn: Degrees = 0

    @property
    def size(self) -> tuple[int, int]:
        """Of what it fills, before the picture is turned."""
        _, _, width, height = self.rect
        return (height, width) if self.turn in (90, 270) else (width, height)


@dataclass(frozen=True, slots=True)
class View:
    """All that is on the screen at one VSync.

    ``pictures`` on black, each in a place of its own, or ``idle`` fills the screen: one or the other.
    ``patches`` go over it: surfaces with alpha and their top left corners. A surface that is given again must hold
    the same pixels, except ``idle``.
    """

    idle: pygame.Surface | None
    pictures: Sequence[Placed] = ()
    patches: Sequence[tuple[pygame.Surface, tuple[int, int]]] = ()


class Flip(NamedTuple):
    """In ns of CLOCK_MONOTONIC: when the view was on the screen; when it was handed to the display, and the driver had
    done its part of it (that call came back; where it waits until the view is shown, after as much as it used of a
    processor and stood waiting for one); and when we were told that it is on the screen."""

    on_screen_ns: int
    handed_ns: int
    taken_ns: int
    told_ns: int


class Presenter(Protocol):
    """An output. Every method is called from the one thread that opened it: display libraries ask for that."""

    @property
    def output(self) -> Output:
        """Which kind this is."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels; it may change after ``poll``."""

    @property
    def refresh_mhz(self) -> int:
        """Pictures in 1000 s that the screen can show."""

    def next_vsync(self, after_ns: int) -> int:
        """The first time >= ``after_ns`` at which a picture can reach the glass. Pure arithmetic, any thread."""

    def poll(self) -> bool:
        """Let the display library breathe; False when someone closed the window."""

    def draw(self, view: View) -> None:
        """Prepare the view."""

    def flip(self) -> Flip:
        """Put what was drawn on the screen at the next VSync, and return after it."""

    def snapshot(self) -> pygame.Surface:
        """A copy of what is on the screen now."""

    def close(self) -> None:
        """Give the screen back. May be called twice."""


@runtime_checkable
class Panel(Protocol):
    """A presenter that has the screen itself in hand. Methods are called as a presenter's are."""

    @property
    def size_mm(self) -> tuple[int, int]:
        """Width and height of what shows pictures, in mm; zeros where the screen does not tell."""

    @property
    def rates(self) -> Collection[int]:
        """The rates in mHz that it can show at its present size, with its own; none where its rate is to stay."""

    @property
    def own_rate(self) -> int:
        """The rate that it was lit with, which it returns to."""

    def set_rate(self, refresh_mhz: int) -> None:
        """Show at another one of ``rates``. Most screens are dark meanwhile, for a second or two. Where the screen
        refuses, that rate is none of them any more."""

    def sleep(self) -> None:
        """Send the screen to standby. Nothing is drawn until ``wake``."""

    def wake(self) -> None:
        """Bring it back."""
