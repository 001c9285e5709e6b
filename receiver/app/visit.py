"""One WebSocket, from its first message to its end (DDP.md sections 3 and 10).

A visitor says hello and proves who it is, by a PIN, a QR code or an identity that we know; or it takes up a session
whose connection was lost. From then on its messages are a ``Peer``'s, the session that this connection carries.
"""

import logging
from collections.abc import Callable
from typing import Any

from receiver.app.conversation import Conversation
from receiver.app.desk import FrontDesk
from receiver.app.pairing_desk import PairingDesk
from receiver.app.peer import Peer
from receiver.app.session_pass import REFUSED
from receiver.app.sessions import Sessions
from receiver.app.stagehand import Stagehand
from receiver.ddp import jsonrpc
from receiver.ddp.channel import Channel
from receiver.ddp.codes import SHORT, CloseCode, ErrorCode, Refusal, as_refusal
from receiver.ddp.messages import (
    AuthConfirm,
    AuthStart,
    Bye,
    Hello,
    Nothing,
    PairConfirm,
    PairShare,
    PairStart,
    Resume,
    read,
)
from receiver.errors import PeerError
from receiver.trust.encoding import b64encode
from receiver.trust.keys import KeySchedule
from receiver.trust.pairing import Paired
from receiver.trust.resumption import Resumed
from receiver.trust.seal import Opener, Sealer

AUDITED = frozenset(
    {
        ErrorCode.UNAUTHENTICATED,
        ErrorCode.PAIRING_FAILED,
        ErrorCode.LOCKED,
        ErrorCode.REPLAY,
        ErrorCode.RESUME_REFUSED,
    }
)
"""Refusals that the audit log holds: somebody could not prove who it is."""

log = logging.getLogger(__name__)


class Visit:
    """Runs one WebSocket: call ``run`` and await its end."""

    def __init__(self, desk: FrontDesk, stagehand: Stagehand, sessions: Sessions, channel: Channel) -> None:
        self._desk = desk
        self._stagehand = stagehand
        self._sessions = sessions
        self._address = channel.address
        self._pairing = PairingDesk(desk, channel.address)
        self._talk = Conversation(channel, desk.clock, self._pairing.session)
        self._paired: Paired | None = None
        self._peer: Peer | None = None
        self._returning: tuple[Peer, Resumed] | None = None
        self._methods: dict[str, Callable[[dict[str, Any]], object]] = {
            "ddp.hello": lambda params: self._pairing.hello(read(params, Hello)),
            "ddp.ping": self._ping,
            "ddp.bye": self._bye,
            "pair.start": lambda params: self._pairing.start(read(params, PairStart)),
            "pair.share": lambda params: self._pairing.share(read(params, PairShare)),
            "pair.confirm": lambda params: self._prove(self._pairing.confirm(read(params, PairConfirm))),
            "ddp.resume": lambda params: self._resume(read(params, Resume)),
            "auth.start": lambda params: self._pairing.reunite(read(params, AuthStart)),
            "auth.confirm": lambda params: self._prove(self._pairing.confirm_reunion(read(params, AuthConfirm))),
        }

    async def run(self) -> None:
        """Serve the connection until it ends, then end what it had begun."""
        try:
            await self._talk.run(self._take)
        finally:
            self._pairing.leave()
            if self._peer is not None:
                await self._peer.detach(self._talk)

    async def _take(self, message: jsonrpc.Message) -> None:
        if self._returning is not None and self._talk.heard_sealed:
            (self._peer, resumed), self._returning = self._returning, None
            self._peer.adopt(self._talk, resumed)
        if self._peer is not None:
            await self._peer.take(message)
        elif not message.is_response:
            self._answer(message)

    def _answer(self, message: jsonrpc.Message) -> None:
        try:
            result = self._call(message)
        except PeerError as error:
            refusal = as_refusal(error)
            if message.request_id is not None:
                self._talk.send(jsonrpc.failure(message.request_id, refusal))
            log.debug("refused %s of %s: %s", message.method, self._pairing.sender_name or "a stranger", refusal)
            if refusal.code in AUDITED:
                self._note(str(message.method), refusal)
        else:
            if message.request_id is not None:
                self._talk.send(jsonrpc.result(message.request_id, result))
            if self._paired is not None:
                self._begin(self._paired)
            elif self._returning is not None:
                peer, resumed = self._returning
                self._talk.session = peer.session_id
                self._seal(resumed.keys, resumed.jti)

    def _note(self, method: str, refusal: Refusal) -> None:
        self._desk.record(
            "refused", self._pairing.sender_name, why=SHORT[refusal.code], of=method, address=self._address
        )

    def _call(self, message: jsonrpc.Message) -> object:
        method = str(message.method)
        if method not in self._methods:
            raise Refusal(ErrorCode.UNAUTHENTICATED, "Pair with the display first: ask for a PIN and type it in.")
        named = message.params.get("session") if method == "ddp.resume" else self._pairing.session
        if message.ddp_session_id not in (None, named):
            raise Refusal(ErrorCode.SESSION_EXPIRED, "That session is not this connection's. Connect again.")
        if message.ddp_session_id is None and self._pairing.pairing.state != "new":
            raise Refusal(ErrorCode.INVALID_REQUEST, "ddp_session_id is missing; every message after ddp.hello has it.")
        return self._methods[method](message.params)

    @staticmethod
    def _ping(params: dict[str, Any]) -> object:
        read(params, Nothing)
        return {}

    def _bye(self, params: dict[str, Any]) -> object:
        read(params, Bye)
        self._talk.close(CloseCode.BYE, "Goodbye.")
        return {}

    def _prove(self, paired: Paired) -> object:
        self._paired = paired
        return {"mac": b64encode(paired.mac), "sig": b64encode(paired.sig), "jti": paired.jti}

    def _resume(self, params: Resume) -> object:
        self._pairing.pairing.allows("hello")
        peer = self._sessions.get(params.session)
        if peer is None:
            raise Refusal(ErrorCode.RESUME_REFUSED, REFUSED)
        resumed = peer.resume(params)
        self._returning = peer, resumed
        return {
            "nonce": b64encode(resumed.nonce_r),
            "last_seq": peer.last_seq,
            "jti": resumed.jti,
            "mac": b64encode(resumed.mac),
        }

    def _seal(self, keys: KeySchedule, jti: str) -> None:
        """Our proof is out: all that follows is sealed."""
        self._talk.seal(Opener(keys.key("sig c2s", jti), keys.session), Sealer(keys.key("sig s2c", jti), keys.session))

    def _begin(self, paired: Paired) -> None:
        """The answer that proves us is out, so the session begins."""
        self._seal(paired.keys, paired.jti)
        self._peer = Peer(self._desk, self._stagehand, paired, self._pairing.sender_name, self._pairing.way_back)
        self._sessions.add(self._peer)
        self._peer.attach(self._talk)
