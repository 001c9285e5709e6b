"""One Meteor client at ``/websocket``: the data layer for programs that speak Meteor's DDP (DDP.md section 11).

What it may do: from this machine itself, what a paired sender may; from elsewhere, what discovery tells everybody,
until it logs in with a token of ours and proves that it holds the key which the token is bound to.
"""

import logging
import secrets

from receiver.app.data_desk import DataLine
from receiver.app.desk import FrontDesk
from receiver.app.meteor_login import Certificate, check_login
from receiver.clock import NS
from receiver.ddp import meteor
from receiver.ddp.channel import Channel
from receiver.ddp.codes import CloseCode, ErrorCode, Refusal, as_refusal
from receiver.ddp.connection import Connection
from receiver.ddp.documents import event
from receiver.errors import PeerError, ReceiverError
from receiver.trust.encoding import b64encode
from receiver.trust.identity import PublicIdentity

HERE = frozenset({"cast"})
NAME = "A Meteor client"
SESSION_BYTES = 16

log = logging.getLogger(__name__)


class MeteorPeer:
    """Runs one WebSocket: call ``run`` and await its end."""

    def __init__(self, desk: FrontDesk, channel: Channel, certificate: Certificate) -> None:
        self._desk = desk
        self._channel = channel
        self._certificate = certificate
        self._session = b64encode(secrets.token_bytes(SESSION_BYTES))
        self._version: str | None = None
        self._connection = Connection()
        self._expires_at: int | None = None
        self._pings = 0
        channel.known = channel.local
        self._granted = HERE if channel.local else frozenset[str]()
        self._key: PublicIdentity | None = None
        self._line = DataLine(desk.data, channel, lambda event: channel.send(meteor.tell(event)), NAME, self._scopes)

    async def run(self) -> None:
        """Serve the connection until it ends."""
        self._connection.open(self._desk.clock.now())
        if self._channel.local:
            self._connection.paired()
        try:
            while (data := await self._next()) is not None:
                await self._take(data)
        finally:
            self._connection.closed()
            self._line.close()

    def _scopes(self) -> frozenset[str]:
        if self._key is None or self._desk.knows(self._key):
            return self._granted
        self._close(CloseCode.REPLACED, "This device's access to the display was revoked. Pair again to go on.")
        return frozenset()

    async def _next(self) -> str | bytes | None:
        while True:
            now = self._desk.clock.now()
            deadline = min(
                (due for due in (self._connection.deadline, self._expires_at) if due is not None), default=None
            )
            try:
                return await self._channel.receive(None if deadline is None else max(0, deadline - now) / NS)
            except TimeoutError:
                self._tick()

    def _tick(self) -> None:
        now = self._desk.clock.now()
        if self._expires_at is not None and now >= self._expires_at:
            self._expires_at = None
            self._close(CloseCode.REPLACED, "The token has expired. Connect again and log in with a new one.")
            return
        match self._connection.tick(now):
            case "ping" if self._version == meteor.WITHOUT_PING:
                self._connection.message(now)
            case "ping":
                self._pings += 1
                self._channel.send(meteor.ping(f"ping-{self._pings}"))
            case CloseCode.HANDSHAKE_TIMEOUT as code:
                self._close(code, "No connect message came within 3 seconds. Connect again.")
            case CloseCode.POLICY as code:
                self._close(code, "Nobody logged in for 10 minutes. Connect again.")
            case CloseCode.IDLE as code:
                self._close(code, "This client no longer answers. Connect again.")

    def _close(self, code: CloseCode, reason: str) -> None:
        if self._connection.state in ("connecting", "connected"):
            self._connection.close()
            self._channel.close(code, reason)

    async def _take(self, data: str | bytes) -> None:
        if self._connection.state == "closing":
            return
        try:
            message = meteor.parse(data)
        except meteor.MeteorError as error:
            if self._version is None:
                self._close(CloseCode.BROKEN, str(error))
            else:
                self._channel.send(meteor.error(str(error)))
            return
        if self._version is None and not isinstance(message, meteor.Connect):
            self._close(CloseCode.BROKEN, "The first message must be connect.")
            return
        self._connection.message(self._desk.clock.now())
        await self._answer(message)

    async def _answer(self, message: meteor.Message) -> None:
        match message:
            case meteor.Connect():
                self._connect(message)
            case meteor.Ping(id=id):
                self._channel.send(meteor.pong(id))
            case meteor.Sub(id=id):
                try:
                    self._line.sub(id, message.name, message.params)
                except (PeerError, ReceiverError) as error:
                    self._channel.send(meteor.nosub(id, _refusal(error)))
            case meteor.Unsub(id=id):
                try:
                    self._line.unsub(id)
                except (PeerError, ReceiverError) as error:
                    self._channel.send(meteor.nosub(id, _refusal(error)))
            case meteor.Method(id=id):
                try:
                    self._channel.send(meteor.result(id, await self._call(message)))
                except (PeerError, ReceiverError) as error:
                    self._channel.send(meteor.failure(id, _refusal(error)))

    def _connect(self, connect: meteor.Connect) -> None:
        if self._version is not None:
            self._channel.send(meteor.error("This connection is connected already."))
        elif meteor.accepts(connect):
            self._version = connect.version
            self._channel.send(meteor.connected(self._session))
        else:
            self._channel.send(meteor.failed(meteor.suggestion(connect)))
            self._close(CloseCode.BYE, "This display speaks other versions of Meteor's DDP.")

    async def _call(self, message: meteor.Method) -> object:
        if message.method != "login":
            return await self._line.call(message.id, message.method, message.params)
        self._line.subscriber.spend(self._desk.clock.now())
        try:
            return self._login(message)
        finally:
            self._line.subscriber.tell(event("updated", methods=[message.id]))

    def _login(self, message: meteor.Method) -> object:
        if not self._channel.secure:
            raise Refusal(ErrorCode.FORBIDDEN, "A token is taken only over TLS. Connect by wss://, then log in.")
        key, claims = check_login(self._desk, message.params, self._session, self._certificate())
        self._key, self._granted = key, self._granted | frozenset(claims.scope.split())
        self._expires_at = self._desk.clock.now() + (claims.exp - self._desk.wall_s) * NS
        self._connection.paired()
        self._channel.known = True
        self._line.permit()
        log.info("a Meteor client at %s has logged in as %s", self._channel.address, claims.sub)
        return {"id": claims.sub, "tokenExpires": {"$date": claims.exp * 1000}}


def _refusal(error: PeerError | ReceiverError) -> Refusal:
    if isinstance(error, PeerError):
        return as_refusal(error)
    log.error("the data layer failed: %s", error)
    return Refusal(ErrorCode.INTERNAL_ERROR, str(error))
