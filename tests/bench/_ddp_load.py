"""Senders in numbers: sessions, sealed round trips, subscribers."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

from receiver.trust.encoding import b64encode
from receiver.trust.identity import Identity
from tests.peers.ddp_client import DdpClient, WebSocketWire

PER_ADDRESS = 7
"""A display takes 8 WebSockets from one address; ours come from as many addresses of 127.0.0.0/8 as they need."""
AT_ONCE = 7


class Trip(Protocol):
    """One connection's way there and back."""

    async def __call__(self) -> None: ...


async def dial(url: str, number: int = 0) -> WebSocketWire:
    """A WebSocket, of an address of its own for every ``PER_ADDRESS``."""
    return await WebSocketWire.connect(url, compression=None, local_addr=(f"127.0.1.{1 + number // PER_ADDRESS}", 0))


async def connect(url: str, identity: Identity | None = None, number: int = 0) -> DdpClient:
    return DdpClient(await dial(url, number), identity, f"Sender {number}")


async def sessions(url: str, identity: Identity, count: int, stack: AsyncExitStack) -> list[DdpClient]:
    """``count`` sessions of a device that the display knows, ``AT_ONCE`` at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> DdpClient:
        async with gate:
            client = await connect(url, identity, number)
            stack.push_async_callback(client.close)
            await client.reunite()
            return client

    return list(await asyncio.gather(*(one(number) for number in range(count))))


def sealed_trip(client: DdpClient) -> Trip:
    """A sealed ``ddp.ping`` and its answer, by the shortest way on our side."""
    client._reader.cancel()
    sealer, opener, wire = client.sealer, client._opener, client.wire
    assert sealer is not None
    assert opener is not None
    message = {"jsonrpc": "2.0", "id": 1, "method": "ddp.ping", "ddp_session_id": b64encode(client.session)}
    ping = json.dumps(message).encode()

    async def trip() -> None:
        await wire.send(sealer.seal(ping))
        while True:
            frame = await wire.receive()
            assert isinstance(frame, bytes)
            if b'"id":1' in opener.open(frame):
                return

    return trip


@asynccontextmanager
async def plain_trips(url: str, count: int) -> AsyncIterator[list[Trip]]:
    """The same JSON, unsealed, to an echo server."""
    session = b64encode(bytes(16))
    ping = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ddp.ping", "ddp_session_id": session})
    wires = [await WebSocketWire.connect(url, subprotocols=None, compression=None) for _ in range(count)]

    def trip_of(wire: WebSocketWire) -> Trip:
        async def trip() -> None:
            await wire.send(ping)
            await wire.receive()

        return trip

    try:
        yield [trip_of(wire) for wire in wires]
    finally:
        await asyncio.gather(*(wire.close() for wire in wires))


async def measure(trips: list[Trip], seconds: float) -> list[float]:
    """All connections at once, each with one message on its way; ms of every round trip."""
    waits: list[float] = []
    end = time.perf_counter() + seconds

    async def loop(trip: Trip) -> None:
        while (began := time.perf_counter()) < end:
            await trip()
            waits.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(trip() for trip in trips))  # the first is not measured
    await asyncio.gather(*(loop(trip) for trip in trips))
    return waits


async def fan_out(clients: list[DdpClient], topic: str, times: int) -> list[float]:
    """Have all subscribe to ``topic``; ms from each publish until the last of them has the value."""
    for at in range(0, len(clients), AT_ONCE):
        asked = {"id": "r", "name": f"rooms/{topic}"}
        await asyncio.gather(*(client.request("data.sub", asked) for client in clients[at : at + AT_ONCE]))
    waits = []
    for number in range(times):
        began = time.perf_counter()
        await clients[0].request("data.publish", {"topic": topic, "value": number})
        kind = "data.changed" if number else "data.added"
        for heard in await asyncio.gather(*(client.notification(kind) for client in clients)):
            assert heard["fields"]["value"] == number
        waits.append((time.perf_counter() - began) * 1000)
    return waits


async def timed(work: Awaitable[object]) -> float:
    """ms that ``work`` takes."""
    began = time.perf_counter()
    await work
    return (time.perf_counter() - began) * 1000
