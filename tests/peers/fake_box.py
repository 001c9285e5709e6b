"""A small DDP box for the sender page's tests: static files, pairing and sealed casting on one loopback port.

It is written from DDP.md section 10 with ``cryptography`` alone and shares no code with the receiver, so that page and
receiver are each checked against a second reading of the contract. What it should do wrong or refuse is set on it.
"""

import asyncio
import hashlib
import hmac
import json
import mimetypes
import secrets
import socket
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

WEB = Path(__file__).parents[2] / "receiver" / "web"
CSP = "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
P = 2**255 - 19
A = 486662
Message = dict[str, Any]


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def lv(*parts: bytes | str) -> bytes:
    whole = b""
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        length, prefix = len(data), []
        while length > 0x7F:
            prefix.append(length & 0x7F | 0x80)
            length >>= 7
        whole += bytes([*prefix, length]) + data
    return whole


def generator(prs: bytes, ci: bytes, sid: bytes) -> bytes:
    padding = bytes(max(0, 127 - len(lv(prs)) - len(lv("CPace255"))))
    digest = hashlib.sha512(lv("CPace255", prs, padding, ci, sid)).digest()[:32]
    r = int.from_bytes(digest, "little") & (2**255 - 1)
    v = -A * pow(1 + 2 * r * r, -1, P) % P
    square = pow(v**3 + A * v * v + v, (P - 1) // 2, P) == 1
    return (v if square else (-v - A) % P).to_bytes(32, "little")


def multiply(scalar: bytes, point: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(scalar).exchange(X25519PublicKey.from_public_bytes(point))


def public_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    x, y = (b64(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def thumbprint(jwk: dict[str, str]) -> bytes:
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    return hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()


class Refused(Exception):
    def __init__(self, code: int, advice: str = "", **data: object) -> None:
        super().__init__(advice)
        self.error = {"code": code, "message": "refused", "data": {"advice": advice, **data}}


@dataclass
class Behaviour:
    """What the box does; tests change it while it runs."""

    pin: str = "04815926"
    qr: bytes = b""
    tries: int = 5
    expires_in_s: float = 120
    refuse: dict[str, Refused] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    bad_mac: bool = False
    more: str = ""
    """Further capabilities that both have."""
    floor: Message | None = None
    """The ``floor.state`` that everybody is told after pairing."""
    answer: Callable[[str], str] = lambda sdp: sdp


class FakeBox:
    def __init__(self) -> None:
        self.does = Behaviour()
        self.identity = ec.generate_private_key(ec.SECP256R1())
        self.display_id = "tv-test-001a"
        self.display_name = "Living room"
        self.log: list[tuple[str, Message]] = []
        self.visits: list[Visit] = []
        self.snapshot: tuple[HTTPStatus, bytes] = (HTTPStatus.SERVICE_UNAVAILABLE, b"")
        self.snapshots_asked = 0
        self.port = 0
        self.knows: set[bytes] = set()
        self._heard = asyncio.Condition()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/"

    def seen(self, method: str) -> list[Message]:
        return [params for name, params in self.log if name == method]

    async def until(self, method: str, count: int = 1, timeout_s: float = 15) -> Message:
        async with self._heard:
            await asyncio.wait_for(self._heard.wait_for(lambda: len(self.seen(method)) >= count), timeout_s)
        return self.seen(method)[count - 1]

    async def hear(self, method: str, params: Message) -> None:
        async with self._heard:
            self.log.append((method, params))
            self._heard.notify_all()

    def static(self, connection: ServerConnection, request: Request) -> Response | None:
        if "Upgrade" in request.headers:
            return None
        status, body, kind = self._file(request.path.split("?")[0])
        headers = Headers({"Content-Type": kind, "Content-Length": str(len(body)), "Content-Security-Policy": CSP})
        return Response(status.value, status.phrase, headers, body)

    def _file(self, path: str) -> tuple[HTTPStatus, bytes, str]:
        if path == "/.well-known/ddp":
            known = {"display_name": self.display_name, "https_port": 8443}
            return HTTPStatus.OK, json.dumps(known).encode(), "application/json"
        if path == "/tv/snapshot.jpg":
            self.snapshots_asked += 1
            return *self.snapshot, "image/jpeg"
        name = {"/": "index.html", "/tv": "tv.html"}.get(path, path.lstrip("/"))
        file = WEB / name
        if "/" in name or not file.is_file():
            return HTTPStatus.NOT_FOUND, b"", "text/plain"
        return HTTPStatus.OK, file.read_bytes(), mimetypes.guess_type(name)[0] or "application/octet-stream"

    async def talk(self, websocket: ServerConnection) -> None:
        visit = Visit(self, websocket)
        self.visits.append(visit)
        with suppress(ConnectionClosed):
            await visit.run()
        await visit.close()


class Visit:
    """One WebSocket."""

    def __init__(self, box: FakeBox, websocket: ServerConnection) -> None:
        self.box = box
        self.websocket = websocket
        self.session, self.nonce = secrets.token_bytes(16), secrets.token_bytes(16)
        self.seal: tuple[AESGCM, AESGCM] | None = None
        self.sent = self.received = self.heard = 0
        self.method = ""
        self.peer: RTCPeerConnection | None = None
        self.tracks: list[Any] = []

    async def run(self) -> None:
        async for frame in self.websocket:
            message = json.loads(self.open(frame))
            self.heard = max(self.heard, message.get("seq", 0))
            if "method" not in message or message["method"] == "ddp.ack":
                continue
            method, params = message["method"], message.get("params", {})
            if method not in ("ddp.hello", "ddp.resume"):
                assert message.get("ddp_session_id") == b64(self.session)
            await self.box.hear(method, params)
            if "id" not in message and self.seal is not None:
                await self.notify("ddp.ack", {})
            if "id" not in message or method in self.box.does.silent:
                continue
            try:
                if method in self.box.does.refuse:
                    raise self.box.does.refuse[method]
                result = await getattr(self, method.replace(".", "_"))(params)
                await self.send({"id": message["id"], "result": result})
            except Refused as refused:
                await self.send({"id": message["id"], "error": refused.error})
            if method in ("pair.confirm", "auth.confirm") and self.pending:
                self.seal, self.pending = self.pending, None
                await self.notify("session.token", {"token": "e30.e30.e30", "expires_in_s": 600})
                if self.box.does.floor is not None:
                    await self.notify("floor.state", self.box.does.floor)
            if method == "rtc.offer":
                await self.notify("session.state", {"state": "live", "reason": ""})

    def open(self, frame: bytes | str) -> bytes | str:
        if self.seal is None:
            assert isinstance(frame, str)
            return frame
        assert isinstance(frame, bytes)
        assert int.from_bytes(frame[:8], "big") == self.received
        self.received += 1
        return self.seal[0].decrypt(bytes(4) + frame[:8], frame[8:], b"ddp.v2" + self.session)

    async def send(self, message: Message) -> None:
        message = {"jsonrpc": "2.0", "ddp_session_id": b64(self.session), "ack": self.heard, **message}
        text = json.dumps(message)
        if self.seal is None:
            await self.websocket.send(text)
            return
        sequence = self.sent.to_bytes(8, "big")
        self.sent += 1
        aad = b"ddp.v2" + self.session
        await self.websocket.send(sequence + self.seal[1].encrypt(bytes(4) + sequence, text.encode(), aad))

    async def notify(self, method: str, params: Message) -> None:
        await self.send({"method": method, "params": params})

    async def close(self) -> None:
        if self.peer is not None:
            await self.peer.close()

    pending: tuple[AESGCM, AESGCM] | None = None

    async def ddp_ping(self, params: Message) -> Message:
        return {}

    async def ddp_resume(self, params: Message) -> Message:
        raise Refused(-32007, "The session can't be resumed. Connect again.")

    async def ddp_hello(self, params: Message) -> Message:
        self.nonce_c, self.client_jwk = unb64(params["nonce"]), params["jwk"]
        self.fp_c, self.fp_r = thumbprint(params["jwk"]), thumbprint(public_jwk(self.box.identity))
        return {
            "ddp_session_id": b64(self.session),
            "display_id": self.box.display_id,
            "display_name": self.box.display_name,
            "capability": 'ddp=2.1, transport=(ws), display=(mirror), codecs=("VP8" "H264"), pair=(cpace)'
            + self.box.does.more,
            "jwk": public_jwk(self.box.identity),
            "nonce": b64(self.nonce),
        }

    async def pair_start(self, params: Message) -> Message:
        self.method = params["method"]
        return {
            "method": self.method,
            "expires_in_s": self.box.does.expires_in_s,
            "tries_left": self.box.does.tries,
        }

    async def pair_share(self, params: Message) -> Message:
        box, share_a = self.box, unb64(params["share"])
        prs = box.does.pin.encode() if self.method == "pin" else box.does.qr
        sid = hashlib.sha256(lv(self.session, self.nonce_c, self.nonce)).digest()[:16]
        scalar = secrets.token_bytes(32)
        ci = lv("DDP-pair/1", box.display_id, self.fp_c, self.fp_r)
        share_b = multiply(scalar, generator(prs, ci, sid))
        transcript = lv(share_a, self.fp_c) + lv(share_b, self.fp_r)
        self.isk = hashlib.sha512(lv("CPace255_ISK", sid, multiply(scalar, share_a)) + transcript).digest()
        nonces = (self.session, self.nonce_c, self.nonce)
        self.th = hashlib.sha256(
            lv("DDP-pair/1", *nonces, box.display_id, self.fp_c, self.fp_r, share_a, share_b)
        ).digest()
        return {"share": b64(share_b)}

    async def auth_start(self, params: Message) -> Message:
        box, share_a, scalar = self.box, unb64(params["share"]), secrets.token_bytes(32)
        share_b = multiply(scalar, (9).to_bytes(32, "little"))
        self.isk = multiply(scalar, share_a)
        nonces = (self.session, self.nonce_c, self.nonce)
        self.th = hashlib.sha256(
            lv("DDP-auth/1", *nonces, box.display_id, self.fp_c, self.fp_r, share_a, share_b)
        ).digest()
        return {"share": b64(share_b)}

    async def auth_confirm(self, params: Message) -> Message:
        if self.fp_c not in self.box.knows:
            raise Refused(-32001, "This display does not know this device. Pair again with a PIN.")
        confirm = self.key("confirm", "")
        assert hmac.compare_digest(hmac.digest(confirm, lv("client", self.th), "sha256"), unb64(params["mac"]))
        return self._proof(params, "DDP-auth/1")

    def key(self, label: str, jti: str) -> bytes:
        info = lv("screen-share-key", label, self.box.display_id, self.session, jti, self.fp_c, self.fp_r)
        return HKDF(hashes.SHA256(), 32, self.nonce_c + self.nonce, info).derive(self.isk)

    async def pair_confirm(self, params: Message) -> Message:
        confirm = self.key("confirm", "")
        if not hmac.compare_digest(hmac.digest(confirm, lv("client", self.th), "sha256"), unb64(params["mac"])):
            self.box.does.tries -= 1
            raise Refused(-32003, "That was not the PIN.", tries_left=self.box.does.tries)
        self.box.knows.add(self.fp_c)
        return self._proof(params, "DDP-pair/1")

    def _proof(self, params: Message, context: str) -> Message:
        confirm, jti = self.key("confirm", ""), secrets.token_hex(16)
        self._check_signature(unb64(params["sig"]), context)
        if self.box.does.bad_mac:
            confirm = bytes(32)
        self.pending = (AESGCM(self.key("sig c2s", jti)), AESGCM(self.key("sig s2c", jti)))
        der = self.box.identity.sign(lv(f"{context} server", self.th), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(der)
        return {
            "mac": b64(hmac.digest(confirm, lv("server", self.th), "sha256")),
            "sig": b64(r.to_bytes(32, "big") + s.to_bytes(32, "big")),
            "jti": jti,
        }

    def _check_signature(self, signature: bytes, context: str) -> None:
        x, y = (int.from_bytes(unb64(self.client_jwk[name]), "big") for name in ("x", "y"))
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        key.verify(encode_dss_signature(r, s), lv(f"{context} client", self.th), ec.ECDSA(hashes.SHA256()))

    async def rtc_offer(self, params: Message) -> Message:
        await self.close()
        self.tracks = []
        peer = self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peer.on("track", self.tracks.append)
        lines = [line for line in params["sdp"].splitlines() if ".local" not in line]
        await peer.setRemoteDescription(RTCSessionDescription("\r\n".join(lines) + "\r\n", "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        answer = peer.localDescription.sdp.splitlines()
        kept = [line for line in answer if not line.startswith(("a=fingerprint:sha-384", "a=fingerprint:sha-512"))]
        return {"sdp": self.box.does.answer("\r\n".join(kept) + "\r\n"), "stream": 1}

    async def data_sub(self, params: Message) -> Message:
        id = params["id"]
        if params["name"] != "streams":
            await self.notify("data.nosub", {"id": id})
            return {}
        await self.notify("data.added", {"collection": "streams", "id": "1", "fields": {"asked": params["params"]}})
        await self.notify("data.ready", {"subs": [id]})
        return {}

    async def display_pause(self, params: Message) -> Message:
        return {"state": "paused"}

    async def display_play(self, params: Message) -> Message:
        return {"state": "playing"}

    async def display_stop(self, params: Message) -> Message:
        await self.close()
        return {"state": "stopped"}

    async def _floor(self, params: Message) -> Message:
        return {}

    floor_request = floor_release = floor_approve = floor_deny = _floor
    input_approve = input_deny = input_event = _floor

    async def input_accept(self, params: Message) -> Message:
        return {**params, "active": bool(params["kinds"])}

    async def input_request(self, params: Message) -> Message:
        await self.notify("input.state", {"you": "asking", "asked_by": [], "granted": []})
        return {"state": "asking"}

    async def input_release(self, params: Message) -> Message:
        return {"state": "none"}


@asynccontextmanager
async def fake_box() -> AsyncIterator[FakeBox]:
    """A box on a free loopback port."""
    box = FakeBox()
    server = await serve(
        box.talk,
        "localhost",
        0,
        family=socket.AF_INET,
        subprotocols=[Subprotocol("ddp.v2+json")],
        process_request=box.static,
        open_timeout=1,  # browsers open connections ahead of need, and closing waits for them
    )
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        for visit in box.visits:
            await visit.close()
        server.close(close_connections=True)
        await server.wait_closed()
