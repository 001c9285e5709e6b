"""WHIP (RFC 9725): what a request must be like, and what is said where it is not. Pure.

    /whip       OPTIONS  200            POST an offer    201 Location, ETag, the answer
    /whip/ID    OPTIONS  200            PATCH candidates 204    DELETE 200

GET, HEAD and PUT are 405 (section 4.2). What is refused is told as problem details (RFC 9457).
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Literal

import msgspec

from receiver.errors import PeerError

ENDPOINT = "/whip"
SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
PROBLEM = "application/problem+json"
MAX_OFFER = 64 * 1024
MAX_FRAGMENT = 16 * 1024

Resource = Literal["endpoint", "session"]

METHODS: dict[Resource, tuple[str, ...]] = {
    "endpoint": ("OPTIONS", "POST"),
    "session": ("OPTIONS", "PATCH", "DELETE"),
}
ACCEPTS: dict[Resource, tuple[str, str]] = {
    "endpoint": ("accept-post", SDP),
    "session": ("accept-patch", FRAGMENT),
}

CORS = (
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "Location, ETag, Accept-Post, Accept-Patch, Retry-After, WWW-Authenticate"),
)
"""Any page may ask: the key comes in a header that no browser adds by itself, so a page has no power but its own."""

_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]{1,128}=*)", re.ASCII)
_ENTITY_TAG = re.compile(r'(W/)?"[\x21\x23-\x7e]{0,64}"', re.ASCII)
_CHALLENGE = 'Bearer realm="WHIP"'


class Problem(PeerError):
    """A request that is refused with ``status``; the text is a sentence for a person."""

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    @property
    def body(self) -> bytes:
        """The problem details (RFC 9457 section 3); its type says no more than the status."""
        title = HTTPStatus(self.status).phrase
        return msgspec.json.encode({"title": title, "status": self.status, "detail": str(self)})


def options(resource: Resource) -> dict[str, str]:
    """The headers of the answer to OPTIONS, a preflight's too."""
    methods = ", ".join(METHODS[resource])
    accept, media_type = ACCEPTS[resource]
    return {
        "allow": methods,
        accept: media_type,
        "access-control-allow-methods": methods,
        "access-control-allow-headers": "Authorization, Content-Type, If-Match",
        "access-control-max-age": "600",
    }


def not_allowed(resource: Resource, method: str) -> Problem:
    methods = METHODS[resource]
    meant = "POST your offer here" if resource == "endpoint" else "PATCH adds candidates, DELETE ends the stream"
    return Problem(405, f"{method[:16]} is not for this address: {meant}.", allow=", ".join(methods))


def bearer(authorization: Sequence[str]) -> str:
    """The key in the one ``Authorization`` header (RFC 6750 section 2.1). Raises Problem."""
    if not authorization:
        raise Problem(
            401,
            "A stream key is missing. Give the tool the one that the display's console made, as its bearer token.",
            www_authenticate=_CHALLENGE,
        )
    match = _BEARER.fullmatch(authorization[0].strip()) if len(authorization) == 1 else None
    if match is None:
        raise Problem(
            401, "The Authorization header is not 'Bearer' and a stream key, once.", www_authenticate=_CHALLENGE
        )
    return match[1]


def wrong_key() -> Problem:
    return Problem(
        401,
        "The stream key is wrong, has expired or was revoked. Make a new one on the display's console.",
        www_authenticate=f'{_CHALLENGE}, error="invalid_token"',
    )


def check_type(content_type: str | None, resource: Resource) -> None:
    """Raises Problem where the body is something else than what the address takes."""
    accept, media_type = ACCEPTS[resource]
    given = (content_type or "").partition(";")[0].strip().lower()
    if given != media_type:
        said = f"not {given[:64]!r}" if given else "and the request does not say what it is"
        headers: Mapping[str, str] = {accept.replace("-", "_"): media_type}
        raise Problem(415, f"The body must be {media_type}, {said}.", **headers)


def too_big(most: int) -> Problem:
    return Problem(413, f"The body is too big; at most {most} bytes are taken.")


def text_of(body: bytes) -> str:
    """The body as text. Raises Problem."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Problem(400, "The body is not UTF-8 text.") from None


def read_offer(body: bytes) -> str:
    """The offer's text, which is not parsed here (that is the intake's, which holds no keys). Raises Problem."""
    text = text_of(body)
    if not text.startswith(("v=0\r\n", "v=0\n")):
        raise Problem(400, "The body is not an SDP offer: it does not begin with the line v=0.")
    return text


def check_match(if_match: Sequence[str], etag: str) -> Literal["trickle", "restart"]:
    """What a PATCH is about: candidates for the session as ``etag`` names it, or another one's (RFC 9725 section
    4.3.2 has ``*`` for an ICE restart). Raises Problem."""
    if not if_match:
        raise Problem(428, "A PATCH needs If-Match with the ETag of the answer, so that it can't meet another session.")
    given = [tag.strip() for value in if_match for tag in value.split(",")]
    if given == ["*"]:
        return "restart"
    if not all(_ENTITY_TAG.fullmatch(tag) for tag in given):
        raise Problem(400, "If-Match is not an entity tag in double quotes.")
    if etag not in given:  # a weak tag never matches (RFC 9110 section 13.1.1)
        raise Problem(412, "This session has another ETag by now: it was begun anew. Send a new offer.", etag=etag)
    return "trickle"
