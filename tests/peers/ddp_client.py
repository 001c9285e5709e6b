"""A reference DDP sender in Python: docs/DDP.md section 10 as one small class, without media.

async with await DdpClient.connect("wss://192.168.1.20:8443/", tls=trusting()) as client:
    await client.pair("12345678")
    answer = await client.request("rtc.offer", {"sdp": sdp})
"""

import asyncio
import hmac
import json
import secrets
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, Self

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from receiver.trust import cpace
from receiver.trust.encoding import b64decode, b64encode
from receiver.trust.identity import Identity, PublicIdentity, parse_jwk
from receiver.trust.keys import KeySchedule
from receiver.trust.pairing import CONTEXT, REUNION, Transcript, confirmation, signed_text
from receiver.trust.resumption import Request, answer_mac, next_schedule
from receiver.trust.resumption import signed_text as resume_text
from receiver.trust.seal import Opener, Sealer

SUBPROTOCOL = "ddp.v2+json"
CAPABILITY = 'ddp=2.1, transport=(ws), display=(mirror), codecs=("H264" "VP8"), pair=(cpace)'
TIMEOUT_S = 10.0


class Closed(Exception):
    """The WebSocket is closed."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Refused(Exception):
    """The display answered a request with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(str(error))
        self.code: int = error["code"]
        self.data: dict[str, Any] = error.get("data") or {}

    @property
    def advice(self) -> str:
        return str(self.data["advice"])


class Wire(Protocol):
    """A WebSocket, whatever carries it."""

    async def send(self, message: str | bytes) -> None: ...

    async def receive(self) -> str | bytes:
        """The next message. Raises Closed."""

    async def close(self) -> None: ...


class WebSocketWire:
    """Over HTTP/1.1, by the websockets library."""

    def __init__(self, websocket: Any) -> None:
        self._websocket = websocket

    @classmethod
    async def connect(cls, url: str, tls: ssl.SSLContext | None = None, **options: Any) -> "WebSocketWire":
        options = {"subprotocols": [SUBPROTOCOL], "proxy": None} | options
        return cls(await connect(url, ssl=tls, **options))

    async def send(self, message: str | bytes) -> None:
        await self._websocket.send(message)

    async def receive(self) -> str | bytes:
        try:
            message: str | bytes = await self._websocket.recv()
        except ConnectionClosed as error:
            raise Closed(self._websocket.close_code, self._websocket.close_reason) from error
        return message

    async def close(self) -> None:
        await self._websocket.close()


def trusting() -> ssl.SSLContext:
    """TLS without checking the certificate: it is self-signed, and pairing is what proves the display."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class DdpClient:
    """One connection. ``notifications`` holds (method, params) of what the display sends by itself."""

    def __init__(
        self,
        wire: Wire,
        identity: Identity | None = None,
        name: str = "Reference sender",
        capability: str = CAPABILITY,
    ) -> None:
        self.wire = wire
        self.identity = identity or Identity.generate()
        self.name = name
        self.capability = capability
        self.nonce = secrets.token_bytes(16)
        self.session = b""
        self.greeting: dict[str, Any] = {}
        self.notifications: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self.closed: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()
        self.sealer: Sealer | None = None
        self.keys: KeySchedule | None = None
        self.jti = ""
        self.token = ""
        self.numbered = False
        self.taken = 0
        self.doubled = 0
        self.outbox: dict[int, dict[str, Any]] = {}
        self.sent = 0
        self._early: dict[int, dict[str, Any]] = {}
        self._opener: Opener | None = None
        self._answers: dict[object, asyncio.Future[dict[str, Any]]] = {}
        self._ids = iter(range(1, 1 << 30))
        self._paired = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def connect(
        cls, url: str, tls: ssl.SSLContext | None = None, name: str = "Reference sender", **options: Any
    ) -> "DdpClient":
        return cls(await WebSocketWire.connect(url, tls, **options), name=name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self.wire.close()
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    # ---- messages

    async def _read(self) -> None:
        try:
            while True:
                data = await self.wire.receive()
                if isinstance(data, bytes):
                    # The frame may be here before this side has derived its keys.
                    await asyncio.wait_for(self._paired.wait(), TIMEOUT_S)
                    assert self._opener is not None
                    data = self._opener.open(data)
                await self._arrived(json.loads(data))
        except Closed as closed:
            self.closed.set_result(closed)
            for waiter in () if self.numbered else self._answers.values():
                if not waiter.done():
                    waiter.set_exception(closed)

    async def _arrived(self, message: dict[str, Any]) -> None:
        """Take messages in order and once, where they are numbered."""
        for done in [seq for seq in self.outbox if seq <= message.get("ack", 0)]:
            del self.outbox[done]
        if (seq := message.get("seq")) is None:
            await self._take(message)
            return
        if seq <= self.taken:
            self.doubled += 1
        else:
            self._early[seq] = message
        while (following := self._early.pop(self.taken + 1, None)) is not None:
            self.taken += 1
            await self._take(following)
        if message.get("method") not in (None, "ddp.ping") or seq <= self.taken:
            await self.acknowledge()

    async def acknowledge(self) -> None:
        """Say what we have taken. Tests replace it to say nothing."""
        if self.sealer is not None:
            await self._write({"method": "ddp.ack", "params": {}})

    async def _take(self, message: dict[str, Any]) -> None:
        if message.get("method") == "session.token":
            self.token = message["params"]["token"]
        if message.get("method") == "ddp.ack":
            return
        if "method" not in message:
            waiter = self._answers.pop(message["id"], None)
            if waiter is not None and not waiter.done():
                waiter.set_result(message)
        elif message["method"] == "ddp.ping":
            await self.send({"id": message["id"], "result": {}})
        else:
            self.notifications.put_nowait((message["method"], message["params"]))

    async def send(self, members: dict[str, Any]) -> None:
        """Send a message, sealed once paired, and numbered then where ``numbered`` is set."""
        if self.numbered and self.sealer is not None:
            self.sent += 1
            members = {"seq": self.sent, "mid": self.sent, **members}
            self.outbox[self.sent] = members
        await self._write(members)

    def whole(self, members: dict[str, Any]) -> dict[str, Any]:
        """The message as it is sent."""
        message = {"jsonrpc": "2.0", **members}
        if self.numbered:
            message["ack"] = self.taken
        if self.session:
            message.setdefault("ddp_session_id", b64encode(self.session))
        return message

    async def _write(self, members: dict[str, Any]) -> None:
        text = json.dumps(self.whole(members))
        await self.wire.send(self.sealer.seal(text.encode()) if self.sealer else text)

    async def request(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """The result of a request. Raises Refused or Closed."""
        id = next(self._ids)
        waiter = self._answers[id] = asyncio.get_running_loop().create_future()
        await self.send({"id": id, "method": method, "params": params or {}})
        answer = await asyncio.wait_for(waiter, TIMEOUT_S)
        if "error" in answer:
            raise Refused(answer["error"])
        result: dict[str, Any] = answer["result"]
        return result

    async def notify(self, method: str, params: dict[str, Any] | None = None) -> None:
        await self.send({"method": method, "params": params or {}})

    async def notification(self, method: str) -> dict[str, Any]:
        """The next notification of ``method``; others are passed over."""
        while True:
            name, params = await asyncio.wait_for(self.notifications.get(), TIMEOUT_S)
            if name == method:
                return params

    async def close_code(self) -> Closed:
        """How the display closed the connection."""
        return await asyncio.wait_for(asyncio.shield(self.closed), TIMEOUT_S)

    # ---- pairing

    async def hello(self) -> dict[str, Any]:
        """Row 1."""
        params = {
            "capability": self.capability,
            "jwk": self.identity.public.jwk,
            "name": self.name,
            "nonce": b64encode(self.nonce),
        }
        self.greeting = await self.request("ddp.hello", params)
        self.session = b64decode(self.greeting["ddp_session_id"], 16, "ddp_session_id")
        return self.greeting

    @property
    def display(self) -> PublicIdentity:
        return parse_jwk(self.greeting["jwk"])

    @property
    def transcript(self) -> Transcript:
        nonce_r = b64decode(self.greeting["nonce"], 16, "nonce")
        fp_c, fp_r = self.identity.public.thumbprint, self.display.thumbprint
        return Transcript(self.session, self.nonce, nonce_r, self.greeting["display_id"], fp_c, fp_r)

    async def prove(self, secret: bytes) -> tuple[KeySchedule, bytes, dict[str, str]]:
        """Row 3, and what row 4 sends: the keys, the transcript's hash, and pair.confirm's parameters."""
        scalar = secrets.token_bytes(cpace.SCALAR_BYTES)
        share_a = cpace.multiply(scalar, self.transcript.generator(secret))
        answer = await self.request("pair.share", {"share": b64encode(share_a)})
        share_b = b64decode(answer["share"], cpace.SHARE_BYTES, "share")
        keys = self.transcript.schedule(cpace.multiply(scalar, share_b), share_a, share_b)
        th = self.transcript.hash(share_a, share_b)
        proof = {
            "mac": b64encode(confirmation(keys, "client", th)),
            "sig": b64encode(self.identity.sign(signed_text("client", th))),
        }
        return keys, th, proof

    async def confirm(
        self, keys: KeySchedule, th: bytes, proof: dict[str, str], method: str = "pair.confirm", context: str = CONTEXT
    ) -> None:
        """Row 4 or 3a: prove ourselves, check the display, and seal what follows. Raises Refused."""
        answer = await self.request(method, proof)
        mac, sig = b64decode(answer["mac"], 32, "mac"), b64decode(answer["sig"], 64, "sig")
        if not hmac.compare_digest(mac, confirmation(keys, "server", th)):
            raise AssertionError("the display does not know the secret")
        if not self.display.verify(sig, signed_text("server", th, context)):
            raise AssertionError("the display does not hold its key")
        self.use(keys, answer["jti"])

    def use(self, keys: KeySchedule, jti: str) -> None:
        """Seal what follows."""
        self.keys, self.jti = keys, jti
        self.sealer = Sealer(keys.key("sig c2s", jti), self.session)
        self._opener = Opener(keys.key("sig s2c", jti), self.session)
        self._paired.set()

    # ---- resuming

    def resumption(self) -> dict[str, Any]:
        """What ``ddp.resume`` asks, for the session that this connection carried."""
        assert self.keys is not None
        request = Request(self.taken, self.token, secrets.token_bytes(16))
        return {
            "session": b64encode(self.session),
            "last_seq": request.last_seq,
            "token": request.token,
            "nonce": b64encode(request.nonce_c),
            "proof": b64encode(self.identity.sign(resume_text(request.hash(self.keys)))),
        }

    async def resume(self, wire: Wire, asked: dict[str, Any] | None = None, complete: bool = True) -> "DdpClient":
        """This session over another wire; ``complete``: also send the frame that proves our keys. Raises Refused."""
        assert self.keys is not None
        asked = asked or self.resumption()
        client = type(self)(wire, self.identity, self.name)
        answer = await client.request("ddp.resume", asked)
        nonce_c, nonce_r = b64decode(asked["nonce"], 16, "nonce"), b64decode(answer["nonce"], 16, "nonce")
        keys = next_schedule(self.keys.key("resume", self.jti), self.keys, nonce_c, nonce_r)
        request = Request(asked["last_seq"], asked["token"], nonce_c)
        mac = answer_mac(keys, request.hash(self.keys), nonce_r, answer["last_seq"], answer["jti"])
        if not hmac.compare_digest(mac, b64decode(answer["mac"], 32, "mac")):
            raise AssertionError("the display does not have the session's secret")
        client.session, client.greeting, client.token = self.session, self.greeting, self.token
        client.numbered, client.taken, client.sent = True, self.taken, self.sent
        client.outbox = {seq: message for seq, message in self.outbox.items() if seq > answer["last_seq"]}
        client._answers, client._ids = self._answers, self._ids
        client.use(keys, answer["jti"])
        if complete:
            await client.acknowledge()
            for message in tuple(client.outbox.values()):
                await client._write(message)
        return client

    async def introduce(self) -> tuple[KeySchedule, bytes, dict[str, str]]:
        """Row 2a, and what row 3a sends: the keys, the transcript's hash, and auth.confirm's parameters."""
        scalar = secrets.token_bytes(cpace.SCALAR_BYTES)
        share_a = cpace.multiply(scalar, cpace.BASE_POINT)
        answer = await self.request("auth.start", {"share": b64encode(share_a)})
        share_b = b64decode(answer["share"], cpace.SHARE_BYTES, "share")
        keys = self.transcript.keys(cpace.multiply(scalar, share_b))
        th = self.transcript.hash(share_a, share_b, REUNION)
        proof = {
            "mac": b64encode(confirmation(keys, "client", th)),
            "sig": b64encode(self.identity.sign(signed_text("client", th, REUNION))),
        }
        return keys, th, proof

    async def reunite(self) -> dict[str, Any]:
        """Rows 1, 2a, 3a and 5: come back to a display that knows us. Returns what ``session.token`` says."""
        await self.hello()
        await self.confirm(*await self.introduce(), "auth.confirm", REUNION)
        return await self.notification("session.token")

    async def pair(self, secret: str | bytes | Callable[[], Awaitable[str]]) -> dict[str, Any]:
        """Rows 1 to 5: by PIN (eight digits, or a function that reads them off the TV) or QR secret (16 bytes).

        Returns what ``session.token`` says.
        """
        await self.hello()
        await self.request("pair.start", {"method": "qr" if isinstance(secret, bytes) else "pin"})
        if callable(secret):
            secret = await secret()
        await self.confirm(*await self.prove(secret.encode() if isinstance(secret, str) else secret))
        return await self.notification("session.token")


async def refused(client: DdpClient, method: str, params: dict[str, Any] | None = None) -> Refused:
    """Why a request is not granted, which it must not be."""
    try:
        result = await client.request(method, params or {})
    except Refused as refusal:
        return refusal
    raise AssertionError(f"{method} was granted: {result}")
