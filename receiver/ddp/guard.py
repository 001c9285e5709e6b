"""The ASGI layer that every request passes first: Host, Origin, limits and headers."""

import asyncio
import contextlib
import ipaddress
from collections import Counter
from collections.abc import Callable, Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from receiver.ddp.gone import GONE
from receiver.ddp.origin import ForeignHost, ForeignOrigin, check_request, security_headers
from receiver.ddp.whip import ENDPOINT

MAX_REQUESTS = 128
MAX_REQUESTS_PER_ADDRESS = 32
REQUEST_S = 10.0

AllowedHosts = Callable[[], Collection[str]]


def address_of(scope: Scope) -> str:
    """The peer's IP address, or an empty string where there is none (a Unix socket)."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def own_address(scope: Scope) -> tuple[str, ...]:
    """The IP address at which this connection has reached us, where it is one."""
    server = scope.get("server")
    try:
        ip = ipaddress.ip_address(str(server[0]).partition("%")[0] if server else "")
    except ValueError:
        return ()
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (str(mapped or ip),)


def is_loopback(address: str) -> bool:
    """Whether ``address`` is this machine's own, also where IPv6 maps it."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback


class Guard:
    """Wraps ``app``. ``allowed_hosts`` gives our names and addresses as they are now.

    The address at which a connection has reached us is ours, too, though we may not have heard of it yet: after an
    outage senders are back before the news. No page elsewhere can point a name at us by it (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, allowed_hosts: AllowedHosts) -> None:
        self._app = app
        self._allowed_hosts = allowed_hosts
        self._running: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        with contextlib.suppress(*GONE):
            await self._admit(scope, receive, send)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        secure = scope["scheme"] in ("https", "wss")
        try:
            hosts = (*self._allowed_hosts(), *own_address(scope))
            check_request(host, _origin(scope, headers), "https" if secure else "http", hosts)
        except ForeignHost as error:
            await refuse(scope, receive, send, 421, str(error))
        except ForeignOrigin as error:
            await refuse(scope, receive, send, 403, str(error))
        else:
            await self._pass(scope, receive, _with_headers(send, host))

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        address = address_of(scope)
        if self._running.total() >= MAX_REQUESTS or self._running[address] >= MAX_REQUESTS_PER_ADDRESS:
            await refuse(scope, receive, send, 503, "Too many requests at once. Try again in a moment.")
            return
        self._running[address] += 1
        try:
            async with asyncio.timeout(REQUEST_S):
                await self._app(scope, receive, send)
        except TimeoutError:
            return  # the client does not take its answer; the server closes the connection
        finally:
            self._running[address] -= 1
            if not self._running[address]:
                del self._running[address]


def _origin(scope: Scope, headers: Headers) -> str | None:
    """WHIP is for any site's page, which has nothing of ours to use there but a key that it was given."""
    path = str(scope["path"])
    if scope["type"] == "http" and (path == ENDPOINT or path.startswith(ENDPOINT + "/")):
        return None
    return headers.get("origin")


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    """Answer with a sentence; a WebSocket handshake gets it as an HTTP response."""
    response = PlainTextResponse(sentence + "\n", status, {"cache-control": "no-store"})
    await response(scope, receive, send)


def _with_headers(send: Send, host: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(scope=message)
            for name, value in security_headers(host):
                headers[name] = value
        await send(message)

    return sending
