"""Tools that cast over WHIP (DDP.md section 14): who may, and each one's cast as a session of its own on the floor."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from receiver.app.audit_desk import Record, unrecorded
from receiver.app.background import Background
from receiver.app.stagehand import Person
from receiver.app.tool import Tool
from receiver.clock import Clock
from receiver.ddp import sdp_fragment, whip
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.guard import is_loopback
from receiver.ddp.whip import Problem
from receiver.ddp.whip_routes import Caller, Made
from receiver.errors import PeerError, ReceiverError
from receiver.trust.limits import KeyTries, RateLimited, StartBudget, source_of
from receiver.trust.stream_keys import StreamKey, StreamKeys

RETRY_S = 5
"""After how long a tool that found no place should ask again."""
WAIT_S = 60.0
"""For how long after its last try a tool that found no place stays in the queue."""

IN_THE_CLEAR = (
    "Over plain HTTP everybody on the network can read the stream key. Use the https:// address, and revoke the key "
    "if you have just sent it."
)
NOT_HERE = "That stream has ended, or is another key's."
NO_RESTART = "ICE restarts are not taken here. POST a new offer with the same key: the picture stays meanwhile."
REVOKED = "The stream key was revoked."

log = logging.getLogger(__name__)


class Floor(Protocol):
    """Who may share, as this desk needs it."""

    def join(self, person: Person, *, answers: bool = True) -> None: ...
    async def leave(self, person: Person) -> None: ...
    async def offer(self, sender: Person, sdp: str) -> tuple[str, int]: ...
    def stream_of(self, session_id: str) -> int | None: ...
    def request(self, person: Person) -> Mapping[str, object]: ...
    def candidate(self, sender: Person, candidate: str, sdp_mid: str | None, sdp_mline_index: int | None) -> None: ...


class Commands(Protocol):
    """Is told of a new stream."""

    def began(self, sharer: Any, stream: int) -> None: ...


class WhipDesk:
    """Answers ``/whip``. A key has one session at most: a second offer is another path for what it shares."""

    def __init__(
        self, keys: StreamKeys, floor: Floor, commands: Commands, clock: Clock, wall_s: Callable[[], int]
    ) -> None:
        self._keys = keys
        self._floor = floor
        self._commands = commands
        self._clock = clock
        self._tries = KeyTries()
        self._offers = StartBudget()
        self._tools: dict[str, Tool] = {}
        self._leaving = Background()
        self.record: Record = unrecorded
        self._wall_s = wall_s

    @property
    def tools(self) -> list[Tool]:
        """The tools that share, or wait to."""
        return list(self._tools.values())

    # ---- what the routes ask

    def authorise(self, caller: Caller) -> str:
        """The id of the caller's key. Raises Problem."""
        if not caller.secure and not is_loopback(caller.address):
            raise Problem(403, IN_THE_CLEAR)
        # A page in somebody's browser must not lock out the tools beside it, so it counts for itself.
        source = f"{source_of(caller.address)} {caller.origin[:64]}"
        try:
            self._tries.check(source, self._clock.now())
        except RateLimited as error:
            raise Problem(429, f"{error} Try again later.", retry_after=str(error.retry_after_s)) from error
        key = self._keys.find(whip.bearer(caller.authorization), self._wall_s())
        if key is None:
            self._tries.failed(source, self._clock.now())
            self.record("refused", why="wrong stream key", of="WHIP", address=caller.address)
            raise whip.wrong_key()
        return key.id

    async def offer(self, key: str, sdp: str) -> Made:
        """Begin to share, or give what the key shares another path. Raises Problem."""
        entry = self._keys.get(key)
        if entry is None:
            raise whip.wrong_key()
        try:
            self._offers.spend(key, self._clock.now())
        except RateLimited as error:
            wait = error.retry_after_s
            raise Problem(429, f"This key asked too often. Wait {wait} s.", retry_after=str(wait)) from error
        tool = self._tools.get(key) or self._welcome(entry)
        async with tool.offering:
            if self._tools.get(key) is not tool:
                raise Problem(503, "The stream was just ended. Try again.", retry_after=str(RETRY_S))
            return await self._offer(tool, sdp)

    async def _offer(self, tool: Tool, sdp: str) -> Made:
        tool.stop_timer()
        tool.media.handle("offer")
        try:
            answer, stream = await self._floor.offer(tool, sdp)
        except Refusal as refusal:
            raise self._no_place(tool, refusal) from refusal
        except PeerError as error:
            self._forget_unless_on(tool)
            raise Problem(422, f"The offer can't be taken: {error}.") from error
        except ReceiverError as error:
            self._forget_unless_on(tool)
            raise Problem(503, str(error), retry_after=str(RETRY_S)) from error
        except asyncio.CancelledError:  # the request took too long, and nobody will hear the answer
            self._forget(tool)
            raise
        if stream != tool.stream:
            tool.stream = stream
            self._commands.began(tool, stream)
        tool.resource, tool.etag = secrets.token_urlsafe(16), f'"{secrets.token_urlsafe(12)}"'
        tool.ufrag = sdp_fragment.ufrag_of(sdp)
        try:
            self._keys.note_use(tool.key, self._wall_s())
        except ReceiverError as error:
            log.error("when the stream key of %s was used is not noted: %s", tool.sender_name, error)
        return Made(tool.resource, tool.etag, answer)

    def _no_place(self, tool: Tool, refusal: Refusal) -> Problem:
        """The tool waits, as a person would who has pressed Ask; its next try within ``WAIT_S`` may find its place."""
        tool.media.handle("stop")
        if refusal.code is not ErrorCode.BUSY:
            self._forget(tool)
            return Problem(403, str(refusal))
        try:
            self._floor.request(tool)
        except Refusal as error:
            log.debug("%s may not ask again yet: %s", tool.sender_name, error)
        tool.timer = asyncio.get_running_loop().call_later(WAIT_S, self._forget, tool)
        sentence = f"{str(refusal).partition('.')[0]}. Your wish to share is told; try again."
        return Problem(503, sentence, retry_after=str(RETRY_S))

    def trickle(self, key: str, resource: str, if_match: tuple[str, ...], fragment: str) -> None:
        """Pass on candidates. Raises Problem."""
        tool = self._tool(key, resource)
        if whip.check_match(if_match, tool.etag) == "restart":
            raise Problem(422, NO_RESTART)
        try:
            given = sdp_fragment.parse(fragment)
        except sdp_fragment.FragmentError as error:
            raise Problem(400, f"The fragment can't be read: {error}.") from error
        if given.ufrag and tool.ufrag and given.ufrag != tool.ufrag:
            raise Problem(422, NO_RESTART)
        for each in given.candidates:
            self._floor.candidate(tool, each.candidate, each.mid, each.index)

    async def end(self, key: str, resource: str) -> None:
        """End what the key shares. Raises Problem."""
        await self._leave(self._tool(key, resource))

    def _tool(self, key: str, resource: str) -> Tool:
        tool = self._tools.get(key)
        if tool is None or not tool.resource or not secrets.compare_digest(tool.resource.encode(), resource.encode()):
            raise Problem(404, NOT_HERE)
        return tool

    # ---- coming and going

    def _welcome(self, key: StreamKey) -> Tool:
        tool = self._tools[key.id] = Tool(key, self._forget)
        self._floor.join(tool, answers=False)
        return tool

    def revoked(self, key: str) -> None:
        """The key is good no more: what it shares ends at once."""
        if (tool := self._tools.get(key)) is not None:
            log.info("%s is cut off: %s", tool.sender_name, REVOKED)
            self._forget(tool)

    def _forget(self, tool: Tool) -> None:
        """``_leave``, without waiting for it."""
        self._leaving.spawn(self._leave(tool))

    def _forget_unless_on(self, tool: Tool) -> None:
        """Its offer came to nothing; if it was another path for a stream that is on, that goes on."""
        if self._floor.stream_of(tool.session_id) is None:
            self._forget(tool)

    async def _leave(self, tool: Tool) -> None:
        if self._tools.get(tool.key.id) is tool:
            del self._tools[tool.key.id]
            tool.stop_timer()
            await self._floor.leave(tool)
