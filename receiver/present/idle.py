"""The idle screen's composition: what stands where, as surfaces with places, before the drift."""

import datetime
from dataclasses import dataclass

import pygame

from receiver.present.pin import pin_card
from receiver.present.shapes import plate, qr_card
from receiver.present.text import CAP_HEIGHT, Line, Typesetter
from receiver.present.theme import ACCENT, INK, LIGHT, SOFT, WARNING, Colour, Sizes

Sprite = tuple[pygame.Surface, tuple[int, int]]

INVITE = "Open this address in your browser, or scan the code."
INVITE_NO_CODE = "Open this address in your browser."
OFFLINE = "No network"
ADVICE = "Check this display’s network cable or Wi-Fi. Sharing comes back by itself."

HERO, CLOCK, ADDRESS, BODY, SMALL = 13.0, 9.0, 8.4, 4.8, 3.6
"""Ems in hundredths of the short side. ``SMALL`` is the least anywhere: capitals of 1/38."""
CODE, BESIDE = 49, 7
"""Side of the code in landscape, and what keeps it apart, in hundredths of the short side."""
MAX_CODE = 256
"""Characters; at most QR version 15 with quiet zone, 85 modules: 4 pixels each at 720p."""
MARK = 1.25
"""Diameter of the warning's disc over its line's em; the text begins ``MARK_GAP`` ems after it."""
MARK_GAP = 0.5


@dataclass(frozen=True)
class IdleContent:
    """All that the idle screen depends on; two equal values draw the same pixels. ``noted``: notes need room
    on it; beside the code they have it anyway."""

    display_name: str
    join_url: str
    join_qr: str
    network: str
    network_ok: bool
    pin: str | None
    pin_for: str | None
    clock: str
    date: str
    noted: bool = False

    @property
    def scannable(self) -> bool:
        """Whether there is a code to show: a way to join, in a text that makes a code coarse enough for a phone."""
        return bool(self.join_url) and 0 < len(self.join_qr) <= MAX_CODE


@dataclass(frozen=True)
class Row:
    """A line of the lower left block, with the pixels ``above`` it and the colour of its mark, if it has one."""

    line: Line
    above: int
    mark: Colour | None = None


def clock_and_date(wall: datetime.datetime) -> tuple[str, str]:
    return f"{wall:%H:%M}", f"{wall:%A} {wall.day} {wall:%B}"


class IdleLayout:
    """Composes one content at a time within ``sizes``."""

    def __init__(self, sizes: Sizes, setter: Typesetter) -> None:
        self._sizes = sizes
        self._setter = setter
        self._qr: tuple[str, int, pygame.Surface] | None = None

    def compose(self, content: IdleContent) -> list[Sprite]:
        """Sprites in drawing order, all within the resting box."""
        header, bottom = self._header(content)
        if content.pin:
            return header + self._pin(content, bottom)
        return header + self._join(content, bottom)

    def _header(self, content: IdleContent) -> tuple[list[Sprite], int]:
        """The display's name and the clock, and the y below them."""
        s, u, setter = self._sizes, self._sizes.u, self._setter
        clock = setter.line("light", u(CLOCK), (content.clock, LIGHT))
        date = setter.line("medium", u(SMALL), (content.date, SOFT))
        if s.portrait:
            sprites = [clock.at(s.left, s.top), date.at(s.right - date.width, s.top + clock.cap - date.cap)]
            if content.noted and not content.pin:  # they take the name's place
                return sprites, s.top + u(31)
            name_top, name_width = s.top + clock.cap + u(12), s.right - s.left
        else:
            after = s.top + clock.cap + u(3.4)
            sprites = [clock.at(s.right - clock.width, s.top), date.at(s.right - date.width, after)]
            name_top, name_width = s.top, s.right - s.left - max(clock.width, date.width) - u(8)
        rows, size = setter.fit_block(content.display_name, "bold", u(HERO), u(HERO * 0.62), name_width, 1)
        if setter.width(rows[0], "bold", size) > name_width or rows[0].endswith("…"):
            rows, size = setter.fit_block(content.display_name, "bold", u(HERO * 0.8), u(4.6), name_width, 2)
        y = name_top
        for row in rows:
            line = setter.line("bold", size, (row, LIGHT))
            sprites.append(line.at(s.left, y))
            y += line.cap + size // 2
        return sprites, y

    def _pin(self, content: IdleContent, top: int) -> list[Sprite]:
        s, u = self._sizes, self._sizes.u
        top += u(5)
        bottom, ask = s.bottom - (u(11) if content.noted else 0), u(5.2)
        card = pin_card(self._setter, content.pin or "", content.pin_for, s.right - s.left, bottom - top, ask)
        return [(card, (s.left, top))]

    def _join(self, content: IdleContent, top: int) -> list[Sprite]:
        """How to join, built up from the bottom; the code beside it, or above it in portrait, in what room is left."""
        s, u = self._sizes, self._sizes.u
        sprites: list[Sprite] = []
        width = s.right - s.left
        if content.scannable and not s.portrait:
            code = self._code(content.join_qr, min(u(CODE), s.bottom - top - u(5)))
            sprites.append((code, (s.right - code.get_width(), s.bottom - code.get_height())))
            width -= code.get_width() + u(BESIDE)
        y = s.bottom
        for row in reversed(self._rows(content, width)):
            y -= row.line.cap
            sprites += self._placed(row, y)
            y -= row.above
        if content.scannable and s.portrait:
            code = self._code(content.join_qr, min(u(66), y - top - u(14)))
            sprites.append((code, (s.left, y - u(7) - code.get_height())))
        return sprites

    def _rows(self, content: IdleContent, width: int) -> list[Row]:
        s = self._sizes
        rows: list[Row] = []
        if content.join_url:
            rows += self._block(INVITE if content.scannable else INVITE_NO_CODE, width, 0)
            rows += self._address(content.join_url, width)
        network = content.network or ("" if content.network_ok else OFFLINE)
        if content.network_ok:
            text, size = self._setter.fit(network, "medium", s.u(SMALL), s.u(SMALL), width - s.u(4))
            return [*rows, Row(self._setter.line("medium", size, (text, SOFT)), s.u(6.4), ACCENT)]
        largest = s.u(BODY if content.join_url else ADDRESS)
        room = width - round((MARK + MARK_GAP) * largest)
        text, size = self._setter.fit(network, "bold", largest, s.u(BODY), room)
        rows.append(Row(self._setter.line("bold", size, (text, WARNING)), s.u(7), WARNING))
        return rows + self._block(ADVICE, width, s.u(5))

    def _block(self, text: str, width: int, above: int) -> list[Row]:
        """A sentence of ours on up to three lines."""
        texts, size = self._setter.fit_block(text, "medium", self._sizes.u(BODY), self._sizes.u(SMALL), width, 3)
        lines = [self._setter.line("medium", size, (text, LIGHT)) for text in texts]
        return [Row(line, size * 2 // 3 if i else above) for i, line in enumerate(lines)]

    def _address(self, url: str, width: int) -> list[Row]:
        """The address on one line as long as that is large enough, else on up to three; its scheme stands back."""
        setter, u = self._setter, self._sizes.u
        text, size = setter.fit(url, "address", u(ADDRESS), u(4.2), width)
        texts = [text]
        if text != url:
            texts, size = setter.fit_block(url, "address", u(6), u(SMALL), width, 3, ":./-")
        scheme, mark, rest = texts[0].partition("://")
        first = [(scheme + mark, SOFT), (rest, ACCENT)] if mark else [(texts[0], ACCENT)]
        lines = [setter.line("address", size, *first)]
        lines += [setter.line("address", size, (text, ACCENT)) for text in texts[1:]]
        return [Row(line, size // 2 if i else u(5.4)) for i, line in enumerate(lines)]

    def _placed(self, row: Row, y: int) -> list[Sprite]:
        """The row with the top of its capitals at ``y``, after its mark: a dot, or the warning's exclamation mark."""
        s, u, line = self._sizes, self._sizes.u, row.line
        if row.mark is None:
            return [line.at(s.left, y)]
        if row.mark != WARNING:
            dot = plate(u(1.8), u(1.8), u(0.9), row.mark)
            return [(dot, (s.left, y + (line.cap - u(1.8)) // 2)), line.at(s.left + u(3.4), y)]
        size = line.cap / CAP_HEIGHT
        disc = round(size * MARK)
        sign = self._setter.line("bold", round(disc * 0.72), ("!", INK))
        top = y + (line.cap - disc) // 2
        return [
            (plate(disc, disc, disc // 2, row.mark), (s.left, top)),
            sign.at(s.left + (disc - sign.width) // 2, top + (disc - sign.cap) // 2),
            line.at(s.left + round(size * (MARK + MARK_GAP)), y),
        ]

    def _code(self, text: str, side: int) -> pygame.Surface:
        """The QR card, kept until its text or size changes."""
        if self._qr is None or self._qr[:2] != (text, side):
            self._qr = (text, side, qr_card(text, side))
        return self._qr[2]
