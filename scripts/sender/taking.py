"""What is done at the display's touch screen, mouse and keyboard, done here by uinput (docs/DDP.md section 12).

Only where somebody asked for it: people in the room then use this computer as if they sat before it.
"""

import asyncio
import time
from typing import Any

from receiver.errors import BackendUnavailable
from receiver.input.devices import Devices, open_devices
from receiver.input.events import BadEvent, read
from receiver.input.hand import Frame, Hand
from receiver.link.hands import Key, Pointer, Touch, Wheel
from scripts.sender.client import Client
from scripts.sender.errors import SenderError

THEM = "the room"


class Taking:
    """Carries out the display's events on ``devices``; nothing is held once it is closed."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices
        self._hand = Hand()
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def begin(cls) -> "Taking":
        """Raises SenderError where this machine has no uinput, or we may not use it."""
        try:
            return cls(open_devices())
        except BackendUnavailable as error:
            raise SenderError(f"What is done at the display can't be done here. {error}") from error

    async def accept(self, client: Client) -> None:
        """Ask the display for it. Raises Refused, Lost."""
        await client.request("input.accept")

    def take(self, method: str, params: dict[str, Any]) -> None:
        """A notification of the display's; what is no event that a person can make there is passed over."""
        if method == "input.back" and not params.get("active"):
            self._report(self._hand.let_all_go())
        if method != "input.event":
            return
        try:
            event = read(params)
        except BadEvent:
            return
        if isinstance(event, Key | Pointer | Touch | Wheel):
            self._report(self._hand.take(THEM, event, time.monotonic_ns()))

    def close(self) -> None:
        self._report(self._hand.let_all_go())
        if self._timer is not None:
            self._timer.cancel()
        self._devices.close()

    def _tick(self) -> None:
        self._report(self._hand.tick(time.monotonic_ns()))

    def _report(self, frames: list[Frame]) -> None:
        self._devices.report(frames)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if (deadline := self._hand.deadline()) is not None:
            wait = max(0, deadline - time.monotonic_ns()) / 1e9
            self._timer = asyncio.get_running_loop().call_later(wait, self._tick)
