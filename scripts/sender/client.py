"""One connection to a display: docs/DDP.md section 10 from the sender's side.

async with Client(await reach("wss://192.0.2.7:8443/"), identity, "Anna") as client:
    await client.hello()
    await client.start_pin()
    await client.pair(b"12345678")
    answer = await client.request("rtc.offer", {"sdp": sdp})
"""

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from receiver.ddp import jsonrpc
from receiver.errors import PeerError
from receiver.trust import cpace
from receiver.trust.encoding import b64decode, b64encode, lv
from receiver.trust.identity import Identity, PublicIdentity, parse_jwk
from receiver.trust.keys import KeySchedule
from receiver.trust.pairing import CONTEXT, REUNION, Transcript, confirmation, signed_text
from receiver.trust.seal import Opener, Sealer
from scripts.sender.answers import Confirmed, Greeting, Shared, Started, read
from scripts.sender.errors import Closed, Lost, NotProven, Refused
from scripts.sender.wire import CAPABILITY, Wire

ANSWER_S = 10.0
MAX_NOTIFICATIONS = 1024
"""Drop rule: the oldest that nobody has taken makes room for the newest."""


class Client:
    """Requests, notifications and pairing. ``notifications`` holds (method, params) of what the display sends."""

    def __init__(self, wire: Wire, identity: Identity, name: str) -> None:
        self.wire = wire
        self.identity = identity
        self.name = name
        self.nonce = secrets.token_bytes(16)
        self.session = b""
        self.display: PublicIdentity
        self.transcript: Transcript
        self.notifications: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self.closed: asyncio.Future[Lost] = asyncio.get_running_loop().create_future()
        self.sealer: Sealer | None = None
        self._opener: Opener | None = None
        self._answers: dict[object, asyncio.Future[jsonrpc.Message]] = {}
        self._ids = iter(range(1, 1 << 30))
        self._paired = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def bye(self, reason: str) -> None:
        """Say why we go, if there is still somebody to hear it."""
        if not self.closed.done():
            await self.notify("ddp.bye", {"reason": reason})

    async def close(self) -> None:
        await self.wire.close()
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    # ---- messages

    async def _read(self) -> None:
        try:
            while True:
                await self._take(jsonrpc.parse(await self._open(await self.wire.receive())))
        except Closed as closed:
            self._end(closed)
        except (PeerError, TimeoutError) as error:
            self._end(Lost(f"The display sent something that can't be taken: {error}. Connect again."))

    async def _open(self, data: str | bytes) -> str | bytes:
        if isinstance(data, str):
            return data
        # The first sealed frame may be here before this side has derived its keys.
        await asyncio.wait_for(self._paired.wait(), ANSWER_S)
        assert self._opener is not None
        return self._opener.open(data)

    def _end(self, lost: Lost) -> None:
        self.closed.set_result(lost)
        for waiter in self._answers.values():
            if not waiter.done():
                waiter.set_exception(lost)

    async def _take(self, message: jsonrpc.Message) -> None:
        if message.is_response:
            waiter = self._answers.pop(message.id, None)
            if waiter is not None and not waiter.done():
                waiter.set_result(message)
        elif message.method == "ddp.ping":
            await self.send({"id": message.id, "result": {}})
        elif message.request_id is None:
            if self.notifications.qsize() >= MAX_NOTIFICATIONS:
                self.notifications.get_nowait()
            self.notifications.put_nowait((str(message.method), message.params))

    async def send(self, members: dict[str, Any]) -> None:
        """Send a message, sealed once paired. Raises Closed."""
        message = {"jsonrpc": "2.0", **members}
        if self.session:
            message.setdefault("ddp_session_id", b64encode(self.session))
        text = json.dumps(message)
        await self.wire.send(self.sealer.seal(text.encode()) if self.sealer else text)

    async def request(self, method: str, params: dict[str, Any] | None = None, timeout_s: float = ANSWER_S) -> Any:
        """The result of a request. Raises Refused or Lost."""
        if self.closed.done():
            raise self.closed.result()
        id = next(self._ids)
        waiter = self._answers[id] = asyncio.get_running_loop().create_future()
        await self.send({"id": id, "method": method, "params": params or {}})
        try:
            answer = await asyncio.wait_for(waiter, timeout_s)
        except TimeoutError:
            raise Lost(f"The display did not answer {method} within {timeout_s:g} seconds.") from None
        if isinstance(answer.error, jsonrpc.RpcError):
            raise Refused(answer.error.code, answer.error.message, answer.error.data)
        return answer.result

    async def notify(self, method: str, params: dict[str, Any] | None = None) -> None:
        await self.send({"method": method, "params": params or {}})

    async def notification(self, method: str) -> dict[str, Any]:
        """The next notification of ``method``; others are passed over."""
        while True:
            name, params = await asyncio.wait_for(self.notifications.get(), ANSWER_S)
            if name == method:
                return params

    async def listen(self, take: Callable[[str, dict[str, Any]], None]) -> None:
        """Give every notification to ``take``. Raises Lost when the connection ends."""
        while True:
            told = asyncio.ensure_future(self.notifications.get())
            await asyncio.wait((told, self.closed), return_when=asyncio.FIRST_COMPLETED)
            if not told.done():
                told.cancel()
                raise self.closed.result()
            take(*told.result())

    # ---- pairing

    async def hello(self) -> Greeting:
        """Row 1."""
        nonce, jwk = b64encode(self.nonce), self.identity.public.jwk
        params = {"capability": CAPABILITY, "jwk": jwk, "name": self.name, "nonce": nonce}
        greeting = read(await self.request("ddp.hello", params), Greeting)
        self.session = b64decode(greeting.ddp_session_id, 16, "ddp_session_id")
        self.display = parse_jwk(greeting.jwk)
        nonce_r = b64decode(greeting.nonce, 16, "nonce")
        fp_c, fp_r = self.identity.public.thumbprint, self.display.thumbprint
        self.transcript = Transcript(self.session, self.nonce, nonce_r, greeting.display_id, fp_c, fp_r)
        return greeting

    async def start_pin(self) -> Started:
        """Row 2: the TV now shows a PIN."""
        return read(await self.request("pair.start", {"method": "pin"}), Started)

    async def start_qr(self, secret: bytes) -> Started:
        """Row 2, with the secret of the TV's QR code, or of the one before it."""
        hint = hashlib.sha256(lv("DDP-pair/1 qr", secret)).digest()[:4]
        return read(await self.request("pair.start", {"method": "qr", "hint": b64encode(hint)}), Started)

    async def pair(self, secret: bytes) -> None:
        """Rows 3 and 4, with the PIN's digits or the QR code's 16 bytes. Raises Refused or NotProven."""
        scalar = secrets.token_bytes(cpace.SCALAR_BYTES)
        share_a = cpace.multiply(scalar, self.transcript.generator(secret))
        share_b = await self._share("pair.share", share_a)
        keys = self.transcript.schedule(cpace.multiply(scalar, share_b), share_a, share_b)
        await self._confirm("pair.confirm", keys, share_a, share_b, CONTEXT)

    async def reunite(self) -> None:
        """Rows 2a and 3a: come back to a display whose key we have pinned. Raises Refused or NotProven."""
        scalar = secrets.token_bytes(cpace.SCALAR_BYTES)
        share_a = cpace.multiply(scalar, cpace.BASE_POINT)
        share_b = await self._share("auth.start", share_a)
        keys = self.transcript.keys(cpace.multiply(scalar, share_b))
        await self._confirm("auth.confirm", keys, share_a, share_b, REUNION)

    async def _share(self, method: str, share_a: bytes) -> bytes:
        answer = read(await self.request(method, {"share": b64encode(share_a)}), Shared)
        return b64decode(answer.share, cpace.SHARE_BYTES, "share")

    async def _confirm(self, method: str, keys: KeySchedule, share_a: bytes, share_b: bytes, context: str) -> None:
        """Prove ourselves, check the display, and seal what follows."""
        th = self.transcript.hash(share_a, share_b, context)
        sig = self.identity.sign(signed_text("client", th, context))
        proof = {"mac": b64encode(confirmation(keys, "client", th)), "sig": b64encode(sig)}
        answer = read(await self.request(method, proof), Confirmed)
        mac, sig = b64decode(answer.mac, 32, "mac"), b64decode(answer.sig, 64, "sig")
        mac_ok = hmac.compare_digest(mac, confirmation(keys, "server", th))
        if not (mac_ok and self.display.verify(sig, signed_text("server", th, context))):
            raise NotProven("What answers could not prove to be the display. Somebody may be in between; don't go on.")
        self.sealer = Sealer(keys.key("sig c2s", answer.jti), self.session)
        self._opener = Opener(keys.key("sig s2c", answer.jti), self.session)
        self._paired.set()


async def first(*ways: Awaitable[object]) -> None:
    """Run all until one ends; its error is raised."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
