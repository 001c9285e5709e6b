"""One sender's session: what it may ask for, and what it is told (DDP.md sections 5 and 10).

Its messages come over whichever connection it has at the moment; ``Visit`` reads them and gives them to ``take``.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec

from receiver.app.conversation import Conversation
from receiver.app.data_desk import DataSession
from receiver.app.desk import FrontDesk
from receiver.app.inbox import Inbox
from receiver.app.line import Line
from receiver.app.session_pass import REFUSED, SessionPass
from receiver.app.sharing import Sharing
from receiver.app.stagehand import Stagehand
from receiver.ddp import jsonrpc
from receiver.ddp.codes import CloseCode
from receiver.ddp.messages import Bye, Nothing, Resume, read
from receiver.errors import PeerError
from receiver.session.lifetime import Lifetime
from receiver.session.roles import SCOPES, Role
from receiver.trust.encoding import b64encode
from receiver.trust.pairing import Paired
from receiver.trust.requests import RequestKeys
from receiver.trust.resumption import Resumed

ROOM_S = 0.05

log = logging.getLogger(__name__)


class Peer:
    """Runs one session, until ``end``. The app reports back by ``on_stats`` and ``on_state``."""

    def __init__(
        self,
        desk: FrontDesk,
        stagehand: Stagehand,
        paired: Paired,
        sender_name: str,
        way_back: frozenset[str] = frozenset(),
    ) -> None:
        self.sender_name = sender_name
        self.capabilities = way_back
        self.fingerprint = paired.sender.fingerprint
        self.session_id = b64encode(paired.keys.session)
        self.on_end: Callable[[Peer], None] = lambda peer: None
        self.on_connected: Callable[[Peer, bool], None] = lambda peer, connected: None
        self._desk = desk
        self._stagehand = stagehand
        self._pass = SessionPass(desk, paired)
        self._line = Line(desk.clock, self.session_id)
        self._life = Lifetime(desk.clock.now())
        self._sharing = Sharing(self, stagehand, lambda stream: desk.commands.began(self, stream))
        self.media = self._sharing.media
        self._data = DataSession(desk.data, self, sender_name, lambda: self.scopes)
        methods = {
            "ddp.ping": self._ping,
            "ddp.bye": self._bye,
            **self._sharing.methods,
            **desk.commands.methods(self),
            **desk.input.methods(self),
            **desk.back.methods(self),
            **self._data.methods,
            **stagehand.methods(self),
            **(desk.keys.methods(self) if desk.keys else {}),
        }
        self._inbox = Inbox(self.session_id, sender_name, self._line, methods, self._used)
        self._over = False
        self._working = asyncio.create_task(self._work())

    # ---- life

    @property
    def state(self) -> str:
        """``pending``, ``active``, ``suspended`` or ``expired``."""
        return self._life.state

    @property
    def role(self) -> Role:
        """What the sender's device may do here now."""
        return self._desk.role_of(self.fingerprint)

    @property
    def scopes(self) -> frozenset[str]:
        """What the sender may do, by its role and by consent."""
        return frozenset(SCOPES[self.role]) | self._desk.input.scopes(self.session_id)

    @property
    def casts(self) -> bool:
        """Whether a stream of the session's is on its way or on the screen."""
        return self.media.state != "stopped"

    @property
    def last_seq(self) -> int:
        """All of the sender's messages up to this one have been taken."""
        return self._line.delivery.ack or 0

    @property
    def request_keys(self) -> RequestKeys | None:
        """What the sender's HTTP requests are checked with; None once the session has ended."""
        return None if self._over else self._pass.requests

    def issued(self, jti: str) -> bool:
        """Whether that is one of the tokens that the session uses now."""
        return self._pass.issued(jti)

    def attach(self, talk: Conversation) -> None:
        """The sender has proven itself over ``talk``, which carries the session from now on."""
        self._life.authenticated(self._desk.clock.now())
        self._line.connect(talk)
        self.notify("session.token", self._pass.issue(self.role))
        self._stagehand.join(self)
        self._desk.input.join(self)

    def resume(self, params: Resume) -> Resumed:
        """Check a request to take up the session over another connection. Nothing changes until ``adopt``.

        Raises Refusal.
        """
        self.tick()
        return self._pass.resume(params, self._line.delivery)

    def adopt(self, talk: Conversation, resumed: Resumed) -> None:
        """The sender has the new keys: ``talk`` carries the session from now on, and what was lost is sent again."""
        try:
            self._pass.adopt(resumed)
            self._line.replace(talk, resumed.request.last_seq)
        except PeerError as error:
            log.info("session %s was not resumed: %s", self.session_id, error)
            talk.close(CloseCode.GOING_AWAY, REFUSED)
            return
        self._life.resumed(self._desk.clock.now())
        log.info("session %s of %s is resumed", self.session_id, self.sender_name)
        self._desk.record("resumed", self.sender_name, self.fingerprint, session=self.session_id)
        self.notify("session.token", self._pass.issue(self.role))
        self.on_connected(self, True)

    async def detach(self, talk: Conversation) -> None:
        """``talk`` is over: the session is suspended, or ends where nobody could or would take it up again."""
        if not self._line.disconnect(talk):
            return  # another connection carries it
        if talk.left or not self._line.delivery.numbered or self._over:
            await self.end()
            return
        self._life.lost(self._desk.clock.now())
        self._desk.input.away(self)
        self._desk.back.settle()
        log.info("session %s of %s is suspended", self.session_id, self.sender_name)
        self.on_connected(self, False)
        self.tick()

    def tick(self) -> None:
        """Look at the session's times; called each second."""
        now = self._desk.clock.now()
        if self.casts:
            self._life.used(now)
        if self._over:
            return
        if self._life.tick(now) == "expired":
            log.info("session %s of %s has expired", self.session_id, self.sender_name)
            self._finish()
        elif self._life.state == "active" and self._pass.is_old(now):
            self.notify("session.token", self._pass.issue(self.role))

    def close(self, code: CloseCode, reason: str) -> None:
        """End the session for ``reason``, a sentence for its person; its connection is closed at once."""
        self._finish()
        self._line.close(code, reason)

    async def end(self) -> None:
        """End the session and wait until nothing is left of it."""
        self._finish()
        await asyncio.wait({self._working})

    def _finish(self) -> None:
        if self._over:
            return
        self._over = True
        self._life.expire()
        self._pass.clear()
        self._inbox.close()

    async def _work(self) -> None:
        try:
            await self._inbox.run()
        finally:
            self._finish()
            self._desk.input.leave(self)
            self._desk.back.leave(self)
            await self._stagehand.leave(self)
            self._data.close()
            self._line.clear()
            self.on_end(self)

    # ---- messages

    async def take(self, message: jsonrpc.Message) -> None:
        """A message of the sender's; waits while too many others do."""
        for each in self._line.arrived(message):
            if not each.is_response and each.method != "ddp.ack":
                await self._inbox.put(each)

    def _used(self) -> None:
        self._life.used(self._desk.clock.now())

    async def room(self) -> None:
        """Wait until the sender has taken so much that what can wait may follow."""
        while not self._line.has_room:  # noqa: ASYNC110 - outbox, connection and channel decide it together
            await asyncio.sleep(ROOM_S)

    def notify(self, method: str, params: dict[str, object] | msgspec.Raw) -> None:
        """Tell the sender something, over this connection or the next."""
        self._line.send(jsonrpc.notification(method, params, self.session_id))

    def mention(self, method: str, params: dict[str, object]) -> None:
        """Tell the sender something that the next such message replaces; not sent again."""
        self._line.mention(jsonrpc.notification(method, params, self.session_id))

    async def _ping(self, params: dict[str, Any]) -> object:
        read(params, Nothing)
        return {}

    async def _bye(self, params: dict[str, Any]) -> object:
        read(params, Bye)
        self.close(CloseCode.BYE, "Goodbye.")
        return {}

    # ---- what the app reports

    def on_stats(self, stats: dict[str, object]) -> None:
        """The fields of ``display.stats``, once a second."""
        self.mention("display.stats", stats)

    def on_state(self, state: str, reason: str, again: bool = False) -> None:
        """``live``, ``reconnecting`` or ``ended``, with a sentence. ``again``: the sender should offer another path."""
        self.media.follow(state)
        self.notify("session.state", {"state": state, "reason": reason, **({"again": True} if again else {})})

    def on_floor(self, state: dict[str, object]) -> None:
        """The fields of ``floor.state``, whenever they change."""
        self.notify("floor.state", state)

    def on_input(self, state: dict[str, object]) -> None:
        """The fields of ``input.state``, whenever they change."""
        self.notify("input.state", state)

    def on_back(self, active: bool) -> None:
        """Whether what is done at the display goes to this sender from now on."""
        self.notify("input.back", {"active": active})

    def on_local(self, event: dict[str, object]) -> None:
        """What is done at the display, of its moment: never sent again, and moves only while the sender keeps up."""
        if event.get("action") != "move" or self._line.has_room:
            self.mention("input.event", event)
