"""Compression of what everybody may read: the pages and the display's description.

Only that. Where an answer holds a secret beside text that somebody else chose, its compressed length tells of the
secret (BREACH): so the API's and the console's answers, which hold names that senders give themselves, go as they are.
"""

from brotli_asgi import BrotliMiddleware
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MIN_BYTES = 500
"""Below this it gains nothing."""
CODINGS = ("br", "gzip")
"""In our order of preference."""


def chosen(accept: str) -> str | None:
    """The content coding for an ``Accept-Encoding`` (RFC 9110 section 12.5.3), None for none at all. Pure.

    By weight, then by our own preference. What can't be read is not accepted.
    """
    weights: dict[str, float] = {}
    for item in accept.lower().split(",")[:16]:
        name, _, weight = item.partition(";")
        weights[name.strip()] = _weight(weight.replace(" ", ""))
    offered = {coding: weights.get(coding, weights.get("*", 0.0)) for coding in CODINGS}
    best = max(CODINGS, key=lambda coding: offered[coding])
    return best if offered[best] > 0 else None


def _weight(text: str) -> float:
    if not text:
        return 1.0
    try:
        weight = float(text.removeprefix("q="))
    except ValueError:
        return 0.0
    return weight if text.startswith("q=") and 0 <= weight <= 1 else 0.0


class Compression:
    """Wraps an ASGI application whose answers hold no secret."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._by_coding: dict[str, ASGIApp] = {
            "br": BrotliMiddleware(app, minimum_size=MIN_BYTES, gzip_fallback=False),
            "gzip": GZipMiddleware(app, minimum_size=MIN_BYTES, compresslevel=6),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._plain(scope, receive, send)
            return
        headers = Headers(scope=scope)
        # A range is of the bytes as they lie on the disk; HEAD has none to compress.
        whole = scope["method"] == "GET" and "range" not in headers
        coding = chosen(headers.get("accept-encoding", "")) if whole else None
        if coding is None:
            await self._plain(scope, receive, _varying(send))
            return
        # The two look for their names anywhere in the header, so they get one that names just the coding chosen.
        others = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        only = {**scope, "headers": [*others, (b"accept-encoding", coding.encode())]}
        await self._by_coding[coding](only, receive, _varying(send))


def _varying(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if "accept-encoding" not in headers.get("vary", "").lower():
                headers.add_vary_header("Accept-Encoding")
        await send(message)

    return sending
