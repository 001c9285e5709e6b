"""Access tokens: JWT ES256, ``typ: at+jwt`` (RFC 9068, DDP.md section 4). Pure but for ids."""

import secrets
from typing import Annotated

import jwt
import msgspec

from receiver.errors import PeerError
from receiver.trust.encoding import printable
from receiver.trust.identity import Identity, PublicIdentity

LIFE_S = 600
MAX_TOKEN = 4096
TYPE = "at+jwt"
_ALGORITHM = "ES256"

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class BadToken(PeerError):
    """A token that does not prove what it should."""


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``cnf``: the thumbprint of the key that the token is bound to (RFC 9449 section 6)."""

    jkt: Text


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a token says. ``exp`` and ``iat``: seconds of wall time; ``sub``: the sender's thumbprint."""

    iss: Text
    sub: Text
    aud: Text
    exp: int
    iat: int
    jti: Text
    scope: Text
    cnf: Confirmation


def new_id() -> str:
    """A token's id that no other has."""
    return secrets.token_hex(16)


def issue(identity: Identity, display_id: str, sender: PublicIdentity, jti: str, scope: str, now_s: int) -> str:
    """A token of ``LIFE_S`` seconds for ``sender``, by and for ``display_id``; ``scope``: words parted by spaces."""
    claims = Claims(
        iss=display_id,
        sub=sender.fingerprint,
        aud=display_id,
        exp=now_s + LIFE_S,
        iat=now_s,
        jti=jti,
        scope=scope,
        cnf=Confirmation(sender.fingerprint),
    )
    return jwt.encode(msgspec.to_builtins(claims), identity.key, _ALGORITHM, headers={"typ": TYPE})


def verify(token: str, issuer: PublicIdentity, display_id: str, now_s: int) -> Claims:
    """The claims of a token that ``issuer`` made for ``display_id`` and that is valid now. Raises BadToken.

    The key is ours and the algorithm is named: nothing in the token chooses either. Binding the caller to
    ``cnf.jkt`` is the caller's proof to give (DPoP).
    """
    if len(token) > MAX_TOKEN:
        raise BadToken(f"a token of {len(token)} characters; at most {MAX_TOKEN} are read")
    unchecked = {
        "verify_exp": False,
        "verify_iat": False,
        "verify_nbf": False,
        "verify_aud": False,
        "verify_iss": False,
    }
    try:
        decoded = jwt.decode_complete(token, issuer.key, algorithms=[_ALGORITHM], options=unchecked)  # type: ignore[arg-type]
        if decoded["header"].get("typ") != TYPE:
            raise BadToken(f"the token's typ is not {TYPE}")
        claims = msgspec.convert(decoded["payload"], Claims)
    except (jwt.PyJWTError, msgspec.ValidationError, ValueError, RecursionError) as error:
        raise BadToken(f"the token can't be accepted: {printable(error)}") from error
    if claims.iss != display_id or claims.aud != display_id:
        raise BadToken("the token is for another display")
    if claims.sub != claims.cnf.jkt:
        raise BadToken("the token's subject is not the key that it is bound to")
    if not claims.iat <= now_s < claims.exp:
        raise BadToken("the token has expired; pair again")
    return claims
