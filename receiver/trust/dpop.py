"""DPoP: each HTTP request proves that its sender holds the key its token is bound to (RFC 9449). Pure.

The key is the one that the session's sender proved in pairing. The proof repeats it in its header, as the RFC asks;
it is compared there and never used, so nothing in a proof or a token chooses what verifies it.
"""

import hashlib
from typing import Annotated, Any
from urllib.parse import urlsplit

import jwt
import msgspec

from receiver.errors import PeerError
from receiver.trust.encoding import b64encode, printable
from receiver.trust.identity import PublicIdentity, parse_jwk

TYPE = "dpop+jwt"
MAX_PROOF = 4096
SKEW_S = 60
"""How far a proof's ``iat`` may lie from now, either way. The token's own ``iat`` tells a sender our clock."""
REMEMBER_S = 2 * SKEW_S + 1
"""A proof is good no longer than this after it was first seen, so its ``jti`` must be remembered as long."""

_ALGORITHM = "ES256"
_PORTS = {"http": 80, "https": 443}
_UNCHECKED = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False, "verify_iss": False}

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Url = Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]


class BadProof(PeerError):
    """A DPoP proof that does not prove this request."""


class Claims(msgspec.Struct, frozen=True):
    """What a proof says (RFC 9449 section 4.2); claims beyond these are allowed and not read."""

    jti: Text
    htm: Text
    htu: Url
    iat: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
    ath: Text


def verify(proof: str, key: PublicIdentity, token: str, method: str, url: str, now_s: int) -> str:
    """The ``jti`` of a proof that ``key`` made for this request; the caller sees to it that it is used once.

    ``url``: scheme, host and path that were asked for; ``now_s``: wall time in seconds. Raises BadProof.
    """
    if len(proof) > MAX_PROOF:
        raise BadProof(f"the DPoP proof has {len(proof)} characters; at most {MAX_PROOF} are read")
    try:
        decoded = jwt.decode_complete(proof, key.key, algorithms=[_ALGORITHM], options=_UNCHECKED)  # type: ignore[arg-type]
        _check_header(decoded["header"], key)
        claims = msgspec.convert(decoded["payload"], Claims)
    except BadProof:
        raise
    except (jwt.PyJWTError, msgspec.ValidationError, PeerError, ValueError, RecursionError) as error:
        raise BadProof(f"the DPoP proof can't be accepted: {printable(error)}") from error
    if claims.htm != method:
        raise BadProof(f"the DPoP proof's htm is not {method}, the method of this request")
    if _plain(claims.htu) != _plain(url):
        raise BadProof(f"the DPoP proof's htu is not {url}")
    if claims.ath != b64encode(hashlib.sha256(token.encode()).digest()):
        raise BadProof("the DPoP proof's ath is not the hash of the token")
    off = claims.iat - now_s
    if abs(off) > SKEW_S:
        early = "before" if off < 0 else "after"
        raise BadProof(
            f"the DPoP proof's iat lies {abs(off)} seconds {early} the display's clock, whose time is {now_s}"
        )
    return claims.jti


def _check_header(header: dict[str, Any], key: PublicIdentity) -> None:
    if header.get("typ") != TYPE:
        raise BadProof(f"the DPoP proof's typ is not {TYPE}")
    jwk = header.get("jwk")
    if not isinstance(jwk, dict) or parse_jwk(jwk).fingerprint != key.fingerprint:
        raise BadProof("the DPoP proof's jwk is not the key that the token is bound to")


def _plain(url: str) -> tuple[str, str, int | None, str]:
    """What must agree of two URLs, without query and fragment (RFC 9449 section 4.3, RFC 3986 section 6.2)."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError as error:
        raise BadProof("the DPoP proof's htu is not a URL") from error
    return parts.scheme, parts.hostname or "", port, parts.path or "/"
