"""A real receiver under attack from one address: others are served in time, and then nothing is left."""

import asyncio
import contextlib
import os
import socket
import struct
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.peers.box import CONFIG, Box, box
from tests.peers.ddp_client import Closed, DdpClient, WebSocketWire

pytestmark = pytest.mark.long

HOSTILE = "127.0.0.66"
"""The attacker's; the display bounds each address by itself, and all strangers together."""
CONNECTIONS = 10_000
AT_ONCE = 200
ATTACK_S = 10.0
WARM_UP, WARM_UP_S = 2000, 4.0
"""A first attack, after which the process has its code loaded and its memory's high-water mark."""
ANSWER_P95_MS, PAIR_S = 1000.0, 10.0
"""Bounds on a machine that is busy with other things; the figures themselves are printed."""
GROWTH_MIB, LEFT_FDS = 24.0, 8

CONFIG_QUIET = CONFIG.replace('level = "debug"', 'level = "error"')
UPGRADE = (
    "GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Protocol: ddp.v2+json\r\n\r\n"
)
Attack = Callable[[int, Counter[str]], Awaitable[None]]


@asynccontextmanager
async def connection(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """From the attacker's address; its end is a reset, so that no port of ours is kept."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(HOSTILE, 0))
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def slow_handshake(port: int, done: Counter[str]) -> None:
    """A byte every half second."""
    async with connection(port) as (_, writer):
        for byte in UPGRADE.format(port=port).encode()[:20]:
            writer.write(bytes((byte,)))
            await asyncio.sleep(0.5)
    done["slow handshakes"] += 1


async def silent(port: int, done: Counter[str]) -> None:
    """Upgrades, and says nothing until it is closed after 3 s."""
    async with connection(port) as (reader, writer):
        writer.write(UPGRADE.format(port=port).encode())
        while await reader.read(4096):
            pass
    done["silent WebSockets"] += 1


async def hang_up(port: int, done: Counter[str]) -> None:
    """Connects, says half a line, and is gone."""
    async with connection(port) as (_, writer):
        writer.write(b"GET / HT")
    done["connections"] += 1


async def flood(port: int, done: Counter[str], connections: int) -> None:
    """``AT_ONCE`` at a time."""
    for _ in range(connections // AT_ONCE):
        await asyncio.gather(*(hang_up(port, done) for _ in range(AT_ONCE)), return_exceptions=True)
        await asyncio.sleep(0)


async def frame(port: int, done: Counter[str], message: str | bytes, name: str) -> None:
    """One WebSocket, one bad message, until it is closed."""
    with contextlib.suppress(Closed):
        wire = await WebSocketWire.connect(f"ws://127.0.0.1:{port}/", local_addr=(HOSTILE, 0), compression=None)
        await wire.send(message)
        while True:
            await wire.receive()
    done[name] += 1


async def giant(port: int, done: Counter[str]) -> None:
    await frame(port, done, bytes(2 << 20), "giant frames")


async def deep(port: int, done: Counter[str]) -> None:
    await frame(port, done, '{"a":' * 10_000, "deep messages")


async def sealed(port: int, done: Counter[str], pin: Callable[[], Awaitable[str]]) -> None:
    """Pairs, then once each: a replay, a frame that leaves one out, and another connection's session."""
    for way in ("replays", "frames out of order", "wrong sessions"):
        wire = await WebSocketWire.connect(f"ws://127.0.0.1:{port}/", local_addr=(HOSTILE, 0))
        async with DdpClient(wire, name="Mallory") as client:
            await client.pair(pin)
            assert client.sealer is not None
            if way == "wrong sessions":
                client.session = bytes(16)
                await client.notify("ddp.ping")
            else:
                frames = [client.sealer.seal(b'{"jsonrpc":"2.0","method":"ddp.ping"}') for _ in range(2)]
                for data in (frames[0], frames[0]) if way == "replays" else (frames[1],):
                    await wire.send(data)
                assert (await client.close_code()).code == 1008
            done[way] += 1


async def again(attack: Attack, port: int, done: Counter[str]) -> None:
    """The attack over and over; what the display refuses is no error here."""
    while True:
        with contextlib.suppress(Exception):
            await attack(port, done)
        await asyncio.sleep(0.02)


async def honest(port: int, pin: Callable[[], Awaitable[str]], seconds: float) -> tuple[float, list[float]]:
    """Somebody else, from another address: seconds to pair, then ms of each of twenty answers a second."""
    began = time.monotonic()
    waits = []
    async with DdpClient(await WebSocketWire.connect(f"ws://127.0.0.1:{port}/"), name="Anna") as anna:
        await anna.pair(pin)
        paired = time.monotonic() - began
        while time.monotonic() < began + seconds:
            asked = time.perf_counter()
            await anna.request("ddp.ping")
            waits.append((time.perf_counter() - asked) * 1000)
            await asyncio.sleep(0.05)
    return paired, waits


def held(process: psutil.Process) -> tuple[float, int, int]:
    """RSS in MiB, descriptors, threads."""
    with process.oneshot():
        return process.memory_info().rss / 2**20, process.num_fds(), process.num_threads()


async def assail(tv: Box, port: int, connections: int, seconds: float) -> tuple[Counter[str], float, list[float]]:
    done: Counter[str] = Counter()
    attacks = (slow_handshake, slow_handshake, silent, silent, giant, deep)
    running = [asyncio.create_task(again(attack, port, done)) for attack in attacks]
    running.append(asyncio.create_task(flood(port, done, connections)))
    try:
        paired, waits = await honest(port, tv.pin, seconds)
        await asyncio.wait_for(running[-1], 20)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return done, paired, waits


async def test_others_are_served_and_nothing_is_left(tmp_path: Path) -> None:
    async with box(tmp_path, config=CONFIG_QUIET) as tv:
        port = (await tv.status())["port"]
        process = psutil.Process(tv.process.pid)
        done: Counter[str] = Counter()
        await sealed(port, done, tv.pin)
        assert done.keys() == {"replays", "frames out of order", "wrong sessions"}
        await assail(tv, port, WARM_UP, WARM_UP_S)
        await asyncio.sleep(1)
        before = held(process)

        attacked, paired, waits = await assail(tv, port, CONNECTIONS, ATTACK_S)
        p50, p95 = np.percentile(waits, [50, 95])
        print(f"\n{dict(attacked)}; load {os.getloadavg()[0]:.1f}")
        print(f"paired in {paired:.2f} s; {len(waits)} answers, p50 {p50:.1f} ms, p95 {p95:.1f} ms")
        assert paired < PAIR_S
        assert p95 < ANSWER_P95_MS
        assert attacked["connections"] > CONNECTIONS * 0.9

        for _ in range(100):
            after = held(process)
            if after[1] <= before[1] + LEFT_FDS:
                break
            await asyncio.sleep(0.1)
        print(f"before and after: RSS {before[0]:.1f}, {after[0]:.1f} MiB; fds {before[1:]}, {after[1:]} with threads")
        assert after[0] < before[0] + GROWTH_MIB
        assert after[1] <= before[1] + LEFT_FDS
        assert after[2] <= before[2] + 4
        await honest_once(port, tv)


async def honest_once(port: int, tv: Box) -> None:
    async with DdpClient(await WebSocketWire.connect(f"ws://127.0.0.1:{port}/"), name="Ben") as ben:
        await ben.pair(tv.pin)
        assert await ben.request("ddp.ping") == {}
