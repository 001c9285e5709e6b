"""The console's routes: a page for the person at the machine, and the commands that it gives.

A command is taken over loopback only, under our own Host and Origin (``Guard``), and with a header and a content type
that no page of another site can send without asking first (CORS), which nothing here answers.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from receiver.ddp import strict_json
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.commands.table import forms
from receiver.ddp.here import only_here
from receiver.errors import PeerError, ReceiverError

SUBJECT = "The console"
HEADER = "x-ddp-console"
MAX_BODY = 64 * 1024


@dataclass(frozen=True)
class Console:
    """What the app supplies. ``status``: JSON-ready facts. ``run``: verb and parameters to the result; ``keys``:
    likewise for stream keys. Both raise PeerError, ReceiverError."""

    status: Callable[[], dict[str, object]]
    run: Callable[[str, dict[str, Any]], Awaitable[dict[str, object]]]
    keys: Callable[[str, dict[str, Any]], dict[str, object]]


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a command."""

    verb: str
    params: dict[str, Any] = {}


def console_routes(console: Console, web: Path) -> list[Route]:
    """The page at ``/console`` and what it fetches."""

    async def page(request: Request) -> Response:
        return only_here(request, SUBJECT) or FileResponse(web / "console.html")

    async def commands(request: Request) -> Response:
        return only_here(request, SUBJECT) or JSONResponse(forms())

    async def status(request: Request) -> Response:
        return only_here(request, SUBJECT) or JSONResponse(console.status())

    async def command(request: Request) -> Response:
        return await answer(request, console.run)

    async def keys(request: Request) -> Response:
        async def asked(verb: str, params: dict[str, Any]) -> dict[str, object]:
            return console.keys(verb, params)

        return await answer(request, asked)

    async def answer(request: Request, do: Callable[[str, dict[str, Any]], Awaitable[dict[str, object]]]) -> Response:
        refused = only_here(request, SUBJECT)
        if refused is not None:
            return refused
        try:
            order = await _order(request)
            return JSONResponse({"result": await do(order.verb, order.params)})
        except Refusal as refusal:
            return _error(400, refusal)
        except PeerError as error:
            return _error(400, Refusal(ErrorCode.INVALID_PARAMS, str(error)))
        except ReceiverError as error:
            return _error(503, Refusal(ErrorCode.INTERNAL_ERROR, str(error)))

    return [
        Route("/console", page),
        Route("/console/commands.json", commands),
        Route("/console/status.json", status),
        Route("/console/command", command, methods=["POST"]),
        Route("/console/keys", keys, methods=["POST"]),
    ]


def _error(status: int, refusal: Refusal) -> Response:
    return JSONResponse({"error": refusal.as_error()}, status)


async def _order(request: Request) -> Order:
    """Raises Refusal, BadJson."""
    if request.headers.get("content-type") != "application/json" or HEADER not in request.headers:
        raise Refusal(ErrorCode.INVALID_REQUEST, f"Send application/json with the header {HEADER}.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise Refusal(ErrorCode.INVALID_REQUEST, f"A command has at most {MAX_BODY} bytes.")
    try:
        return msgspec.convert(strict_json.decode(bytes(body)), Order)
    except msgspec.ValidationError as error:
        raise Refusal(ErrorCode.INVALID_REQUEST, f"The command does not fit: {error}") from error
