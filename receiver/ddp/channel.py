"""One WebSocket as its handler sees it: whole messages in, a bounded outbox out."""

import asyncio
import contextlib
from collections import Counter
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from receiver.ddp.codes import CloseCode
from receiver.ddp.guard import is_loopback

OUTBOX_MESSAGES = 320  # a whole replay after a resume, and some more
OUTBOX_BYTES = 1024 * 1024
"""Drop rule: a peer that is this far behind is closed with 1008."""
FLUSH_S = 0.5
MAX_REASON = 123
"""Bytes of UTF-8 that fit into a close frame (RFC 6455 section 5.5)."""

PROXIED = {"forwarded", "via", "x-forwarded-for", "x-real-ip"}
"""Headers that proxies add (RFC 7239, RFC 9110 section 7.6.3, and their customs)."""

MAX_CONNECTIONS = 1100
MAX_STRANGERS = 64
"""Of these, connections that have not proven who they are; the room's own can't be crowded out by them."""
MAX_PER_ADDRESS = 8


class Channel:
    """An accepted WebSocket. ``address``: the peer's IP address."""

    def __init__(self, websocket: WebSocket, address: str) -> None:
        self.address = address
        self.known = False
        """Whether the other end has proven who it is."""
        self._websocket = websocket
        self._outbox: asyncio.Queue[str | bytes] = asyncio.Queue(OUTBOX_MESSAGES)
        self._outbox_bytes = 0
        self._roomy = asyncio.Event()
        self._roomy.set()
        self._over: asyncio.Future[tuple[CloseCode, str]] = asyncio.get_running_loop().create_future()
        self._gone = False
        self.left = False
        """The peer closed it on purpose, as a page does that is done or being closed (RFC 6455 section 7.4.1)."""
        self._receiving: asyncio.Task[str | bytes | None] | None = None
        self._writer = asyncio.create_task(self._write())

    @property
    def secure(self) -> bool:
        """Whether it came over TLS."""
        return bool(self._websocket.scope["scheme"] == "wss")

    @property
    def local(self) -> bool:
        """Whether its other end is on this machine. A proxy's is not: it speaks for others."""
        return is_loopback(self.address) and not PROXIED.intersection(self._websocket.headers)

    async def receive(self, timeout_s: float | None) -> str | bytes | None:
        """The next message, or None when the connection is over. Raises TimeoutError; nothing is lost by it."""
        if self._receiving is None:
            self._receiving = asyncio.create_task(self._receive())
        either: set[asyncio.Future[Any]] = {self._receiving, self._over}
        await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if self._over.done():
            return None
        if not self._receiving.done():
            raise TimeoutError
        message, self._receiving = self._receiving.result(), None
        return message

    async def _receive(self) -> str | bytes | None:
        event = await self._websocket.receive()
        if event["type"] != "websocket.receive":
            self._gone = True
            self.left = event.get("code") in (CloseCode.BYE, CloseCode.GOING_AWAY)
            return None
        text: str | None = event.get("text")
        return text if text is not None else bytes(event["bytes"])

    def send(self, message: str | bytes) -> None:
        """Queue a message; never waits. After the end it is dropped."""
        if self._over.done() or self._gone:
            return
        size = len(message)
        if self._outbox.full() or self._outbox_bytes + size > OUTBOX_BYTES:
            self.close(CloseCode.POLICY, "Too slow: this device does not read what the display sends. Connect again.")
            return
        self._outbox_bytes += size
        self._outbox.put_nowait(message)
        if not self.has_room:
            self._roomy.clear()

    @property
    def has_room(self) -> bool:
        """Whether the outbox is less than half full; for what can wait, so that answers always find room."""
        return self._outbox.qsize() < OUTBOX_MESSAGES // 2 and self._outbox_bytes < OUTBOX_BYTES // 2

    async def room(self) -> None:
        """Wait until ``has_room``."""
        await self._roomy.wait()

    async def _write(self) -> None:
        while True:
            message = await self._outbox.get()
            try:
                if isinstance(message, str):
                    await self._websocket.send_text(message)
                else:
                    await self._websocket.send_bytes(message)
            except (WebSocketDisconnect, RuntimeError):
                self._gone = True
            finally:
                self._outbox_bytes -= len(message)
                self._outbox.task_done()
                if self.has_room:
                    self._roomy.set()

    def close(self, code: CloseCode, reason: str) -> None:
        """End the connection once the outbox is out, or after ``FLUSH_S``. The first call counts."""
        if not self._over.done():
            self._over.set_result((code, reason))

    async def finish(self) -> None:
        """Close for real; called when the handler has returned."""
        self.close(CloseCode.BYE, "")
        code, reason = self._over.result()
        try:
            async with asyncio.timeout(FLUSH_S):
                if not self._gone:
                    await self._outbox.join()
                    await self._websocket.close(int(code), _fit(reason))
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            self._gone = True
        finally:
            tasks = [task for task in (self._writer, self._receiving) if task is not None]
            for task in tasks:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks, return_exceptions=True)


def _fit(reason: str) -> str:
    return reason.encode()[:MAX_REASON].decode("utf-8", "ignore")


class Connections:
    """The WebSockets that are open, counted by address."""

    def __init__(self) -> None:
        self._open: set[Channel] = set()
        self._by_address: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def refusal(self, address: str) -> str | None:
        """Why one more from ``address`` can't be taken, as a sentence; None where it can."""
        strangers = sum(1 for channel in self._open if not channel.known)
        if len(self._open) >= MAX_CONNECTIONS or strangers >= MAX_STRANGERS:
            return "This display has too many connections at the moment. Try again in a minute."
        if self._by_address[address] >= MAX_PER_ADDRESS:
            return "This device has too many connections to the display. Close its other tabs of this page."
        return None

    def add(self, channel: Channel) -> None:
        self._open.add(channel)
        self._by_address[channel.address] += 1

    def remove(self, channel: Channel) -> None:
        self._open.discard(channel)
        self._by_address[channel.address] -= 1
        if self._by_address[channel.address] <= 0:
            del self._by_address[channel.address]

    def close_all(self, code: CloseCode, reason: str) -> None:
        """Ask every handler to end."""
        for channel in tuple(self._open):
            channel.close(code, reason)
