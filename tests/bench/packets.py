"""What a packet costs to receive: ours against stock aiortc.

A synthetic sender (real ICE, DTLS and SRTP over a socket, Chromium's header extensions) sends the same stream to both,
in turn. Ours goes its whole way: socket, thread, SRTP, jitter buffer, depacketiser, and frames over a link to a reader
that throws them away. Stock aiortc goes to the door of its decoder, which is taken out. The CPU time is all of the
receiving process's, user and system, divided by the packets that came. The goal is one for Python: it is held against
user time, which is Python's with libsrtp's and libc's; the rest is the kernel's, for a socket that anyone would read.
"""

import argparse
import asyncio
import contextlib
import json
import os
import sys
import threading
from statistics import median
from typing import Any

from receiver import linkio
from tests.bench._packet_source import PacketSource

GOAL_US = 10.0
SETTLE_S = 0.5
WHOLE, USER = "µs a packet", "of them user (Python, SRTP)"


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench packets", description=__doc__.splitlines()[0])
    parser.add_argument("--mbps", type=float, default=60.0, help="of the stream (%(default)s)")
    parser.add_argument("--fps", type=int, default=60, help="frames a second (%(default)s)")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each leg (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="legs of each, alternating (%(default)s)")
    parser.add_argument("--only", choices=("ours", "stock"), help="just one of the two")
    return parser.parse_args(argv)


def drain(end: Any) -> None:
    end.setblocking(True)
    with contextlib.suppress(OSError):
        while end.recv(1 << 20):
            pass


async def leg(which: str, asked: argparse.Namespace) -> dict[str, float]:
    """One stream into one receiver."""
    ours_end, far_end = linkio.media_pair()
    reader = threading.Thread(target=drain, args=(far_end.video,), daemon=True)
    reader.start()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench._packet_receivers", which, *map(str, ours_end.fds)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        pass_fds=ours_end.fds,
    )
    ours_end.close()
    assert process.stdin is not None
    assert process.stdout is not None
    source = PacketSource()
    process.stdin.write(json.dumps({"sdp": await source.offer()}).encode() + b"\n")
    await source.connect(json.loads(await process.stdout.readline())["sdp"])
    await asyncio.sleep(SETTLE_S)
    process.stdin.write(b"\n")
    await asyncio.sleep(SETTLE_S)
    sent = await source.send(asked.seconds, asked.mbps, asked.fps)
    await asyncio.sleep(SETTLE_S)
    process.stdin.write(b"\n")
    found: dict[str, float] = json.loads(await process.stdout.readline())
    process.stdin.close()
    await source.close()
    await process.wait()
    far_end.close()
    cpu = found["user_s"] + found["system_s"]
    return {
        WHOLE: cpu * 1e6 / max(1, found["packets"]),
        USER: found["user_s"] * 1e6 / max(1, found["packets"]),
        "packets/s a core": found["packets"] / max(cpu, 1e-9),
        "frames sent": sent.frames,
        "frames received": found["frames"],
        "packets lost": sent.packets - found["packets"],
        "source was late": sent.behind,
    }


def main(argv: list[str]) -> int:
    asked = options(argv)
    legs: dict[str, list[dict[str, float]]] = {}
    for _ in range(asked.rounds):
        for which in ("ours", "stock"):
            if asked.only in (None, which):
                done = asyncio.run(asyncio.wait_for(leg(which, asked), 60 + asked.seconds))
                legs.setdefault(which, []).append(done)
                print(f"{which}: {done[WHOLE]:.1f} µs a packet", file=sys.stderr)
    print(f"{asked.mbps:g} Mbit/s, {asked.fps} frames/s, medians of {asked.rounds} rounds, {os.cpu_count()} cores\n")
    print(f"{'':30}" + "".join(f"{name:>14}" for name in legs) + f"{'ours/stock':>14}")
    for row in next(iter(legs.values()))[0]:
        values = [median(one[row] for one in side) for side in legs.values()]
        ratio = f"{values[0] / values[1]:14.2f}" if len(values) == 2 and values[1] else ""
        print(f"{row:30}" + "".join(f"{value:14.1f}" for value in values) + ratio)
    if "ours" in legs:
        cost, all_of_it = (median(one[key] for one in legs["ours"]) for key in (USER, WHOLE))
        whole = all(one["frames received"] >= one["frames sent"] for one in legs["ours"])
        verdict = "reached" if cost <= GOAL_US else "MISSED"
        print(
            f"\n  {verdict:8} µs of Python a packet: {cost:.1f} (with the kernel's {all_of_it:.1f}), goal {GOAL_US:g}"
        )
        print(f"  {'reached' if whole else 'MISSED':8} every frame received at {asked.mbps:g} Mbit/s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
