"""The app's hold on hands, the process of the input devices: keeps it running, and knows whether it can do anything.

What was held when they died the kernel has released, and the next ones begin with nothing held; they are told again
only whether to watch the display's own devices.
"""

import asyncio
import logging
from collections.abc import Callable

from receiver.clock import NS, Clock
from receiver.errors import ReceiverError
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
from receiver.link.hands import InputEvent, LocalInput
from receiver.supervise import Backoff, Child, spawn

log = logging.getLogger(__name__)

STOP_GRACE_S = 1.0
STARTING = "The process that drives this display's input devices is being started. Try again in a moment."


class HandsProcess:
    """Owns the hands process."""

    def __init__(self, clock: Clock, setup: SetUpHands, tv: SetUpTv | None = None) -> None:
        self._clock = clock
        self._setup = setup
        self._set_up_tv = tv
        self._child: Child | None = None
        self._ready: HandsReady | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._watch = WatchLocal(False)
        self._watched = WatchLocal(False)
        self.restarts = 0
        self.tv: TvState | None = None
        self.on_local_key: Callable[[str], None] = lambda device: None
        self.on_local_event: Callable[[LocalInput], None] = lambda event: None
        self.on_watching: Callable[[], None] = lambda: None
        self.on_tv_key: Callable[[TvKey], None] = lambda key: None

    @property
    def able(self) -> bool:
        """Whether events can be carried out now."""
        return self._ready is not None and self._ready.able

    @property
    def reason(self) -> str:
        """A sentence on which devices there are, or why there are none."""
        return self._ready.reason if self._ready else STARTING

    @property
    def watching(self) -> bool:
        """Whether what is done at the display itself is told as ``watch`` wants it: hands are up, and have its devices
        open. ``on_watching`` is called when that changes by their doing."""
        return self._watch.on and self._watched == self._watch

    def start(self) -> None:
        """Start it, and do not wait: nobody may control the display before it is up."""
        self._keeper = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        backoff = Backoff()
        while True:
            backoff.started(self._clock.now())
            try:
                self._child = child = await spawn("hands", "receiver.hands")
            except ReceiverError as error:
                ended = str(error)
            else:
                await self._converse(child)
                ended = f"they ended: {child.epitaph()}"
            delay = backoff.died(self._clock.now())
            self.restarts += 1
            log.error("hands are started again in %.1f s: %s", delay / NS, ended)
            await asyncio.sleep(delay / NS)

    async def _converse(self, child: Child) -> None:
        try:
            child.link.send(self._setup)
            if self._set_up_tv is not None:
                child.link.send(self._set_up_tv)
            if self._watch.on:
                child.link.send(self._watch)
            while (message := await child.link.receive()) is not None:
                self._take(message)
        except LinkError as error:
            log.error("the link to hands broke: %s", error)
        finally:
            self._ready = self._child = self.tv = None
            self._watched = WatchLocal(False)
            self.on_watching()
            await child.stop(STOP_GRACE_S)

    def _take(self, message: Message) -> None:
        match message:
            case HandsReady(able, reason, guarded):
                self._ready = message
                log.info("remote control: %s", reason)
                if able and not guarded:
                    log.warning("the display's own keyboards can't be read, so their keys don't end remote control")
            case LocalKey(device):
                self.on_local_key(device)
            case LocalEvent(event):
                self.on_local_event(event)
            case WatchingLocal(wanted):
                self._watched = wanted
                self.on_watching()
            case TvState():
                if self.tv is None or message.reason != self.tv.reason:
                    log.info("%s", message.reason)
                self.tv = message
            case TvKey():
                self.on_tv_key(message)
            case HandsTrouble(reason):
                log.error("%s", reason)
            case _:
                log.warning("hands sent %s, which is not for the app", type(message).__name__)

    def inject(self, who: str, event: InputEvent) -> None:
        """Carry out an event of a session's; its place is the whole screen's."""
        self._send(Inject(who, event))

    def let_go(self, who: str) -> None:
        """Release all that a session holds."""
        self._send(LetGo(who))

    def watch(self, wanted: WatchLocal) -> None:
        """Be told by ``on_local_event`` what is done at the display itself, or no longer."""
        if wanted != self._watch:
            self._watch = wanted
            self._send(wanted)

    def turn_tv(self, on: bool) -> None:
        """Wake the TV, or send it to standby if it shows us."""
        self._send(TurnTv(on))

    def _send(self, message: Message) -> None:
        if self._child is None or self._child.link.closed:
            return
        try:
            self._child.link.send(message)
        except LinkError as error:
            log.error("hands do not keep up and are started again: %s", error)
            self._child.kill()

    def status(self) -> dict[str, object]:
        """For ``ddp-receiver status``."""
        ready = self._ready
        return {
            "able": self.able,
            "reason": self.reason,
            "guarded": bool(ready and ready.guarded),
            "restarts": self.restarts,
        }

    async def close(self) -> None:
        """Stop keeping hands, and stop them."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
