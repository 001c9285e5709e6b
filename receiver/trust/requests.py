"""HTTP requests of a live session, authenticated both ways by its keys (DDP.md sections 2, 4 and 13). Pure.

A request is taken when four things hold, each for what the others can't show: X-Auth (it comes from the session's
other end, and nobody has altered it), the token (the display lets that device do this now), the DPoP proof (the
device's own key asks, and just now), and a nonce and a jti that are new (nobody sends it a second time).
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from receiver.errors import PeerError
from receiver.trust import dpop, tokens
from receiver.trust.encoding import b64decode, b64encode, lv
from receiver.trust.identity import PublicIdentity
from receiver.trust.keys import KeySchedule
from receiver.trust.replay import ReplayCache

SESSION_BYTES = 16
NONCE_BYTES = 16
MAC_BYTES = 32
WINDOW_NS = dpop.REMEMBER_S * 1_000_000_000
"""A request that is older fails by its proof's ``iat``, so its nonce need not be remembered any longer."""


class NotAuthentic(PeerError):
    """A request that does not prove where it comes from."""


class NotAllowed(PeerError):
    """An authentic request whose token or proof does not hold."""


@dataclass(frozen=True)
class Asked:
    """A request as it came. ``target``: path and query as sent; ``url``: scheme, host and path; ``headers``: by
    lower-case name, ``body``: as sent, so before any content coding is undone."""

    method: str
    target: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """Raises NotAuthentic where it is missing."""
        value = self.headers.get(name.lower(), "")
        if not value:
            raise NotAuthentic(f"the header {name} is missing")
        return value

    def binary(self, name: str, length: int) -> bytes:
        """Raises NotAuthentic, EncodingError."""
        return b64decode(self.header(name), length, name)


def session_of(asked: Asked) -> str:
    """The id of the session that the request names, as text. Raises NotAuthentic, EncodingError."""
    return b64encode(asked.binary("X-Session-ID", SESSION_BYTES))


def request_mac(key: bytes, asked: Asked, session: bytes, nonce: bytes) -> bytes:
    """X-Auth of a request, 32 bytes; ``key``: "auth c2s"."""
    digest = hashlib.sha256(asked.body).digest()
    return hmac.digest(key, lv(asked.method, asked.target, session, nonce, digest), "sha256")


def answer_mac(key: bytes, status: int, session: bytes, nonce: bytes, own_nonce: bytes, body: bytes) -> bytes:
    """X-Auth of an answer, 32 bytes; ``key``: "auth s2c"; ``nonce``: the request's; ``status``: in decimal digits."""
    digest = hashlib.sha256(body).digest()
    return hmac.digest(key, lv(str(status), session, nonce, own_nonce, digest), "sha256")


class RequestKeys:
    """What one session's requests are checked and answered with, until its next resume."""

    def __init__(
        self,
        keys: KeySchedule,
        jti: str,
        sender: PublicIdentity,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._c2s, self._s2c = keys.key("auth c2s", jti), keys.key("auth s2c", jti)
        self._session = keys.session
        self._sender = sender
        self._entropy = entropy
        self._seen = ReplayCache(WINDOW_NS)

    def authenticate(self, asked: Asked) -> bytes:
        """The nonce of a request that comes from the session's sender. Raises NotAuthentic, EncodingError."""
        nonce, mac = asked.binary("X-Nonce", NONCE_BYTES), asked.binary("X-Auth", MAC_BYTES)
        if not hmac.compare_digest(mac, request_mac(self._c2s, asked, self._session, nonce)):
            raise NotAuthentic("X-Auth does not fit the request: it was altered, or made with another session's keys")
        return nonce

    def permit(
        self, asked: Asked, nonce: bytes, display: PublicIdentity, display_id: str, now_s: int, now: int
    ) -> tokens.Claims:
        """What the token of an authentic request says, where the request is new and proven.

        ``now_s``: wall time; ``now``: monotonic ns. Raises NotAllowed, SeenBefore, RateLimited.
        """
        self._seen.check("X-Nonce", nonce, now)
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        proof = asked.headers.get("dpop", "")
        if scheme.lower() != "dpop" or not token or not proof:
            raise NotAllowed("a request needs the headers Authorization: DPoP TOKEN, and DPoP with a proof")
        try:
            claims = tokens.verify(token, display, display_id, now_s)
            if claims.cnf.jkt != self._sender.fingerprint:
                raise NotAllowed("the token is another device's")
            jti = dpop.verify(proof, self._sender, token, asked.method, asked.url, now_s)
        except (tokens.BadToken, dpop.BadProof) as error:
            raise NotAllowed(str(error)) from error
        self._seen.check("DPoP jti", jti, now)
        return claims

    def sign(self, status: int, nonce: bytes, body: bytes) -> dict[str, str]:
        """The headers of the answer to the request with that ``nonce``."""
        own = self._entropy(NONCE_BYTES)
        mac = answer_mac(self._s2c, status, self._session, nonce, own, body)
        return {"X-Session-ID": b64encode(self._session), "X-Nonce": b64encode(own), "X-Auth": b64encode(mac)}
