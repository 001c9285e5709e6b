"""Messages on one connection: in the clear until paired, sealed from then on, and its times (DDP.md section 3)."""

import logging
from collections.abc import Awaitable, Callable

from receiver.clock import NS, Clock
from receiver.ddp import jsonrpc
from receiver.ddp.channel import Channel
from receiver.ddp.codes import CloseCode, ErrorCode
from receiver.ddp.connection import Connection, ConnectionStateError
from receiver.trust.seal import Opener, Sealer, SealError

log = logging.getLogger(__name__)


class Conversation:
    """Reads, checks and writes the messages of ``channel``; ``session`` is the id that goes with our pings."""

    def __init__(self, channel: Channel, clock: Clock, session: str) -> None:
        self._channel = channel
        self._clock = clock
        self.session = session
        self._connection = Connection()
        self._opener: Opener | None = None
        self._sealer: Sealer | None = None
        self.heard_sealed = False
        """Whether a frame of the sender's has opened: it has the keys."""
        self._pings = 0

    @property
    def left(self) -> bool:
        """Whether the sender has closed the connection because it wants no more."""
        return self._channel.left

    @property
    def has_room(self) -> bool:
        """Whether more can be sent at once."""
        return self._channel.has_room

    @property
    def sealed(self) -> bool:
        return self._sealer is not None

    def seal(self, opener: Opener, sealer: Sealer) -> None:
        """From here on every message is a sealed frame."""
        self._opener, self._sealer = opener, sealer
        self._channel.known = True
        self._connection.paired()

    async def run(self, answer: Callable[[jsonrpc.Message], Awaitable[None]]) -> None:
        """Give every message to ``answer``, in order, until the connection is over."""
        self._connection.open(self._clock.now())
        try:
            while (data := await self._next()) is not None:
                message = self._read(data)
                if message is not None:
                    await answer(message)
        finally:
            self._connection.closed()

    async def _next(self) -> str | bytes | None:
        while True:
            deadline, now = self._connection.deadline, self._clock.now()
            timeout = None if deadline is None else max(0, deadline - now) / NS
            try:
                return await self._channel.receive(timeout)
            except TimeoutError:
                self._tick()

    def _tick(self) -> None:
        match self._connection.tick(self._clock.now()):
            case "ping":
                self._pings += 1
                self.send(jsonrpc.request(f"ping-{self._pings}", "ddp.ping", {}, self.session))
            case CloseCode.HANDSHAKE_TIMEOUT as code:
                self.close(code, "No greeting came within 3 seconds. Connect again.")
            case CloseCode.POLICY as code:
                self.close(code, "Nobody paired for 10 minutes. Connect again when you have the PIN.")
            case CloseCode.IDLE as code:
                self.close(code, "This device did not answer for 90 seconds. Connect again.")

    def _read(self, data: str | bytes) -> jsonrpc.Message | None:
        if self._connection.state == "closing":
            return None
        try:
            message = jsonrpc.parse(self._open(data))
            self._check_crossing(data, message)
        except SealError as error:
            log.warning("a frame from %s was refused: %s", self._channel.address, error)
            self.close(CloseCode.POLICY, "A message could not be verified. Connect and pair again.")
        except jsonrpc.MessageError as error:
            self._misunderstood(error)
        else:
            self._connection.message(self._clock.now())
            return message
        return None

    def _open(self, data: str | bytes) -> str | bytes:
        if isinstance(data, str):
            return data
        if self._opener is None:
            raise jsonrpc.MessageError(ErrorCode.PARSE_ERROR, "Before pairing, messages are text frames.")
        plain = self._opener.open(data)
        self.heard_sealed = True
        return plain

    def _check_crossing(self, data: str | bytes, message: jsonrpc.Message) -> None:
        """Refuse text after pairing. A ping says nothing worth sealing, and may have crossed our last text."""
        if not self.sealed or isinstance(data, bytes):
            return
        if self.heard_sealed or not (message.is_response or message.method == "ddp.ping"):
            raise jsonrpc.MessageError(ErrorCode.PARSE_ERROR, "After pairing, every message is a sealed binary frame.")

    def _misunderstood(self, error: jsonrpc.MessageError) -> None:
        if error.code is ErrorCode.PARSE_ERROR or self._connection.state == "connecting":
            self.close(CloseCode.BROKEN, error.advice)
        else:
            self.send(jsonrpc.failure(error.id, error))

    def send(self, message: bytes) -> None:
        """Queue one of ``jsonrpc``'s messages; dropped unless the connection is up."""
        try:
            self._connection.check_write()
        except ConnectionStateError as error:
            log.debug("a message to %s was dropped: %s", self._channel.address, error)
            return
        self._channel.send(self._sealer.seal(message) if self._sealer else message.decode())

    def close(self, code: CloseCode, reason: str) -> None:
        """End the connection; ``reason`` is a sentence for a person."""
        if self._connection.state in ("connecting", "connected"):
            self._connection.close()
            self._channel.close(code, reason)
