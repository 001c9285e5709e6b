"""Runs Discovery by itself, for tests that put it in a network namespace.

Reads a JSON object a line from stdin: ``{"do": "status"}``, ``{"do": "update", <fields>}``, ``{"do": "close"}``;
answers each with one on stdout. Arguments: the advertisement as JSON.
"""

import asyncio
import json
import sys
import time
from dataclasses import replace

from receiver.discovery.record import Advertisement
from receiver.discovery.service import Discovery


async def main() -> None:
    advertisement = Advertisement(**json.loads(sys.argv[1]))
    heard: list[list[str]] = []
    discovery = Discovery(advertisement, heard.append)
    await discovery.start()
    loop = asyncio.get_running_loop()
    stdin = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    while line := await stdin.readline():
        request = json.loads(line)
        answer: dict[str, object] = {}
        match request.pop("do"):
            case "update":
                advertisement = replace(advertisement, **request)
                await discovery.update(advertisement)
            case "close":
                began = time.monotonic()
                await discovery.close()
                answer = {"took": time.monotonic() - began}
        print(json.dumps({**answer, "status": discovery.status(), "heard": heard}), flush=True)
        if "took" in answer:
            break


asyncio.run(main())
