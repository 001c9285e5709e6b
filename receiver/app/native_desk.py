"""What paired native clients may ask for over HTTP: the status, the devices, and every command (DDP.md section 13)."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from receiver.app.desk import FrontDesk
from receiver.app.peer import Peer
from receiver.app.sessions import Sessions
from receiver.ddp import strict_json
from receiver.ddp.bodies import BodyRefused, decode
from receiver.ddp.codes import SHORT, ErrorCode, Refusal, as_refusal
from receiver.ddp.commands.registry import find
from receiver.ddp.data import SCOPES
from receiver.ddp.native import PREFIX, Answer, status_of
from receiver.errors import PeerError, ReceiverError
from receiver.trust.limits import RateLimited
from receiver.trust.replay import SeenBefore
from receiver.trust.requests import Asked, NotAllowed, RequestKeys, session_of

COMMANDS = PREFIX + "commands/"
SHOWN = ("displays", "sessions", "streams")
"""Publications that the status holds, where the client may read them."""

log = logging.getLogger(__name__)


class NativeDesk:
    """Answers ``/api``. ``devices``: the rows of ``ddp-receiver devices``."""

    def __init__(self, desk: FrontDesk, sessions: Sessions, devices: Callable[[], list[dict[str, object]]]) -> None:
        self._desk = desk
        self._sessions = sessions
        self._devices = devices

    async def answer(self, method: str, target: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer, signed where the request was authentic."""
        asked = Asked(method, target, url, headers, body)
        try:
            peer, keys = self._session(asked)
            nonce = keys.authenticate(asked)
        except PeerError as error:
            advice = f"The request is not a session's of this display: {error}. Connect again."
            return Answer(*_refused(self._note(Refusal(ErrorCode.UNAUTHENTICATED, advice))))
        status, answer = await self._authentic(peer, keys, asked, nonce)
        return Answer(status, answer, keys.sign(status, nonce, answer))

    def _session(self, asked: Asked) -> tuple[Peer, RequestKeys]:
        peer = self._sessions.get(session_of(asked))
        keys = None if peer is None else peer.request_keys
        if peer is None or keys is None:
            raise Refusal(ErrorCode.SESSION_EXPIRED, "there is no such session, or it has ended")
        return peer, keys

    async def _authentic(self, peer: Peer, keys: RequestKeys, asked: Asked, nonce: bytes) -> tuple[int, bytes]:
        try:
            scopes = self._permitted(peer, keys, asked, nonce)
            result = await self._do(peer, scopes, asked)
        except BodyRefused as error:
            return _refused(Refusal(ErrorCode.INVALID_REQUEST, str(error)), error.status)
        except PeerError as error:
            return _refused(as_refusal(error))
        except ReceiverError as error:
            log.error("%s %s failed: %s", asked.method, asked.target, error)
            return _refused(Refusal(ErrorCode.INTERNAL_ERROR, str(error)))
        return 200, msgspec.json.encode({"result": result})

    def _permitted(self, peer: Peer, keys: RequestKeys, asked: Asked, nonce: bytes) -> frozenset[str]:
        """What both the token and the sender's role of now allow. Raises Refusal."""
        desk, display = self._desk, self._desk.display
        try:
            claims = keys.permit(asked, nonce, display.identity.public, display.id, desk.wall_s, desk.clock.now())
            if not peer.issued(claims.jti):
                raise NotAllowed("the token is not one of this session's last two")
        except SeenBefore as error:
            advice = f"The request came a second time: {error}. Send each with a new nonce and a new proof."
            raise self._note(Refusal(ErrorCode.REPLAY, advice), peer) from error
        except NotAllowed as error:
            advice = f"The request is not allowed: {error}. Use the newest session.token and a fresh proof."
            raise self._note(Refusal(ErrorCode.UNAUTHENTICATED, advice), peer) from error
        except RateLimited as error:
            wait = error.retry_after_s
            raise Refusal(ErrorCode.RATE_LIMITED, f"{error} Try again in {wait} s.", retry_after_s=wait) from error
        return peer.scopes & frozenset(claims.scope.split())

    def _note(self, refusal: Refusal, peer: Peer | None = None) -> Refusal:
        who, device = (peer.sender_name, peer.fingerprint) if peer else ("", "")
        self._desk.record("refused", who, device, why=SHORT[refusal.code], of="an HTTP request")
        log.info("refused an HTTP request of %s: %s", peer.sender_name if peer else "a stranger", refusal)
        return refusal

    # ---- what there is

    async def _do(self, peer: Peer, scopes: frozenset[str], asked: Asked) -> object:
        path = asked.target.partition("?")[0]
        do: Callable[[], Awaitable[object]]
        match path:
            case "/api/status":
                method, do = "GET", lambda: self._status(peer, scopes)
            case "/api/devices":
                method, do = "GET", lambda: self._listed(scopes)
            case _ if path.startswith(COMMANDS):
                method, do = "POST", lambda: self._command(peer, scopes, path.removeprefix(COMMANDS), asked)
            case _:
                there = "/api/status, /api/devices, /api/commands/VERB"
                raise Refusal(ErrorCode.METHOD_NOT_FOUND, f"There is nothing here. There are {there}.")
        if asked.method != method:
            raise Refusal(ErrorCode.METHOD_NOT_FOUND, f"{path} takes {method}, not {asked.method}.")
        return await do()

    async def _status(self, peer: Peer, scopes: frozenset[str]) -> object:
        sources = self._desk.data.server.sources
        readable = [name for name in SHOWN if name in sources and (SCOPES[name] is None or SCOPES[name] in scopes)]
        own = {"id": peer.session_id, "role": peer.role, "state": peer.state, "scopes": sorted(scopes)}
        return {"session": own, **{name: sources[name]() for name in readable}}

    async def _listed(self, scopes: frozenset[str]) -> object:
        _need("admin", scopes, "see the devices")
        return {"devices": self._devices()}

    async def _command(self, peer: Peer, scopes: frozenset[str], verb: str, asked: Asked) -> object:
        _need(find(verb).scope, scopes, verb)
        return await self._desk.commands.run(peer, verb, _params(asked))


def _need(scope: str, scopes: frozenset[str], what: str) -> None:
    if scope not in scopes:
        raise Refusal(ErrorCode.FORBIDDEN, f"To {what} takes the scope {scope}, which this token does not give.")


def _params(asked: Asked) -> dict[str, Any]:
    """A command's parameters: a JSON object, or nothing at all. Raises BodyRefused, BadJson, Refusal."""
    if not asked.body:
        return {}
    if asked.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise BodyRefused(415, "A command's parameters come as application/json.")
    params = strict_json.decode(decode(asked.body, asked.headers.get("content-encoding", "")))
    if not isinstance(params, dict):
        raise Refusal(ErrorCode.INVALID_PARAMS, "A command's parameters are a JSON object.")
    return params


def _refused(refusal: Refusal, status: int | None = None) -> tuple[int, bytes]:
    error = {"error": refusal.as_error()}
    return status or status_of(refusal), msgspec.json.encode(error)
