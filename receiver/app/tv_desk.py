"""The TV behind the display: woken when somebody needs the screen, sent to standby when nobody does, and its remote
control, whose OK and Back answer what the TV asks."""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from receiver.clock import Clock
from receiver.config import Config
from receiver.input.tv import TvSchedule
from receiver.link import TvKey, TvState

LOOK_S = 0.5
YES, NO = "select", ("back", "stop")
REMOTE = "the TV's remote control"


class Line(Protocol):
    """The way to the TV. ``tv``: None while nothing is known."""

    tv: TvState | None

    def turn_tv(self, on: bool) -> None: ...


class Asker(Protocol):
    """Something that may be asking the room. ``answer_here``: by somebody in front of the TV; whether it was asking."""

    def answer_here(self, yes: bool, by: str) -> bool: ...


class TvDesk:
    """``needed``: whether somebody needs the screen now; ``dark``: whether it was turned off by command."""

    def __init__(
        self, line: Line, schedule: TvSchedule, clock: Clock, needed: Callable[[], bool], dark: Callable[[], bool]
    ) -> None:
        self._line = line
        self._schedule = schedule
        self._clock = clock
        self._needed = needed
        self._dark = dark
        self._was_dark = False
        self._answered = ""
        self.askers: Iterable[Asker] = ()
        self.on_other_key: Callable[[str], None] = lambda device: None
        self.on_key: Callable[[TvKey], None] = lambda key: None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.look(time.localtime())
            await asyncio.sleep(LOOK_S)

    def look(self, local: time.struct_time) -> None:
        """Tell the TV what follows from how things are."""
        now = self._clock.now()
        orders = [self._schedule.needed(self._needed(), now)]
        orders.append(self._schedule.poll(now, local.tm_hour * 60 + local.tm_min))
        if (dark := self._dark()) != self._was_dark:
            self._was_dark = dark
            orders.append("sleep" if dark else "wake")
        for order in orders:
            if order is not None:
                self._line.turn_tv(order == "wake")

    def key(self, key: TvKey) -> None:
        """A key of the remote control: it answers what the TV asks, and otherwise ends remote control, as any key of
        the display's own does, or goes to the sender whose picture is shown. One that is held does neither anew, and
        one that has answered is for nobody else."""
        if key.down and not key.again:
            self._answered = key.name if self._answers(key.name) else ""
            if not self._answered:
                self.on_other_key(REMOTE)
        if key.name != self._answered:
            self.on_key(key)

    def _answers(self, name: str) -> bool:
        return name in (YES, *NO) and any(asker.answer_here(name == YES, REMOTE) for asker in self.askers)

    def status(self) -> dict[str, object]:
        """For ``ddp-receiver status``."""
        tv = self._line.tv
        if tv is None:
            return {"connected": False, "reason": "CEC is turned off, or is just starting."}
        return {"connected": tv.connected, "reason": tv.reason, "shows_us": tv.shows_us, "power": tv.power}


def schedule(config: Config) -> TvSchedule:
    """When the TV is to be on, as configured."""

    def minute(text: str) -> int | None:
        return int(text[:2]) * 60 + int(text[3:]) if text else None

    tv = config.tv
    return TvSchedule(tv.standby_minutes * 60_000_000_000, minute(tv.on_at), minute(tv.off_at), tv.wake)
