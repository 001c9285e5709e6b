"""The routes of ``/whip`` (RFC 9725): the shell around ``whip``. Nothing is read of a body before its key is good."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from receiver.ddp import whip
from receiver.ddp.guard import address_of
from receiver.ddp.whip import Problem, Resource


class Caller(NamedTuple):
    """Who asks. ``address``: its IP address; ``origin``: of the page that asks, where it is one."""

    address: str
    secure: bool
    origin: str
    authorization: tuple[str, ...]


class Made(NamedTuple):
    """A session that has begun. ``etag``: in quotes."""

    resource: str
    etag: str
    answer: str


class Whip(Protocol):
    """What the app supplies; every method raises Problem. ``key``: as ``authorise`` gave it."""

    def authorise(self, caller: Caller) -> str:
        """Whose key it is; no more is done for others."""

    async def offer(self, key: str, sdp: str) -> Made:
        """Begin a session, or give the key's own another path."""

    def trickle(self, key: str, resource: str, if_match: tuple[str, ...], fragment: str) -> None:
        """More of the tool's addresses."""

    async def end(self, key: str, resource: str) -> None:
        """The tool wants no more."""


def whip_routes(desk: Whip) -> list[Route]:
    """``/whip``, and what a ``Location`` points to."""

    def answering(resource: Resource) -> Route:
        path = whip.ENDPOINT if resource == "endpoint" else whip.ENDPOINT + "/{resource}"

        async def answer(request: Request) -> Response:
            try:
                response = await _answer(desk, request, resource)
            except Problem as problem:
                response = Response(problem.body, problem.status, problem.headers, whip.PROBLEM)
            except ClientDisconnect:
                response = Response(status_code=400)
            for name, value in whip.CORS:
                response.headers[name] = value
            return response

        return Route(path, answer, methods=["OPTIONS", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])

    return [answering("endpoint"), answering("session")]


async def _answer(desk: Whip, request: Request, resource: Resource) -> Response:
    if request.method == "OPTIONS":
        return Response(status_code=200, headers=whip.options(resource))
    if request.method not in whip.METHODS[resource]:
        raise whip.not_allowed(resource, request.method)
    key = desk.authorise(_caller(request))
    match request.method:
        case "POST":
            whip.check_type(request.headers.get("content-type"), resource)
            made = await desk.offer(key, whip.read_offer(await _body(request, whip.MAX_OFFER)))
            headers: Mapping[str, str] = {"location": f"{whip.ENDPOINT}/{made.resource}", "etag": made.etag}
            return Response(made.answer, 201, {**headers, "accept-patch": whip.FRAGMENT}, whip.SDP)
        case "PATCH":
            whip.check_type(request.headers.get("content-type"), resource)
            fragment = whip.text_of(await _body(request, whip.MAX_FRAGMENT))
            desk.trickle(key, _named(request), tuple(request.headers.getlist("if-match")), fragment)
            return Response(status_code=204)
        case _:
            await desk.end(key, _named(request))
            return Response(status_code=200)


def _named(request: Request) -> str:
    return str(request.path_params["resource"])


def _caller(request: Request) -> Caller:
    return Caller(
        address_of(request.scope),
        request.scope["scheme"] == "https",
        request.headers.get("origin", ""),
        tuple(request.headers.getlist("authorization")),
    )


async def _body(request: Request, most: int) -> bytes:
    """Raises Problem as soon as there is too much of it."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise whip.too_big(most)
    return bytes(body)
