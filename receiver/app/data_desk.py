"""The data layer's desk: what all connections of a display share, and each one's part in it (DDP.md section 11)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec

from receiver.clock import Clock
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.data import DataServer, Method
from receiver.ddp.data_messages import Call, Publish, Sub, Unsub
from receiver.ddp.documents import Event
from receiver.ddp.messages import read
from receiver.ddp.subscriber import Subscriber
from receiver.errors import ReceiverError

REFRESH_S = 1.0

log = logging.getLogger(__name__)


class Outlet(Protocol):
    """What events leave by."""

    async def room(self) -> None:
        """Wait until there is room for one more."""


class Notifier(Outlet, Protocol):
    """A session of the JSON-RPC wire."""

    def notify(self, method: str, params: msgspec.Raw) -> None:
        """Send a notification."""


class DataDesk:
    """The display's data server, and its pulse: each second, what somebody subscribes to is looked at again."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.server = DataServer()
        self.server.methods["publish"] = Method("cast", self._publish)
        self._joined: set[DataLine] = set()
        self._pulse: asyncio.Task[None] | None = None

    def _join(self, line: "DataLine") -> None:
        self._joined.add(line)
        if self._pulse is None:
            self._pulse = asyncio.create_task(self._beat())

    def _leave(self, line: "DataLine") -> None:
        self._joined.discard(line)
        if not self._joined and self._pulse is not None:
            self._pulse.cancel()
            self._pulse = None

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            for line in tuple(self._joined):
                line.permit()
            try:
                self.server.refresh_watched()
            except ReceiverError as error:
                log.error("a publication is not up to date: %s", error)

    async def _publish(self, subscriber: Subscriber, params: list[object]) -> object:
        match params:
            case [str(topic), value]:
                return {"reached": self.server.publish(subscriber, topic, value, self.clock.now())}
        raise Refusal(ErrorCode.INVALID_PARAMS, "publish takes two parameters: a topic and a value.")


class DataLine:
    """One client's subscriptions. ``send`` gets each event when ``outlet`` has room for it; until then what changes is
    only marked, so that the client gets the newest state. ``scopes``: what the client may do, asked at each request
    and each second."""

    def __init__(
        self,
        desk: DataDesk,
        outlet: Outlet,
        send: Callable[[Event], None],
        name: str,
        scopes: Callable[[], frozenset[str]],
    ) -> None:
        self._desk = desk
        self._outlet = outlet
        self._send = send
        self._scopes = scopes
        self._due = asyncio.Event()
        self.subscriber = desk.server.join(self._due.set, name, scopes())
        self._pump = asyncio.create_task(self._run())
        desk._join(self)

    async def _run(self) -> None:
        while True:
            await self._due.wait()
            await self._outlet.room()
            self._due.clear()
            for event in self.subscriber.take():
                self._send(event)
                await self._outlet.room()

    def close(self) -> None:
        """The client is gone; its subscriptions go with it."""
        self._pump.cancel()
        self._desk.server.leave(self.subscriber)
        self._desk._leave(self)

    def permit(self) -> None:
        """See what the client may do now, and end what it may not have any more."""
        scopes = self._scopes()
        if scopes != self.subscriber.scopes:
            self._desk.server.rescope(self.subscriber, scopes)

    # ---- what the client asks

    def sub(self, id: str, name: str, params: list[object]) -> None:
        """As ``DataServer.sub``, likewise the next three."""
        self.permit()
        self._desk.server.sub(self.subscriber, id, name, params, self._desk.clock.now())

    def unsub(self, id: str) -> None:
        self._desk.server.unsub(self.subscriber, id, self._desk.clock.now())

    async def call(self, id: str, name: str, params: list[object]) -> object:
        """The method's result. Raises PeerError or ReceiverError; ``updated`` follows in any case."""
        self.permit()
        method = self._desk.server.method(self.subscriber, id, name, self._desk.clock.now())
        try:
            return await method.call(self.subscriber, params)
        finally:
            self._desk.server.updated(self.subscriber, id)

    def publish(self, topic: str, value: object) -> int:
        self.permit()
        return self._desk.server.publish(self.subscriber, topic, value, self._desk.clock.now())


class DataSession(DataLine):
    """A paired session's data layer: the ``data.*`` methods of the JSON-RPC wire."""

    def __init__(self, desk: DataDesk, session: Notifier, name: str, scopes: Callable[[], frozenset[str]]) -> None:
        def send(event: Event) -> None:
            session.notify(f"data.{event.kind}", msgspec.Raw(event.params))

        super().__init__(desk, session, send, name, scopes)
        self.methods: dict[str, Callable[[dict[str, Any]], Awaitable[object]]] = {
            "data.sub": self._on_sub,
            "data.unsub": self._on_unsub,
            "data.publish": self._on_publish,
            "data.method": self._on_method,
        }

    async def _on_sub(self, params: dict[str, Any]) -> object:
        asked = read(params, Sub)
        self.sub(asked.id, asked.name, asked.params)
        return {}

    async def _on_unsub(self, params: dict[str, Any]) -> object:
        self.unsub(read(params, Unsub).id)
        return {}

    async def _on_publish(self, params: dict[str, Any]) -> object:
        asked = read(params, Publish)
        return {"reached": self.publish(asked.topic, asked.value)}

    async def _on_method(self, params: dict[str, Any]) -> object:
        asked = read(params, Call)
        return await self.call(asked.id, asked.name, asked.params)
