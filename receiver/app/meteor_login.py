"""How a Meteor client proves who it is: a token of ours, and the key that the token is bound to (DDP.md section 11)."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from receiver.app.desk import FrontDesk
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.errors import PeerError
from receiver.trust import tokens
from receiver.trust.encoding import b64decode, lv
from receiver.trust.identity import SIGNATURE_BYTES, PublicIdentity, parse_jwk

CONTEXT = "DDP-meteor/1 login"

Certificate = Callable[[], bytes]


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``resume``: the token; ``jwk``: the public key that it is bound to; ``proof``: that key's signature."""

    resume: Annotated[str, msgspec.Meta(max_length=tokens.MAX_TOKEN)]
    jwk: dict[str, Any]
    proof: Annotated[str, msgspec.Meta(max_length=128)]


def login_text(session: str, certificate: bytes, token: str) -> bytes:
    """What ``proof`` signs.

    ``session``: as ``connected`` gave it, so that a proof is good once. ``certificate``: SHA-256 of the display's
    HTTPS certificate as the client met it, so that nobody in between can pass the proof on.
    """
    return lv(CONTEXT, session, certificate, token)


def check_login(
    desk: FrontDesk, params: list[object], session: str, certificate: bytes
) -> tuple[PublicIdentity, tokens.Claims]:
    """Who logs in, and the token's claims; ``params``: what ``login`` was given.

    Raises Refusal with −32602 or −32001.
    """
    try:
        (login,) = msgspec.convert(params, tuple[Login])
    except msgspec.ValidationError as error:
        raise Refusal(ErrorCode.INVALID_PARAMS, f"login takes {{resume, jwk, proof}}: {error}") from error
    try:
        key = parse_jwk(login.jwk)
        proof = b64decode(login.proof, SIGNATURE_BYTES, "proof")
        claims = tokens.verify(login.resume, desk.display.identity.public, desk.display.id, desk.wall_s)
    except PeerError as error:
        raise Refusal(ErrorCode.UNAUTHENTICATED, f"The login is not accepted: {error}.") from error
    bound = claims.cnf.jkt == key.fingerprint and key.verify(proof, login_text(session, certificate, login.resume))
    if not bound or not desk.knows(key):
        advice = "The login does not prove the key that the token is bound to, or the device is no longer known."
        raise Refusal(ErrorCode.UNAUTHENTICATED, f"{advice} Pair again, and sign as DDP.md section 11 says.")
    return key, claims
