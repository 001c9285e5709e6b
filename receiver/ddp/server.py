"""What the box serves: its page, its description, and the DDP WebSocket (DDP.md sections 2 and 10)."""

import mimetypes
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from receiver.ddp.channel import Channel, Connections
from receiver.ddp.codes import CloseCode, Refusal
from receiver.ddp.compression import Compression
from receiver.ddp.console import Console, console_routes
from receiver.ddp.guard import AllowedHosts, Guard, address_of
from receiver.ddp.here import only_here
from receiver.ddp.native import Native, native_route
from receiver.ddp.whip_routes import Whip, whip_routes
from receiver.errors import ReceiverError

SUBPROTOCOL = "ddp.v2+json"

TV = "What the TV shows"
"""For its own machine: on the network it would show everybody what one person shares."""

# The machine's own table may be missing or wrong, and browsers run modules only under the right type.
for _type, _suffix in (("text/javascript", ".js"), ("image/svg+xml", ".svg"), ("text/css", ".css")):
    mimetypes.add_type(_type, _suffix)


@dataclass(frozen=True)
class Site:
    """What the app supplies.

    ``web``: the folder of static files. ``allowed_hosts``: names and addresses of this machine, without ports.
    ``handler``: runs one DDP WebSocket; ``meteor``: one of a Meteor client. ``negotiate``: our answer to a Capability
    header, or Refusal. ``describe``: the body of ``/.well-known/ddp``. ``device_xml``: the UPnP description.
    ``snapshot``: what the TV shows, as JPEG.
    ``console``: what answers the page at ``/console``, if there is to be one; ``native`` and ``whip``: likewise what
    answers ``/api`` and ``/whip``.
    """

    web: Path
    allowed_hosts: AllowedHosts
    handler: Callable[[Channel], Awaitable[None]]
    meteor: Callable[[Channel], Awaitable[None]]
    negotiate: Callable[[str], str]
    describe: Callable[[], dict[str, object]]
    device_xml: Callable[[], bytes]
    snapshot: Callable[[], Awaitable[bytes]]
    console: Console | None = None
    native: Native | None = None
    whip: Whip | None = None


def build_app(site: Site, connections: Connections) -> ASGIApp:
    """The ASGI application. ``connections`` holds its WebSockets, to count and to close them."""

    async def ddp(websocket: WebSocket) -> None:
        if SUBPROTOCOL not in websocket.scope["subprotocols"]:
            sentence = f"Offer the WebSocket subprotocol {SUBPROTOCOL}.\n"
            await websocket.send_denial_response(PlainTextResponse(sentence, 400))
            return
        headers: list[tuple[bytes, bytes]] = []
        capability = websocket.headers.get("capability")
        if capability is not None:
            try:
                headers.append((b"capability", site.negotiate(capability).encode("ascii")))
            except Refusal as refusal:
                await websocket.send_denial_response(JSONResponse(refusal.as_error(), 400))
                return
        await websocket.accept(SUBPROTOCOL, headers)
        await serve(websocket, site.handler)

    async def meteor(websocket: WebSocket) -> None:
        await websocket.accept()
        await serve(websocket, site.meteor)

    async def serve(websocket: WebSocket, handler: Callable[[Channel], Awaitable[None]]) -> None:
        channel = Channel(websocket, address_of(websocket.scope))
        refused = connections.refusal(channel.address)
        if refused is not None:
            channel.close(CloseCode.TRY_LATER, refused)
            await channel.finish()
            return
        connections.add(channel)
        try:
            await handler(channel)
        finally:
            await channel.finish()
            connections.remove(channel)

    async def well_known(request: Request) -> Response:
        return JSONResponse(site.describe())

    async def device(request: Request) -> Response:
        return Response(site.device_xml(), media_type="text/xml; charset=utf-8")

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def tv(request: Request) -> Response:
        return only_here(request, TV) or FileResponse(site.web / "tv.html")

    async def snapshot(request: Request) -> Response:
        refused = only_here(request, TV)
        if refused is not None:
            return refused
        try:
            return Response(await site.snapshot(), media_type="image/jpeg")
        except ReceiverError as error:
            return PlainTextResponse(f"{error}\n", 503)

    public = [Middleware(Compression)]
    routes = [
        WebSocketRoute("/", ddp),
        WebSocketRoute("/websocket", meteor),
        Route("/.well-known/ddp", well_known, middleware=public),
        Route("/device.xml", device, middleware=public),
        Route("/healthz", health),
        Route("/tv", tv),
        Route("/tv/snapshot.jpg", snapshot),
        *(console_routes(site.console, site.web) if site.console else ()),
        *((native_route(site.native),) if site.native else ()),
        *(whip_routes(site.whip) if site.whip else ()),
        Mount("/", StaticFiles(directory=site.web, html=True), middleware=public),
    ]
    return Guard(Starlette(routes=routes), site.allowed_hosts)
