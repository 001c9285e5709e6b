"""The line to the TV: an adapter, as soon as there is one, and our part of the conversation on it."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from receiver.clock import Clock
from receiver.errors import BackendUnavailable
from receiver.input.cec import BROADCAST, Frame, Key, Playback, Power
from receiver.input.cec_adapter import CecAdapter, adapters, path_of

LOOK_EVERY_S = 2.0
"""How often adapters, cables and addresses are looked at."""
ASK_EVERY = 15
"""Looks between two questions after the TV's power."""
AGAIN_S = 3.0
"""When "wake up" is said once more: a TV that is just starting misses what follows the first word."""
NS = 1e9
UNPLUGGED, A_TVS_OWN = 0xFFFF, 0
"""Physical addresses that are not of a cable to a TV."""
NO_ADAPTER = "This machine has no CEC adapter, so the TV is not woken and its remote control not heard."
NO_TV = "Nothing that speaks CEC is plugged in; some TVs must be told to, in their own settings"

log = logging.getLogger(__name__)


class TvSeen(NamedTuple):
    """What is known of the TV; ``reason`` is a sentence."""

    connected: bool
    reason: str
    shows_us: bool
    power: Power


class CecLine:
    """``on_seen`` is told whenever something else is known of the TV, ``on_key`` each key of its remote control."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        on_seen: Callable[[TvSeen], None],
        on_key: Callable[[Key], None],
        folder: Path = Path("/dev"),
    ) -> None:
        self._name = name
        self._clock = clock
        self._on_seen = on_seen
        self._on_key = on_key
        self._folder = folder
        self._player = Playback()
        self._adapter: CecAdapter | None = None
        self._why = NO_ADAPTER
        self._seen: TvSeen | None = None
        self._timers: list[asyncio.TimerHandle] = []

    async def run(self) -> None:
        """Until cancelled."""
        looks = 0
        try:
            while True:
                self._look()
                if looks % ASK_EVERY == 0:
                    self._say(self._player.ask_power())
                looks += 1
                self._tell()
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            self._drop("")

    def turn(self, on: bool) -> None:
        """Wake the TV, or send it to standby if it shows us."""
        for timer in self._timers:
            timer.cancel()
        self._timers = []
        self._say(self._player.wake() if on else self._player.sleep())
        if on:
            later = asyncio.get_running_loop().call_later(AGAIN_S, lambda: self._say(self._player.wake()))
            self._timers = [later]
        self._tell()

    def _look(self) -> None:
        if self._adapter is None:
            self._open()
        if self._adapter is None:
            return
        try:
            self._adapter.changed()
            where = self._adapter.where
        except BackendUnavailable as error:
            self._drop(str(error))
            return
        if where.path == UNPLUGGED:
            self._drop(NO_TV)  # the cable may go into another port
        else:
            self._player.moved(*where)

    def _open(self) -> None:
        """The first adapter whose cable leads to a TV; without one none is touched."""
        self._why = NO_ADAPTER
        for device in adapters(self._folder):
            try:
                if path_of(device) in (UNPLUGGED, A_TVS_OWN):
                    self._why = f"{NO_TV}."
                    continue
                self._adapter = CecAdapter(device, self._name)
            except BackendUnavailable as error:
                self._why = f"{error}."
                continue
            log.info("CEC by %s", device)
            asyncio.get_running_loop().add_reader(self._adapter.fileno(), self._read)
            return

    def _read(self) -> None:
        assert self._adapter is not None
        try:
            frames = self._adapter.read()
        except BackendUnavailable as error:
            self._drop(str(error))
            return
        for frame in frames:
            self._say(self._player.take(frame, self._clock.now()))
        self._hand_on()
        if (deadline := self._player.deadline()) is not None:
            wait = max(0, deadline - self._clock.now()) / NS
            asyncio.get_running_loop().call_later(wait, self._poll)

    def _poll(self) -> None:
        self._player.poll(self._clock.now())
        self._hand_on()

    def _hand_on(self) -> None:
        keys, self._player.keys = self._player.keys, []
        for key in keys:
            self._on_key(key)
        self._tell()

    def _say(self, frames: list[Frame]) -> None:
        for frame in frames:
            if self._adapter is None:
                return
            try:
                if not self._adapter.send(frame):
                    log.info("the TV could not be told %s", frame)
            except BackendUnavailable as error:
                self._drop(str(error))

    def _drop(self, why: str) -> None:
        if self._adapter is not None:
            asyncio.get_running_loop().remove_reader(self._adapter.fileno())
            self._adapter.close()
            self._adapter = None
            self._why = f"{why}."
            self._player.moved(BROADCAST, UNPLUGGED)
            self._hand_on()

    def _tell(self) -> None:
        player = self._player
        if self._adapter is None:
            reason = self._why
        elif not player.connected:
            reason = f"The TV gives {self._adapter.device.name} no address yet."
        else:
            path = ".".join(f"{player.path:04x}")
            reason = f"The TV is spoken to by {self._adapter.device.name}, at its input {path}."
        seen = TvSeen(self._adapter is not None and player.connected, reason, player.active, player.power)
        if seen != self._seen:
            self._seen = seen
            self._on_seen(seen)
