"""Patches over the pictures: names, the toast, the PIN, who asks to share, the mark of a paused stream."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pygame

from receiver.link import Scene, Wish
from receiver.present.idle import BESIDE, CODE, SMALL, Sprite
from receiver.present.name import name_card
from receiver.present.pin import pin_card
from receiver.present.shapes import plate
from receiver.present.text import Typesetter
from receiver.present.theme import ACCENT, DRIFT, LIGHT, SHADE, SHADE_ALPHA, SOFT, Sizes

Place = tuple[int, int, int, int]
"""x, y, width, height in pixels."""


@dataclass(frozen=True)
class StreamView:
    """A stream as the screen sees it: its sender's name; ``live_since_ns`` None until its first picture is shown;
    ``place``: of its picture, where it shares the screen with others."""

    name: str
    paused: bool
    live_since_ns: int | None
    place: Place | None = None


@dataclass(frozen=True)
class Label:
    """A name on the picture at ``place``."""

    name: str
    paused: bool
    place: Place


@dataclass(frozen=True)
class OverlayContent:
    """All that the patches depend on. ``paused``: names of the paused live streams that have no label. ``pairing``: the
    idle screen shows a PIN.

    ``name``: the display's own, with a line below it, while it is to be told from others. A PIN is more urgent."""

    toast: str | None
    pin: str | None
    pin_for: str | None
    asking: str | None
    asked: str
    wish: Wish
    paused: tuple[str, ...]
    labels: tuple[Label, ...]
    idle: bool
    name: tuple[str, str] | None = None
    driving: tuple[str, ...] = ()
    pairing: bool = False
    back: str = ""


def overlay_content(scene: Scene, streams: Sequence[StreamView]) -> OverlayContent:
    """What to lay over ``streams``. With none live the idle screen is up, and it shows the PIN itself."""
    live = [stream for stream in streams if stream.live_since_ns is not None]
    return OverlayContent(
        toast=None if scene.asking and (scene.pin if live else scene.driving) else scene.toast,  # no room for all three
        pin=scene.pin if live else None,
        pin_for=scene.pin_for if live else None,
        asking=scene.asking,
        asked=scene.asked,
        wish=scene.wish,
        paused=tuple(stream.name for stream in live if stream.paused and stream.place is None),
        labels=tuple(Label(stream.name, stream.paused, stream.place) for stream in streams if stream.place),
        idle=not live,
        name=(scene.display_name, scene.identify) if scene.identify is not None and not scene.pin else None,
        driving=scene.driving,
        pairing=not live and bool(scene.pin),
        back=scene.back,
    )


class OverlayLayout:
    """Composes patches with straight alpha, placed within ``sizes`` before the drift."""

    def __init__(self, sizes: Sizes, setter: Typesetter) -> None:
        self._sizes = sizes
        self._setter = setter

    def compose(self, content: OverlayContent) -> list[Sprite]:
        """Patches in drawing order; all but the labels, which lie below them, keep apart."""
        s, u = self._sizes, self._sizes.u
        if content.name:
            card = name_card(self._setter, *content.name, s.right - s.left, s.bottom - s.top + u(8), u(1))
            return [(card, (s.left, s.top - u(4)))]
        if content.idle:
            return self._over_idle(content)
        width = s.right - s.left
        sprites = [self._label(label) for label in content.labels]
        top = s.top
        for row in self._marks(content, width):
            left = (s.width - sum(mark.get_width() + u(1.5) for mark in row) + u(1.5)) // 2
            for mark in row:
                sprites.append((mark, (left, top)))
                left += mark.get_width() + u(1.5)
            top += u(7.5)
        if content.paused:
            names = ", ".join(content.paused[:4])
            mark = self._note(f"Paused · {names}", width, paused=True)
            sprites.append((mark, ((s.width - mark.get_width()) // 2, top)))
        if content.pin:
            wide, height = min(width, u(86)), u(44)
            frame = u(1)  # a shared document is as white as the card
            card = plate(wide, height, u(5), SHADE, SHADE_ALPHA)
            inner = pin_card(self._setter, content.pin, content.pin_for, wide - 2 * frame, height - 2 * frame, u(4))
            card.blit(inner, (frame, frame))
            sprites.append((card, ((s.width - wide) // 2, (s.height - height) // 2)))
        notes = self._notes(content, width)
        if content.labels:  # they are at the bottom
            return sprites + self._from_top(notes, top)
        return sprites + self._from_bottom(notes)

    def _notes(self, content: OverlayContent, width: int) -> list[pygame.Surface]:
        notes = [self._question(content.asking, content.asked, content.wish, width)] if content.asking else []
        return notes + ([self._note(content.toast, width, paused=False)] if content.toast else [])

    def _over_idle(self, content: OverlayContent) -> list[Sprite]:
        """Above the address and beside the code, or in portrait in the name's place. Below a PIN there is room for one
        line only: who controls the display is the most important."""
        s, u = self._sizes, self._sizes.u
        width = s.right - s.left - (0 if s.portrait or content.pairing else u(CODE) + u(BESIDE))
        mark = [self._driving(content.driving, width)] if content.driving else []
        if content.pairing:
            return self._from_bottom((mark + self._notes(replace(content, asking=None), width))[:1])
        y, sprites = s.top + u(12 if s.portrait else 16), []
        for note in self._notes(content, width) + mark:
            sprites.append((note, (s.left, y)))
            y += note.get_height() + u(1.5)
        return sprites

    def _from_bottom(self, notes: Sequence[pygame.Surface]) -> list[Sprite]:
        s, y, sprites = self._sizes, self._sizes.bottom, []
        for note in notes:
            y -= note.get_height()
            sprites.append((note, ((s.width - note.get_width()) // 2, y)))
            y -= s.u(1.5)
        return sprites

    def _from_top(self, notes: Sequence[pygame.Surface], y: int) -> list[Sprite]:
        s, sprites = self._sizes, []
        for note in notes:
            sprites.append((note, ((s.width - note.get_width()) // 2, y)))
            y += note.get_height() + s.u(1.5)
        return sprites

    def _label(self, label: Label) -> Sprite:
        """The name in its picture's lower left corner, where it stays within the picture as it drifts."""
        s, u = self._sizes, self._sizes.u
        x, y, width, height = label.place
        aside, up = round(s.width * DRIFT) + 1, round(s.height * DRIFT) + 1
        left, bottom = max(x + aside, s.left), min(y + height - up, s.bottom)
        pad, tall, mark = u(1.8), u(5.4), u(3.4) if label.paused else 0
        room = max(u(8), min(x + width - aside, s.right) - left) - 2 * pad - mark
        text = self._setter.shorten(label.name, "medium", u(SMALL), room)
        line = self._setter.line("medium", u(SMALL), (text, LIGHT))
        patch = plate(2 * pad + mark + line.width, tall, u(1.4), SHADE, SHADE_ALPHA)
        if label.paused:
            self._bars(patch, pad, u(0.7), u(2.4))
        patch.blit(*line.at(pad + mark, (tall - line.cap) // 2))
        return patch, (left, bottom - tall)

    def _question(self, asking: str, asked: str, wish: Wish, width: int) -> pygame.Surface:
        """Who asks for what, and who may let them. Names stand in quotation marks: they can't be read as ours."""
        u = self._sizes.u
        pad, gap = u(3.6), u(2.2)
        room = width - 2 * pad
        asks = "asks to share" if wish == "share" else "asks to control this display"
        marks = self._setter.width(f"“” {asks}", "bold", u(4.4))
        name = self._setter.shorten(asking, "bold", u(4.4), room - marks)
        who = self._setter.line("bold", u(4.4), (f"“{name}” {asks}", LIGHT))
        decides = f"{asked} can let them, on the page they share from" if asked else "A moderator can let them"
        if self._setter.width(decides, "medium", u(SMALL)) > room:
            decides = f"{asked} can let them"
        text, size = self._setter.fit(decides, "medium", u(SMALL), u(SMALL), room)
        how = self._setter.line("medium", size, (text, SOFT))
        width, height = 2 * pad + max(who.width, how.width), 2 * u(3.2) + who.cap + gap + how.cap
        patch = plate(width, height, u(3), SHADE, SHADE_ALPHA)
        patch.blit(*who.at((width - who.width) // 2, u(3.2)))
        patch.blit(*how.at((width - how.width) // 2, u(3.2) + who.cap + gap))
        return patch

    def _marks(self, content: OverlayContent, width: int) -> list[list[pygame.Surface]]:
        """Rows of what is said for as long as it is so; two in one where the screen is not upright."""
        row = bool(content.driving and content.back) and not self._sizes.portrait
        width = (width - self._sizes.u(1.5)) // 2 if row else width
        marks = [self._driving(content.driving, width)] if content.driving else []
        marks += [self._who("Touches and keys go to ", content.back, "", width)] if content.back else []
        return [marks] if row else [[mark] for mark in marks]

    def _driving(self, names: Sequence[str], width: int) -> pygame.Surface:
        """Who controls the display."""
        says = "controls this display" if len(names) == 1 else "control this display"
        return self._who("", ", ".join(names[:4]), f" {says}", width)

    def _who(self, before: str, names: str, after: str, width: int) -> pygame.Surface:
        """A small mark; names in quotation marks, as in a question."""
        u = self._sizes.u
        pad, height, dot = u(2.4), u(6), u(1.4)
        room = width - 2 * pad - dot - u(1.4)
        room -= self._setter.width(f"{before}“”{after}", "medium", u(SMALL))
        name = self._setter.shorten(names, "medium", u(SMALL), room)
        line = self._setter.line("medium", u(SMALL), (f"{before}“{name}”{after}", LIGHT))
        patch = plate(2 * pad + dot + u(1.4) + line.width, height, height // 2, SHADE, SHADE_ALPHA)
        patch.blit(plate(dot, dot, dot // 2, ACCENT), (pad, (height - dot) // 2))
        patch.blit(*line.at(pad + dot + u(1.4), (height - line.cap) // 2))
        return patch

    def _note(self, text: str, width: int, *, paused: bool) -> pygame.Surface:
        """A dark pill with a mark and one line."""
        u = self._sizes.u
        height, pad, icon = u(9), u(3.6), u(2) if not paused else u(3)
        text, size = self._setter.fit(text, "medium", u(4), u(4), width - 2 * pad - icon - u(2))
        line = self._setter.line("medium", size, (text, LIGHT))
        patch = plate(2 * pad + icon + u(2) + line.width, height, height // 2, SHADE, SHADE_ALPHA)
        if paused:
            self._bars(patch, pad, u(1.1), u(3.2))
        else:
            patch.blit(plate(icon, icon, icon // 2, ACCENT), (pad, (height - icon) // 2))
        patch.blit(*line.at(pad + icon + u(2), (height - line.cap) // 2))
        return patch

    def _bars(self, patch: pygame.Surface, left: int, width: int, height: int) -> None:
        """The sign of a pause, in the middle of the patch's height."""
        bar = plate(width, height, self._sizes.u(0.3), LIGHT)
        for x in (left, left + round(width * 1.7)):
            patch.blit(bar, (x, (patch.get_height() - height) // 2))
