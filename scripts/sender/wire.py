"""The WebSocket to a display (DDP.md section 2), and what both ends can do (section 1)."""

import json
import ssl
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from receiver.ddp.capabilities import parse_capability
from receiver.ddp.codes import Refusal
from receiver.ddp.negotiation import Negotiation
from scripts.sender.errors import Closed, NotFound, Refused

SUBPROTOCOL = "ddp.v2+json"
CAPABILITY = (
    'ddp=2.1, transport=(ws), display=(mirror), codecs=("H264" "VP8"), pair=(cpace), back=(key pointer wheel touch)'
)
OPEN_S = 5.0
MAX_FRAME = 64 * 1024


class Wire(Protocol):
    """A WebSocket, whatever carries it."""

    async def send(self, message: str | bytes) -> None: ...

    async def receive(self) -> str | bytes:
        """The next message. Raises Closed."""

    async def close(self) -> None: ...


def trusting() -> ssl.SSLContext:
    """TLS without checking the certificate.

    It is self-signed, and nothing rests on it: pairing proves the display and keys the sealed frames, which carry the
    media's certificate. A stranger in between learns that somebody casts, and can cut the line.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class WebSocketWire:
    """Over HTTP/1.1, by the websockets library."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket

    @classmethod
    async def connect(cls, url: str, tls: ssl.SSLContext | None = None, **options: Any) -> "WebSocketWire":
        """Open it; ``options`` go to the library. Its errors come as they are."""
        kept: dict[str, Any] = {"subprotocols": [SUBPROTOCOL], "proxy": None, "max_size": MAX_FRAME}
        return cls(await connect(url, ssl=tls, **(kept | options)))

    async def send(self, message: str | bytes) -> None:
        try:
            await self._websocket.send(message)
        except ConnectionClosed as error:
            raise self._closed() from error

    async def receive(self) -> str | bytes:
        try:
            return await self._websocket.recv()
        except ConnectionClosed as error:
            raise self._closed() from error

    def _closed(self) -> Closed:
        return Closed(self._websocket.close_code or 1006, self._websocket.close_reason or "")

    def agree(self) -> None:
        """Check what the handshake's answer says that both can do; a display may leave it to ``ddp.hello``.

        Raises Refused.
        """
        answer = self._websocket.response
        offered = answer.headers.get("capability") if answer else None
        try:
            if offered is not None:
                Negotiation(parse_capability(CAPABILITY)).settle(offered)
        except Refusal as refusal:
            raise Refused(int(refusal.code), str(refusal), {"advice": refusal.advice}) from refusal

    async def close(self) -> None:
        await self._websocket.close()


async def reach(url: str) -> WebSocketWire:
    """The WebSocket at ``url``; a port that speaks no TLS is spoken to without. Raises NotFound, Refused."""
    secure = url.startswith("wss:")
    try:
        # Sealed frames don't compress, and what goes before them is short.
        options = {"compression": None, "open_timeout": OPEN_S, "additional_headers": {"Capability": CAPABILITY}}
        wire = await WebSocketWire.connect(url, trusting() if secure else None, **options)
    except ssl.SSLError:
        return await reach(f"ws:{url.removeprefix('wss:')}")
    except InvalidStatus as error:
        raise _refused(error, url) from error
    except InvalidURI as error:
        raise NotFound(f"{url} is no address of a display.") from error
    except (InvalidHandshake, EOFError) as error:
        raise NotFound(f"What answers at {url} is not a display, or refuses us: {error}") from error
    except (OSError, TimeoutError) as error:
        why = str(error) or "no answer"
        raise NotFound(f"The display at {url} can't be reached ({why}). Is it on, and on the same network?") from error
    try:
        wire.agree()
    except Refused:
        await wire.close()
        raise
    return wire


def _refused(error: InvalidStatus, url: str) -> Refused | NotFound:
    """The display's own words where it refused the handshake as one, or that it is none."""
    try:
        told = json.loads(error.response.body or b"")
        return Refused(int(told["code"]), str(told["message"]), told.get("data"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return NotFound(f"What answers at {url} is not a display, or refuses us: {error}")
