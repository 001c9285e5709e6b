"""HTTP requests of paired native clients: ``/api`` (DDP.md section 13)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from receiver.ddp.bodies import MAX_BODY, BodyRefused, too_big
from receiver.ddp.codes import ErrorCode, Refusal

PREFIX = "/api/"
SIGNED = ("x-session-id", "x-nonce", "x-auth", "authorization", "dpop", "content-encoding")
"""Headers that may come once at most, so that all who read a request read the same."""

STATUS: dict[ErrorCode, int] = {
    ErrorCode.PARSE_ERROR: 400,
    ErrorCode.INVALID_REQUEST: 400,
    ErrorCode.INVALID_PARAMS: 400,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.REPLAY: 401,
    ErrorCode.SESSION_EXPIRED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.METHOD_NOT_FOUND: 404,
    ErrorCode.BUSY: 409,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.INTERNAL_ERROR: 503,
}
"""HTTP's word for a refusal; 400 for all others."""


@dataclass(frozen=True)
class Answer:
    """``body``: JSON; ``headers``: those that sign it."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


Native = Callable[[str, str, str, Mapping[str, str], bytes], Awaitable[Answer]]
"""What the app supplies. It gets the method; the target, path and query as sent; the URL without its query; the
headers by lower-case name; and the body as sent."""


def status_of(refusal: Refusal) -> int:
    return STATUS.get(refusal.code, 400)


def native_route(native: Native) -> Route:
    """Everything under ``/api/``."""

    async def api(request: Request) -> Response:
        try:
            body = await _body(request)
            headers = _headers(request)
        except BodyRefused as error:
            refusal = Refusal(ErrorCode.INVALID_REQUEST, str(error))
            return JSONResponse({"error": refusal.as_error()}, error.status)
        path = request.scope["raw_path"].decode("latin-1")
        query = request.scope["query_string"].decode("latin-1")
        url = f"{request.scope['scheme']}://{headers.get('host', '')}{path}"
        answer = await native(request.method, f"{path}?{query}" if query else path, url, headers, body)
        response = Response(answer.body, answer.status, answer.headers, "application/json")
        if answer.status == 401:
            response.headers["WWW-Authenticate"] = 'DPoP algs="ES256"'
        return response

    return Route(PREFIX + "{path:path}", api, methods=["GET", "POST"])


async def _body(request: Request) -> bytes:
    """Raises BodyRefused as soon as there is too much of it."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise too_big()
    return bytes(body)


def _headers(request: Request) -> dict[str, str]:
    for name in SIGNED:
        if len(request.headers.getlist(name)) > 1:
            raise BodyRefused(400, f"The header {name} comes more than once.")
    return dict(request.headers.items())
