"""A thousand subscribers on one box: each hears what is published, and strangers can't crowd them out."""

import asyncio
import json

from receiver.ddp.channel import MAX_STRANGERS
from receiver.ddp.jsonrpc import MAX_MESSAGE
from tests.peers.display import FakeDisplay

SUBSCRIBERS = 1000
PER_ADDRESS = 8


class Listener:
    """A Meteor client in little memory: a socket and a few frames (RFC 6455 section 5.2)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, port: int, number: int, extra: str = "") -> "Listener":
        """From one of this machine's many loopback addresses, as ``number`` says."""
        place = number // PER_ADDRESS
        source = (f"127.0.{1 + place // 200}.{1 + place % 200}", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=source, limit=MAX_MESSAGE)
        writer.write(
            f"GET /websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{extra}\r\n".encode()
        )
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        return cls(reader, writer)

    def say(self, **message: object) -> None:
        data = json.dumps(message).encode()
        self._writer.write(bytes([0x81, 0x80 | len(data)]) + bytes(4) + data)

    async def frame(self) -> tuple[int, bytes]:
        head = await self._reader.readexactly(2)
        size = head[1] & 127
        if size == 126:
            size = int.from_bytes(await self._reader.readexactly(2), "big")
        return head[0] & 15, await self._reader.readexactly(size)

    async def hear(self, what: bytes) -> bytes:
        while True:
            _, data = await self.frame()
            if what in data:
                return data

    async def listen(self) -> None:
        self.say(msg="connect", version="1", support=["1"])
        self.say(msg="sub", id="a", name="rooms/lobby", params=[])
        await self.hear(b'"ready"')

    def close(self) -> None:
        self._writer.close()


async def test_a_thousand_subscribers_hear_every_value_and_leave_nothing(display: FakeDisplay) -> None:
    people = []
    for number in range(SUBSCRIBERS):
        people.append(await Listener.connect(display.port, number))
        await people[-1].listen()
    assert len(display.connections) == SUBSCRIBERS
    for text in (b"first", b"second"):
        display.desk.data.server.put(("rooms", "lobby"), {"value": text.decode()})
        heard = await asyncio.gather(*(person.hear(text) for person in people))
        assert len(heard) == SUBSCRIBERS
    for person in people:
        person.close()
    for _ in range(600):
        if not len(display.connections):
            break
        await asyncio.sleep(0.05)
    assert not len(display.connections)
    assert not vars(display.desk.data.server)["_watchers"]


async def test_strangers_do_not_crowd_out_the_room(display: FakeDisplay) -> None:
    proxied = "X-Forwarded-For: 192.0.2.9\r\n"
    strangers = [await Listener.connect(display.port, number, proxied) for number in range(MAX_STRANGERS)]
    refused = await Listener.connect(display.port, MAX_STRANGERS, proxied)
    opcode, data = await refused.frame()
    assert (opcode, int.from_bytes(data[:2], "big")) == (8, 1013)
    for person in (*strangers, refused):
        person.close()
