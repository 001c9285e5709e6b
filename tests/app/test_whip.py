"""WHIP on a real server, with the real desk and floor; only the casts are without media."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.applications import Starlette

from receiver.app import whip_desk
from receiver.app.cast import Sender
from receiver.app.casting import Casting
from receiver.app.floor_desk import FloorDesk
from receiver.app.keys_desk import KeysDesk
from receiver.app.whip_desk import WhipDesk
from receiver.clock import FakeClock
from receiver.ddp import guard
from receiver.ddp.channel import Connections
from receiver.ddp.codes import Refusal
from receiver.ddp.guard import Guard
from receiver.ddp.listen import Open, listen
from receiver.ddp.serving import Server
from receiver.ddp.whip import MAX_OFFER, Problem
from receiver.ddp.whip_routes import Caller, whip_routes
from receiver.errors import PeerError, ReceiverError
from receiver.session.roles import Role
from receiver.trust.certificate import ensure_certificate
from receiver.trust.limits import KEY_BURST
from receiver.trust.stream_keys import StreamKeys

OFFER = "v=0\r\na=ice-ufrag:EsAw\r\n"
FRAGMENT = "a=ice-ufrag:EsAw\r\nm=video 9 x 0\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"
WALL_S = 1_800_000_000


class FakeCasting:
    """Casts without media."""

    def __init__(self) -> None:
        self.streams: dict[int, Any] = {}
        self.on_end: Callable[[str], None] = lambda session_id: None
        self.reasons: dict[str, str] = {}
        self.candidates: list[tuple[object, ...]] = []
        self.fails: Exception | None = None
        self.waits: asyncio.Event | None = None
        self._next = 0

    async def offer(self, sender: Sender, sdp: str) -> tuple[str, int]:
        if self.waits is not None:
            await self.waits.wait()
        if self.fails is not None:
            raise self.fails
        stream = self.stream_of(sender.session_id)
        if stream is None:
            self._next = stream = self._next + 1
            self.streams[stream] = sender
        return "v=0\r\nanswer\r\n", stream

    def candidate(self, sender: Sender, *given: object) -> None:
        self.candidates.append((sender.sender_name, *given))

    def stream_of(self, session_id: str) -> int | None:
        return next((stream for stream, sender in self.streams.items() if sender.session_id == session_id), None)

    async def stop(self, session_id: str, reason: str = "") -> None:
        if (stream := self.stream_of(session_id)) is not None:
            sender = self.streams.pop(stream)
            self.reasons[sender.sender_name] = reason
            if reason:
                sender.on_state("ended", reason)
            self.on_end(session_id)

    def stop_soon(self, session_id: str, reason: str) -> None:
        asyncio.get_running_loop().create_task(self.stop(session_id, reason))


class Person:
    def __init__(self, name: str, role: Role = "viewer") -> None:
        self.sender_name, self.session_id, self.role, self.fingerprint = name, name.lower(), role, f"key of {name}"
        self.states: list[dict[str, Any]] = []
        self.ended = ""

    def on_floor(self, state: dict[str, Any]) -> None:
        self.states.append(state)

    def on_stats(self, stats: dict[str, object]) -> None:
        pass

    def on_state(self, state: str, reason: str, again: bool = False) -> None:
        self.ended = reason


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def detail(self) -> str:
        assert self.headers["content-type"] == "application/problem+json"
        return str(json.loads(self.body)["detail"])


@dataclass
class Room:
    casting: FakeCasting
    floor: FloorDesk
    keys: KeysDesk
    desk: WhipDesk
    port: int
    tls_port: int
    certificate: Path
    clock: FakeClock
    happened: list[str] = field(default_factory=list)
    question: tuple[str, str] | None = None

    def key(self, name: str = "Camera") -> str:
        return str(self.keys.make(name, 90)["key"])

    async def ask(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Answer:
        data = body.encode() if isinstance(body, str) else body
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = [f"{method} {path} HTTP/1.1", f"host: localhost:{self.port}", "connection: close"]
        lines += [f"content-length: {len(data)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + data)
        return await read(reader, writer)

    async def post(self, key: str, sdp: str = OFFER, **headers: str) -> Answer:
        given = {"content_type": "application/sdp", "authorization": f"Bearer {key}", **headers}
        return await self.ask("POST", "/whip", sdp, **given)


async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Answer:
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    writer.close()
    return Answer(int(head[0].split()[1]), headers, body)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    casting, clock, keys = FakeCasting(), FakeClock(), StreamKeys(tmp_path)
    here: Room

    def sign(wish: str, asking: str, asked: str) -> None:
        here.question = (asking, asked)

    signs = SimpleNamespace(ask=sign, ask_no_more=lambda wish: None)
    floor = FloorDesk(cast(Casting, casting), signs, "one", 1, clock)
    desk = WhipDesk(keys, floor, SimpleNamespace(began=lambda sharer, stream: None), clock, lambda: WALL_S)
    keys_desk = KeysDesk(keys, lambda: WALL_S)
    keys_desk.on_revoked = desk.revoked
    files = ensure_certificate(tmp_path, "box", "tv", ["127.0.0.1"])
    plain, secure = listen("127.0.0.1", 0, Open()), listen("127.0.0.1", 0, Open())
    app = Guard(Starlette(routes=whip_routes(desk)), lambda: ["localhost"])
    server = Server(app, Connections(), secure=[secure], plain=[plain], certificate=files.certificate, key=files.key)
    server.start()
    here = Room(casting, floor, keys_desk, desk, plain.port, secure.port, files.certificate, clock)
    desk.record = keys_desk.record = lambda event, who="", device="", **details: here.happened.append(event)
    yield here
    for tool in desk.tools:
        tool.stop_timer()
    await server.stop()


async def test_from_the_offer_to_the_end(room: Room) -> None:
    key = room.key()
    made = await room.post(key)
    assert (made.status, made.body, made.headers["content-type"]) == (201, b"v=0\r\nanswer\r\n", "application/sdp")
    location, etag = made.headers["location"], made.headers["etag"]
    assert location.startswith("/whip/")
    assert [sender.sender_name for sender in room.casting.streams.values()] == ["Camera"]
    patch = {"content_type": "application/trickle-ice-sdpfrag", "authorization": f"Bearer {key}", "if_match": etag}
    assert (await room.ask("PATCH", location, FRAGMENT, **patch)).status == 204
    assert room.casting.candidates == [("Camera", "candidate:1 1 udp 1 192.0.2.1 9 typ host", "0", 0)]
    assert (await room.ask("PATCH", location, FRAGMENT, **patch | {"if_match": '"x"'})).status == 412
    assert (await room.ask("PATCH", location, FRAGMENT, **patch | {"if_match": "*"})).status == 422
    assert (await room.ask("PATCH", location, FRAGMENT.replace("EsAw", "Newer"), **patch)).status == 422
    assert (await room.ask("PATCH", location, "hello", **patch)).status == 400
    assert (await room.ask("PATCH", location, "a" * 20_000, **patch)).status == 413
    other = room.key("Other")
    assert (await room.ask("DELETE", location, authorization=f"Bearer {other}")).status == 404
    assert (await room.ask("DELETE", location, authorization=f"Bearer {key}")).status == 200
    assert not room.casting.streams
    assert not room.desk.tools
    assert (await room.ask("DELETE", location, authorization=f"Bearer {key}")).status == 404


async def test_another_offer_is_another_path_for_the_same_stream(room: Room) -> None:
    key = room.key()
    first, second = await room.post(key), await room.post(key)
    assert list(room.casting.streams) == [1]
    assert first.headers["location"] != second.headers["location"]
    gone = await room.ask("DELETE", first.headers["location"], authorization=f"Bearer {key}")
    assert gone.status == 404, "the newer offer's alone ends it"
    assert (await room.ask("DELETE", second.headers["location"], authorization=f"Bearer {key}")).status == 200


async def test_who_has_no_place_waits_and_is_let_in(room: Room) -> None:
    anna = Person("Anna")
    room.floor.join(anna)
    await room.floor.offer(anna, "v=0")
    key = room.key()
    busy = await room.post(key)
    assert (busy.status, busy.headers["retry-after"]) == (503, "5")
    assert "Anna is sharing now" in busy.detail
    assert room.question == ("Camera", "Anna")
    assert room.floor.status() == {"mode": "one", "presenting": ["Anna"], "queue": ["Camera"]}
    (asker,) = anna.states[-1]["you"]["asked_by"]
    await room.floor.methods(anna)["floor.approve"]({"session": asker})
    assert (await room.post(key)).status == 201
    await asyncio.sleep(0)
    assert [sender.sender_name for sender in room.casting.streams.values()] == ["Camera"]
    assert anna.ended == "Camera is sharing now."


async def test_who_decides_answers_for_a_tool(room: Room) -> None:
    await room.post(room.key())
    ben, olga = Person("Ben"), Person("Olga", "owner")
    room.floor.join(ben)
    room.floor.join(olga)
    assert room.floor.presenters() == (), "there is nobody to be asked who may use the keyboard"
    with pytest.raises(Refusal, match="Camera is sharing now"):
        await room.floor.offer(ben, "v=0")
    assert room.floor.request(ben) == {"state": "queued", "position": 1}
    assert room.question == ("Ben", "Olga")
    assert olga.states[-1]["you"]["asked_by"] == ["ben"]
    await room.floor.methods(olga)["floor.approve"]({"session": "ben"})
    await asyncio.sleep(0.05)
    assert room.casting.reasons == {"Camera": "Ben is sharing now."}
    assert not room.desk.tools, "its cast is over, and so is its session"


async def test_a_tool_that_tries_no_more_leaves_the_queue(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whip_desk, "WAIT_S", 0.05)
    anna = Person("Anna")
    room.floor.join(anna)
    await room.floor.offer(anna, "v=0")
    assert (await room.post(room.key())).status == 503
    await asyncio.sleep(0.15)
    assert room.floor.status()["queue"] == []
    assert not room.desk.tools


async def test_revoking_ends_it_at_once(room: Room) -> None:
    key = room.key()
    await room.post(key)
    (row,) = room.keys.rows()
    room.keys.revoke(str(row["id"]))
    await asyncio.sleep(0)
    assert not room.casting.streams
    assert (await room.post(key)).status == 401
    assert room.happened == ["stream key made", "stream key revoked", "refused"]


async def test_a_revoked_device_takes_its_keys_along(room: Room) -> None:
    key = str(room.keys.make("Camera", 90, "Olga", "thumbprint")["key"])
    await room.post(key)
    room.keys.device_revoked("thumbprint")
    await asyncio.sleep(0)
    assert not room.casting.streams
    assert not room.keys.rows()


@pytest.mark.parametrize(
    ("fails", "status", "words"),
    [(PeerError("it has no video"), 422, "it has no video"), (ReceiverError("The screen is off."), 503, "screen")],
)
async def test_an_offer_that_fails_leaves_nothing(room: Room, fails: Exception, status: int, words: str) -> None:
    room.casting.fails = fails
    refused = await room.post(room.key())
    assert (refused.status, words in refused.detail) == (status, True)
    await asyncio.sleep(0)
    assert not room.desk.tools
    assert room.floor.status() == {"mode": "one", "presenting": [], "queue": []}


async def test_a_second_offer_that_fails_leaves_the_picture(room: Room) -> None:
    key = room.key()
    made = await room.post(key)
    room.casting.fails = PeerError("it has no video")
    assert (await room.post(key)).status == 422
    assert list(room.casting.streams) == [1]
    assert (await room.ask("DELETE", made.headers["location"], authorization=f"Bearer {key}")).status == 200


async def test_an_offer_that_takes_too_long_leaves_nothing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "REQUEST_S", 0.2)
    room.casting.waits = asyncio.Event()
    assert (await room.post(room.key())).status == 500
    await asyncio.sleep(0.05)
    assert not room.desk.tools
    assert room.floor.status()["presenting"] == []


async def test_a_tool_in_a_loop_is_slowed(room: Room) -> None:
    key = room.key()
    statuses = [(await room.post(key)).status for _ in range(14)]
    assert statuses == [201] * 12 + [429] * 2
    assert list(room.casting.streams) == [1]


# ---- what strangers try


async def test_nothing_is_read_of_a_body_before_the_key_is_good(room: Room) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
    head = f"POST /whip HTTP/1.1\r\nhost: localhost:{room.port}\r\ncontent-type: application/sdp\r\n"
    writer.write(f"{head}content-length: 100000000\r\n\r\n".encode())
    refused = await read(reader, writer)
    assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Bearer realm="WHIP"')
    assert "stream key is missing" in refused.detail


async def test_a_giant_body_is_refused_when_it_is_too_big(room: Room) -> None:
    key, head = room.key(), f"POST /whip HTTP/1.1\r\nhost: localhost:{room.port}\r\ncontent-type: application/sdp\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
    writer.write(f"{head}authorization: Bearer {key}\r\ntransfer-encoding: chunked\r\n\r\n".encode())
    for _ in range(MAX_OFFER // 4096 + 2):
        writer.write(b"1000\r\n" + b"v" * 4096 + b"\r\n")
    refused = await read(reader, writer)
    assert (refused.status, str(MAX_OFFER) in refused.detail) == (413, True)


async def test_a_slow_body_is_not_waited_for(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "REQUEST_S", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
    head = f"POST /whip HTTP/1.1\r\nhost: localhost:{room.port}\r\ncontent-type: application/sdp\r\n"
    writer.write(f"{head}authorization: Bearer {room.key()}\r\ncontent-length: 1000\r\n\r\nv=0".encode())
    assert (await read(reader, writer)).status == 500
    assert not room.desk.tools


async def test_a_storm_of_wrong_keys_locks_out_its_source_alone(room: Room) -> None:
    key = room.key()
    for _ in range(KEY_BURST):
        wrong = await room.post("ddp_guess")
        assert (wrong.status, 'error="invalid_token"' in wrong.headers["www-authenticate"]) == (401, True)
    locked = await room.post("ddp_guess")
    assert (locked.status, locked.headers["retry-after"]) == (429, "60")
    assert (await room.post(key, origin="https://studio.example")).status == 201, "a page counts for itself"
    elsewhere = Caller("192.0.2.9", True, "", (f"Bearer {key}",))
    assert room.desk.authorise(elsewhere)
    room.clock.advance(60 * 10**9)
    assert (await room.post(key)).status == 201


async def test_a_key_is_not_taken_over_plain_http_from_the_network(room: Room) -> None:
    bearer = (f"Bearer {room.key()}",)
    with pytest.raises(Problem, match="Use the https:// address, and revoke the key") as refused:
        room.desk.authorise(Caller("192.0.2.9", False, "", bearer))
    assert refused.value.status == 403
    assert room.desk.authorise(Caller("::1", False, "", bearer))


async def test_pages_of_other_sites_may_ask_but_not_under_another_name(room: Room) -> None:
    preflight = await room.ask("OPTIONS", "/whip", origin="https://studio.example")
    assert preflight.status == 200
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert preflight.headers["accept-post"] == "application/sdp"
    reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
    writer.write(b"OPTIONS /whip HTTP/1.1\r\nhost: rebound.example\r\nconnection: close\r\n\r\n")
    assert (await read(reader, writer)).status == 421


@pytest.mark.parametrize(("method", "path"), [("GET", "/whip"), ("PUT", "/whip/x"), ("POST", "/whip/x")])
async def test_other_methods_are_405(room: Room, method: str, path: str) -> None:
    refused = await room.ask(method, path)
    assert (refused.status, "OPTIONS" in refused.headers["allow"]) == (405, True)


async def test_over_tls(room: Room) -> None:
    context = ssl.create_default_context(cafile=str(room.certificate))
    reader, writer = await asyncio.open_connection("127.0.0.1", room.tls_port, ssl=context, server_hostname="localhost")
    head = f"POST /whip HTTP/1.1\r\nhost: localhost:{room.tls_port}\r\ncontent-type: application/sdp\r\n"
    head += f"authorization: Bearer {room.key()}\r\ncontent-length: {len(OFFER)}\r\n\r\n"
    writer.write(head.encode() + OFFER.encode())
    assert (await read(reader, writer)).status == 201
