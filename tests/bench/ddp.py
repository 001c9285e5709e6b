"""The control and data layers in numbers, over loopback: ``scripts/bench ddp``.

Sealed round trips are compared with the same JSON unsealed, sent back by Starlette on Hypercorn (what our server is
built on) and by the websockets library, in the same run; compare the ratios, the milliseconds are the machine's. A
round trip of ours is more than an echo: seal, open, check, dispatch and answer. The clients of all are one process,
whose own work is in every figure.
"""

import argparse
import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import psutil

from receiver.trust.identity import Identity
from tests.bench._ddp_load import connect, dial, fan_out, measure, plain_trips, sealed_trip, sessions, timed
from tests.bench._ddp_servers import NAMES, echo
from tests.bench._figures import percentile
from tests.peers.box import CONFIG, Box, box
from tests.peers.ddp_client import DdpClient

QUIET = CONFIG.replace('level = "debug"', 'level = "error"')
CONNECTIONS = (1, 8, 32)
STRANGERS = 56
"""Connections that only say hello; a display takes 64 such, 8 of each address."""
Figures = dict[str, float]


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench ddp", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="for each round trip figure (%(default)s)")
    parser.add_argument("--subscribers", type=int, default=1000, help="for the fan-out, at most 1000 (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print the figures for programs")
    return parser.parse_args(argv)


def rss_kib(tv: Box) -> float:
    return float(psutil.Process(tv.process.pid).memory_info().rss / 1024)


async def settled(tv: Box) -> float:
    """RSS once what was to be freed has been."""
    await asyncio.sleep(0.5)
    return rss_kib(tv)


def summed(name: str, waits: list[float], seconds: float) -> Figures:
    return {
        f"{name}, messages/s": len(waits) / seconds,
        f"{name}, p50 ms": percentile(waits, 0.5),
        f"{name}, p99 ms": percentile(waits, 0.99),
    }


async def meeting(tv: Box, url: str, identity: Identity) -> Figures:
    """From a PIN that is typed, from nothing to a session, and from a lost connection to the next answer; each the
    median of five, and the last two with the WebSocket's own beginning."""
    waits: dict[str, list[float]] = {"pairing, ms": [], "reunion, ms": [], "resume, ms": []}
    for _ in range(5):
        async with await connect(url, identity) as client:
            await client.hello()
            await client.request("pair.start", {"method": "pin"})
            waits["pairing, ms"].append(await timed(pair(client, (await tv.pin()).encode())))
        began = time.perf_counter()
        client = await connect(url, identity)
        await client.reunite()
        waits["reunion, ms"].append((time.perf_counter() - began) * 1000)
        client.numbered = True
        await client.request("ddp.ping")
        client.wire._websocket.transport.abort()  # type: ignore[attr-defined]
        await client.close_code()
        waits["resume, ms"].append(await timed(resume(client, url)))
    return {name: percentile(times, 0.5) for name, times in waits.items()}


async def pair(client: DdpClient, pin: bytes) -> None:
    await client.confirm(*await client.prove(pin))
    await client.notification("session.token")


async def resume(client: DdpClient, url: str) -> None:
    back = await client.resume(await dial(url))
    await back.request("ddp.ping")
    await back.notify("ddp.bye")


async def round_trips(url: str, identity: Identity, seconds: float) -> Figures:
    found: Figures = {}
    for count in CONNECTIONS:
        async with AsyncExitStack() as stack:
            clients = await sessions(url, identity, count, stack)
            waits = await measure([sealed_trip(client) for client in clients], seconds)
        found |= summed(f"ours, {count}", waits, seconds)
        for name in NAMES:
            async with echo(name) as plain, plain_trips(plain, count) as trips:
                found |= summed(f"{name}, {count}", await measure(trips, seconds), seconds)
    return found


async def crowd(tv: Box, url: str, identity: Identity, count: int) -> Figures:
    """Memory of connections, sessions and subscribers, and the time of one publish to all."""
    empty = await settled(tv)
    async with AsyncExitStack() as stack:
        for number in range(STRANGERS):
            client = await connect(url, number=number)
            stack.push_async_callback(client.close)
            await client.hello()
        connected = await settled(tv)
    found = {"memory of a connection, KiB": (connected - empty) / STRANGERS}
    before = await settled(tv)
    async with AsyncExitStack() as stack:
        began = time.perf_counter()
        clients = await sessions(url, identity, count, stack)
        found[f"{count} sessions begun, s"] = time.perf_counter() - began
        joined = await settled(tv)
        waits = await fan_out(clients, "lobby", 5)
        subscribed = await settled(tv)
    found["memory of a session, KiB"] = (joined - before) / count
    found["memory of a subscriber, KiB"] = (subscribed - joined) / count
    found[f"a publish to {count}, p50 ms"] = percentile(waits, 0.5)
    found[f"a publish to {count}, max ms"] = max(waits)
    return found


async def bench(asked: argparse.Namespace) -> Figures:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if soft < 4096 else soft, hard))
    with tempfile.TemporaryDirectory() as folder:
        async with box(Path(folder), config=QUIET) as tv:
            url = f"ws://127.0.0.1:{(await tv.status())['port']}/"
            identity = Identity.generate()
            found = await meeting(tv, url, identity)
            found |= await round_trips(url, identity, asked.seconds)
            return found | await crowd(tv, url, identity, asked.subscribers)


def table(found: Figures) -> str:
    lines = [
        f"{'round trips':12}{'connections':>12}{'messages/s':>12}{'p50, ms':>10}{'p99, ms':>10}{'ours/theirs':>13}"
    ]
    for count in CONNECTIONS:
        for name in ("ours", *NAMES):
            rate, p50, p99 = (found[f"{name}, {count}, {what}"] for what in ("messages/s", "p50 ms", "p99 ms"))
            ratio = "" if name == "ours" else f"{found[f'ours, {count}, messages/s'] / rate:12.2f}"
            lines.append(f"{name:12}{count:12}{rate:12.0f}{p50:12.2f}{p99:12.2f}{ratio}")
    trips = tuple(f"{name}, {count}, " for name in ("ours", *NAMES) for count in CONNECTIONS)
    lines += ["", *(f"{name:36}{value:10.1f}" for name, value in found.items() if not name.startswith(trips))]
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    asked = options(argv)
    began = time.monotonic()
    try:
        found = asyncio.run(bench(asked))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    if asked.json:
        print(json.dumps(found))
        return 0
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}, {time.monotonic() - began:.0f} s\n")
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
