"""What a session's sender shows to take it up again: tokens, and the keys that only the two sides have."""

from receiver.app.desk import FrontDesk
from receiver.clock import NS
from receiver.ddp import jsonrpc
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.messages import Resume
from receiver.errors import PeerError
from receiver.session.delivery import Delivery
from receiver.session.roles import SCOPES, Role
from receiver.trust import tokens
from receiver.trust.encoding import b64decode
from receiver.trust.identity import SIGNATURE_BYTES
from receiver.trust.pairing import NONCE_BYTES, Paired
from receiver.trust.requests import RequestKeys
from receiver.trust.resumption import Replayed, Request, Resumed, Resumption

RENEW_NS = (tokens.LIFE_S - 120) * NS
"""A token is renewed this long after it was issued, so that the one in hand is always good for a resume."""
REFUSED = "The session can't be resumed. Connect again; no PIN is needed where the display knows this device."


class SessionPass:
    """The tokens and the resume secret of one session; ``requests``: what its HTTP requests are checked with."""

    def __init__(self, desk: FrontDesk, paired: Paired) -> None:
        self._desk = desk
        self._sender = paired.sender
        self._resumption: Resumption | None = Resumption(paired.keys, paired.jti, paired.sender)
        self.requests: RequestKeys | None = RequestKeys(paired.keys, paired.jti, paired.sender)
        self._next_jti = paired.jti
        self._issued: list[str] = []
        self._issued_at = 0

    def issue(self, role: Role) -> dict[str, object]:
        """The fields of ``session.token``. The one before stays good, for the new one may not arrive."""
        display = self._desk.display
        jti, self._next_jti = self._next_jti or tokens.new_id(), ""
        token = tokens.issue(display.identity, display.id, self._sender, jti, " ".join(SCOPES[role]), self._desk.wall_s)
        self._issued = [*self._issued[-1:], jti]
        self._issued_at = self._desk.clock.now()
        return {"token": token, "expires_in_s": tokens.LIFE_S}

    def issued(self, jti: str) -> bool:
        """Whether that is one of the tokens that the session uses now."""
        return jti in self._issued

    def is_old(self, now: int) -> bool:
        """Whether it is time for another token."""
        return now - self._issued_at >= RENEW_NS

    def resume(self, params: Resume, delivery: Delivery[jsonrpc.Message]) -> Resumed:
        """Check the request of a sender that is back. Raises Refusal: one sentence for all that does not fit."""
        nonce = b64decode(params.nonce, NONCE_BYTES, "nonce")
        proof = b64decode(params.proof, SIGNATURE_BYTES, "proof")
        display = self._desk.display
        try:
            if self._resumption is None:
                raise Refusal(ErrorCode.RESUME_REFUSED, REFUSED)
            claims = tokens.verify(params.token, display.identity.public, display.id, self._desk.wall_s)
            if claims.sub != self._sender.fingerprint or not self.issued(claims.jti):
                raise Refusal(ErrorCode.RESUME_REFUSED, REFUSED)
            request = Request(params.last_seq, params.token, nonce)
            resumed = self._resumption.answer(request, proof, delivery.ack or 0)
            delivery.outbox.check(params.last_seq)
        except Replayed as error:
            raise Refusal(ErrorCode.REPLAY, "This request was used before. Ask with a new nonce.") from error
        except PeerError as error:
            raise Refusal(ErrorCode.RESUME_REFUSED, REFUSED) from error
        return resumed

    def adopt(self, resumed: Resumed) -> None:
        """The sender has the new keys, and the old secret is good for nothing any more.

        Raises PeerError where it comes too late. The token that it showed stays good until the one after next: the
        next may not arrive.
        """
        if self._resumption is None:
            raise Refusal(ErrorCode.RESUME_REFUSED, REFUSED)
        self._resumption = self._resumption.after(resumed)
        self.requests = RequestKeys(resumed.keys, resumed.jti, self._sender)
        self._next_jti = resumed.jti

    def clear(self) -> None:
        """The session has ended: forget its secret and its tokens."""
        self._resumption = None
        self.requests = None
        self._issued = []
