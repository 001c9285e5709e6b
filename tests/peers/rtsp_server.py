"""An RTSP server on loopback (RFC 7826, over TCP alone): what one client records, others play."""

import asyncio
import contextlib


class RtspServer:
    """``redirect`` answers every DESCRIBE by another address; ``password`` asks for Basic credentials."""

    def __init__(self) -> None:
        self.redirect: str | None = None
        self.asked: list[str] = []
        self._sdp = b""
        self._recording = asyncio.Event()
        self._players: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> "RtspServer":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/live"

    async def close(self) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hang_up(self) -> None:
        """Drop all players."""
        for writer in self._players:
            writer.close()
        self._players.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                first = await reader.readexactly(1)
                if first == b"$":
                    head = await reader.readexactly(3)
                    packet = first + head + await reader.readexactly(int.from_bytes(head[1:], "big"))
                    for player in self._players:
                        if player is not writer:
                            player.write(packet)
                else:
                    await self._answer(first + await reader.readuntil(b"\r\n\r\n"), reader, writer)
        if writer in self._players:
            self._players.remove(writer)
        writer.close()

    async def _answer(self, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = request.decode().split("\r\n")
        method, url = lines[0].split(" ")[:2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.asked.append(f"{method} {url}")
        status, extra, content = "200 OK", [f"CSeq: {headers['cseq']}", "Session: 1;timeout=60"], b""
        if method == "OPTIONS":
            extra.append("Public: OPTIONS, DESCRIBE, ANNOUNCE, SETUP, RECORD, PLAY, TEARDOWN")
        elif method == "ANNOUNCE":
            self._sdp = body
        elif method == "DESCRIBE" and self.redirect is not None:
            status = "302 Found"
            extra.append(f"Location: {self.redirect}")
        elif method == "DESCRIBE":
            await self._recording.wait()
            content = self._sdp
            extra += ["Content-Type: application/sdp", f"Content-Base: {url}/", f"Content-Length: {len(content)}"]
        elif method == "SETUP":
            extra.append(f"Transport: {headers['transport']}")
        elif method == "RECORD":
            self._recording.set()
        writer.write("\r\n".join([f"RTSP/1.0 {status}", *extra, "", ""]).encode() + content)
        if method == "PLAY":
            self._players.append(writer)
