"""``python -m receiver.hands``: carries out input events on devices of the kernel, and speaks CEC with the TV; leaves
when its link closes.

It has /dev/uinput, CEC and the display's own keyboards, and neither network, keys nor display. Its devices go with it,
and the kernel releases what a device that goes holds: a crash leaves no key down.
"""

import asyncio
import contextlib
import logging
import sys

from receiver import child
from receiver.clock import Clock, MonotonicClock
from receiver.errors import BackendUnavailable
from receiver.input import cec
from receiver.input.cec_line import CecLine, TvSeen
from receiver.input.devices import Devices, open_devices
from receiver.input.hand import Frame, Hand
from receiver.input.local import LocalInputs
from receiver.link import (
    HandsReady,
    HandsTrouble,
    Inject,
    LetGo,
    LinkError,
    LocalEvent,
    LocalKey,
    Message,
    SetUpHands,
    SetUpTv,
    TurnTv,
    TvKey,
    TvState,
    WatchingLocal,
    WatchLocal,
)
from receiver.link.hands import LocalInput
from receiver.linkio import Link

log = logging.getLogger("receiver.hands")
NS = 1e9


class Hands:
    """Obeys the app."""

    def __init__(self, link: Link, clock: Clock, console: bool = False) -> None:
        self._link = link
        self._clock = clock
        self._console = console
        self._hand = Hand(console=console)
        self._devices: Devices | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._watching: list[asyncio.Task[None]] = []
        self._tv: CecLine | None = None
        self._local = LocalInputs(self._local_key, self._local_event)
        self._looking = False

    async def run(self) -> None:
        """Until the app goes; then nothing is held any more."""
        try:
            while (message := await self._link.receive()) is not None:
                self._take(message)
        except LinkError as error:
            log.error("the link to the app broke: %s", error)
        finally:
            for task in self._watching:
                task.cancel()
            await asyncio.gather(*self._watching, return_exceptions=True)
            self._report(self._hand.let_all_go())
            if self._devices:
                self._devices.close()

    def alive(self) -> bool:
        """All of it is on the loop."""
        return True

    def _set_up(self, wanted: SetUpHands) -> None:
        self._hand = Hand(wanted.layout, wanted.enter, self._console)
        try:
            self._devices = open_devices(wanted.device)
        except BackendUnavailable as error:
            self._send(HandsReady(False, str(error), guarded=False))
            return
        if wanted.device == "auto":
            self._look()
        self._send(HandsReady(True, self._devices.reason, guarded=not self._local.refused))

    def _look(self) -> None:
        """The display's own devices, from now on."""
        if not self._looking:
            self._looking = True
            self._local.look()
            self._watching.append(asyncio.create_task(self._local.run()))

    def _take(self, message: Message) -> None:
        match message:
            case SetUpHands():
                self._set_up(message)
            case Inject(who, event):
                self._report(self._hand.take(who, event, self._clock.now()))
            case LetGo(who):
                self._report(self._hand.let_go(who))
            case WatchLocal():
                self._look()
                self._local.watch(message)
                self._send(WatchingLocal(message))
            case SetUpTv(name) if self._tv is None:
                self._tv = CecLine(name, self._clock, self._tv_seen, self._tv_key)
                self._watching.append(asyncio.create_task(self._tv.run()))
            case TurnTv(on) if self._tv is not None:
                self._tv.turn(on)
            case _:
                log.warning("the app sent %s, which is not for hands", type(message).__name__)
        self._wind()

    def _wind(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if (deadline := self._hand.deadline()) is not None:
            wait = max(0, deadline - self._clock.now()) / NS
            self._timer = asyncio.get_running_loop().call_later(wait, self._tick)

    def _tick(self) -> None:
        self._report(self._hand.tick(self._clock.now()))
        self._wind()

    def _report(self, frames: list[Frame]) -> None:
        if self._devices is None:
            return
        try:
            self._devices.report(frames)
        except OSError as error:
            self._send(HandsTrouble(f"The kernel did not take an input event: {error}."))

    def _local_key(self, device: str) -> None:
        self._report(self._hand.let_all_go())
        self._wind()
        self._send(LocalKey(device))

    def _local_event(self, event: LocalInput) -> None:
        self._send(LocalEvent(event))

    def _tv_seen(self, seen: TvSeen) -> None:
        self._send(TvState(*seen))

    def _tv_key(self, key: cec.Key) -> None:
        self._send(TvKey(key.name, key.down, key.again))

    def _send(self, message: Message) -> None:
        with contextlib.suppress(LinkError):
            self._link.send(message)


def main() -> int:
    """0 when the app went."""
    parser = child.parser("hands", "Carries out input events")
    parser.add_argument(
        "--console", action="store_true", help="no desktop is here: the kernel's console hears the keys"
    )
    arguments = parser.parse_args()
    child.settle()
    logging.basicConfig(level=logging.INFO, format="hands: %(levelname)s %(message)s")
    child.serve(arguments.link_fd, lambda link: Hands(link, MonotonicClock(), arguments.console))
    return 0


if __name__ == "__main__":
    sys.exit(main())
