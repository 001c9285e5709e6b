"""The stage kept running: one process after the other, each told anew what it has to show."""

import asyncio
import logging
import os
from collections.abc import Callable

from receiver.clock import NS, Clock
from receiver.errors import ReceiverError
from receiver.link import LinkError, Message, StageReady
from receiver.supervise import Backoff, Child, are_units, spawn

log = logging.getLogger(__name__)

START_TIMEOUT_S = 20.0
UNIT_START_TIMEOUT_S = 90.0
"""On a box the stage starts beside everything else that boots, and may wait for a graphics driver."""
STOP_GRACE_S = 1.0


class StageProcess:
    """Owns the stage.

    ``on_begin`` tells a new one what to show, over its own link; ``on_message`` gets what it says; ``on_gone`` is
    called when it is no more.
    """

    def __init__(self, clock: Clock, arguments: tuple[str, ...]) -> None:
        self._clock = clock
        self._arguments = arguments
        self._child: Child | None = None
        self._keeper: asyncio.Task[None] | None = None
        self.restarts = 0
        self.on_begin: Callable[[Child], None] = lambda child: None
        self.on_message: Callable[[Message], None] = lambda message: None
        self.on_gone: Callable[[], None] = lambda: None
        self.on_window_closed: Callable[[], None] = lambda: None

    async def start(self) -> StageReady:
        """Start the stage and wait until it shows what it was told."""
        up: asyncio.Future[StageReady] = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.create_task(self._keep(up))
        patience_s = UNIT_START_TIMEOUT_S if are_units() else START_TIMEOUT_S
        try:
            return await asyncio.wait_for(up, patience_s)
        except TimeoutError:
            raise ReceiverError(
                f"The stage, the process that shows pictures, did not start within {patience_s:.0f} s. "
                "Its own log lines above say why; 'ddp-receiver doctor' checks what it needs."
            ) from None

    async def _keep(self, up: "asyncio.Future[StageReady]") -> None:
        backoff = Backoff()
        while True:
            backoff.started(self._clock.now())
            status = await self._have_one(up)
            self._child = None
            self.on_gone()
            if status == os.EX_OK:
                self.on_window_closed()
                return
            if status == os.EX_UNAVAILABLE and not up.done():
                up.set_exception(ReceiverError("The screen can't be used; the stage's line above says why."))
                return
            delay = backoff.died(self._clock.now())
            self.restarts += 1
            log.error("the stage is gone and is started again in %.1f s", delay / NS)
            await asyncio.sleep(delay / NS)

    async def _have_one(self, up: "asyncio.Future[StageReady]") -> int | None:
        """Start a stage and talk to it until it is gone; its exit status where we can know it."""
        try:
            self._child = await spawn("stage", "receiver.stage", *self._arguments)
        except ReceiverError as error:
            log.error("%s", error)
            return None
        await self._converse(self._child, up)
        return self._child.status

    async def _converse(self, child: Child, up: "asyncio.Future[StageReady]") -> None:
        try:
            self.on_begin(child)
            while (message := await child.link.receive()) is not None:
                self.on_message(message)
                if isinstance(message, StageReady) and not up.done():
                    up.set_result(message)
        except LinkError as error:
            log.error("the link to the stage broke: %s", error)
        finally:
            await child.stop(STOP_GRACE_S)
            log.info("the stage ended: %s", child.epitaph())

    @property
    def child(self) -> Child | None:
        """The stage that can be told something now; where there is none, ``on_begin`` will tell the next one."""
        return None if self._child is None or self._child.link.closed else self._child

    def send(self, message: Message) -> None:
        """Tell the stage, if there is one."""
        if (child := self.child) is None:
            return
        try:
            child.link.send(message)
        except LinkError as error:
            log.error("the stage does not keep up and is started again: %s", error)
            child.kill()

    async def close(self) -> None:
        """Stop keeping the stage, and stop it."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._child is not None:
            await self._child.stop(STOP_GRACE_S)
