"""What our sealed messages are measured against: servers that send JSON back as it came, in processes of their own.

``python -m tests.bench._ddp_servers hypercorn|websockets`` prints its port and serves until it is ended.
"""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hypercorn.asyncio import serve as serve_hypercorn
from hypercorn.config import Config
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets

NAMES = ("hypercorn", "websockets")


async def hypercorn() -> None:
    """Starlette on Hypercorn, as our server is."""

    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    config = Config()
    listener = socket.create_server(("127.0.0.1", 0))
    config.bind = [f"fd://{listener.fileno()}"]
    config.errorlog = None
    print(listener.getsockname()[1], flush=True)
    await serve_hypercorn(Starlette(routes=[WebSocketRoute("/", echo)]), config)  # type: ignore[arg-type]


async def websockets() -> None:
    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with serve_websockets(echo, "127.0.0.1", 0, compression=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


@asynccontextmanager
async def echo(name: str) -> AsyncIterator[str]:
    """One of NAMES; its URL."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench._ddp_servers", name), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield f"ws://127.0.0.1:{int(await process.stdout.readline())}/"
    finally:
        process.terminate()
        await process.wait()


if __name__ == "__main__":
    asyncio.run({"hypercorn": hypercorn, "websockets": websockets}[sys.argv[1]]())
