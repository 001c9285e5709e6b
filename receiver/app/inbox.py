"""What a session's sender asks for, answered one after the other in the order in which it came."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from receiver.app.line import Line
from receiver.ddp import jsonrpc
from receiver.ddp.codes import ErrorCode, Refusal, as_refusal
from receiver.ddp.messages import Method
from receiver.errors import PeerError, ReceiverError

BEFORE = frozenset(
    {"ddp.hello", "pair.start", "pair.share", "pair.confirm", "auth.start", "auth.confirm", "ddp.resume"}
)
MAX_WAITING = 64
"""Messages read and not yet answered; while there are so many, no more are read."""

log = logging.getLogger(__name__)


class Inbox:
    """Answers by ``methods`` over ``line``; ``used`` is called where a message shows that somebody uses the session."""

    def __init__(
        self, session_id: str, sender_name: str, line: Line, methods: Mapping[str, Method], used: Callable[[], None]
    ) -> None:
        self._session_id = session_id
        self._sender_name = sender_name
        self._line = line
        self._methods = methods
        self._used = used
        self._waiting: asyncio.Queue[jsonrpc.Message | None] = asyncio.Queue(MAX_WAITING)
        self._closed = False

    async def put(self, message: jsonrpc.Message) -> None:
        """Answer that, too; waits while too many others wait for their answers."""
        if not self._closed:
            await self._waiting.put(message)

    def close(self) -> None:
        """Answer nothing more; ``run`` returns once the answer under way is given."""
        self._closed = True
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    async def run(self) -> None:
        """Answer until ``close``."""
        while not self._closed and (message := await self._waiting.get()) is not None:
            await self._answer(message)

    async def _answer(self, message: jsonrpc.Message) -> None:
        if message.method != "ddp.ping":
            self._used()
        try:
            result = await self._call(message)
        except PeerError as error:
            refusal = as_refusal(error)
            log.debug("refused %s of %s: %s", message.method, self._sender_name, refusal)
        except ReceiverError as error:
            refusal = Refusal(ErrorCode.INTERNAL_ERROR, str(error))
            log.error("%s failed: %s", message.method, error)
        else:
            if message.request_id is not None:
                self._line.send(jsonrpc.result(message.request_id, result), answers=message.mid)
            return
        if message.request_id is not None:
            self._line.send(jsonrpc.failure(message.request_id, refusal), answers=message.mid)

    async def _call(self, message: jsonrpc.Message) -> object:
        method = str(message.method)
        if method in BEFORE:
            raise Refusal(ErrorCode.INVALID_REQUEST, f"{method} is not possible while the session is paired.")
        if method not in self._methods:
            raise Refusal(
                ErrorCode.METHOD_NOT_FOUND, f"This display has no method {method}. Update the older of the two."
            )
        if message.ddp_session_id is None:
            raise Refusal(ErrorCode.INVALID_REQUEST, "ddp_session_id is missing; every message after ddp.hello has it.")
        if message.ddp_session_id != self._session_id:
            raise Refusal(ErrorCode.SESSION_EXPIRED, "That session is not this connection's. Connect again.")
        return await self._methods[method](message.params)
