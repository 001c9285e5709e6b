"""A session's messages on their way: over the connection of the moment, or kept for the next one (DDP.md section 3)."""

import asyncio
import logging

from receiver.app.conversation import Conversation
from receiver.clock import NS, Clock
from receiver.ddp import jsonrpc
from receiver.ddp.codes import CloseCode, ErrorCode, Refusal
from receiver.errors import PeerError
from receiver.session.delivery import Delivery
from receiver.session.outbox import Unacknowledged

UNACKNOWLEDGED = "Messages were not acknowledged in time, so the connection was closed. Resume the session."

log = logging.getLogger(__name__)


class Line:
    """Sends and takes the messages of ``session``, and keeps their times. The log tells each one's life by its seq."""

    def __init__(self, clock: Clock, session: str) -> None:
        self.delivery: Delivery[jsonrpc.Message] = Delivery()
        self._clock = clock
        self._session = session
        self._talk: Conversation | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connect(self, talk: Conversation) -> None:
        """The first connection."""
        self._talk = talk

    def replace(self, talk: Conversation, last_seq: int) -> None:
        """Another connection, whose sender has all up to ``last_seq``: send what it lacks. Raises Gap."""
        lacking = self.delivery.outbox.replay(last_seq, self._clock.now())
        old, self._talk = self._talk, talk
        if old is not None:
            old.close(CloseCode.REPLACED, "This device has connected anew.")
        for seq, message in lacking:
            self._transmit(message, seq, "replayed")

    def disconnect(self, talk: Conversation) -> bool:
        """``talk`` is over; False where it was not the session's any more."""
        if self._talk is not talk:
            return False
        self._talk = None
        self._arm()
        return True

    def arrived(self, message: jsonrpc.Message) -> list[jsonrpc.Message]:
        """The messages whose turn it now is."""
        if message.seq is not None:
            log.debug("%s < seq %d mid %s %s", self._session, message.seq, message.mid, _kind(message))
        try:
            arrival = self.delivery.arrived(message.seq, message.ack, message.mid, message, self._clock.now())
        except PeerError as error:
            self.close(CloseCode.BROKEN, f"The numbers of messages do not fit: {error}. Connect again.")
            return []
        if arrival.again is not None:
            self._transmit(arrival.again[1], arrival.again[0], "answered from the cache")
        self._arm()
        return arrival.ready

    def send(self, message: bytes, answers: int | None = None) -> None:
        """Send a message that shall arrive; ``answers``: the mid of the request that it answers."""
        seq = self.delivery.sending(message, self._clock.now(), answers)
        self._transmit(message, seq, "sent")
        if self.delivery.outbox.overflowed:
            self._give_up("the outbox is full")

    @property
    def has_room(self) -> bool:
        """Whether the sender has read and acknowledged so much that more can go to it now."""
        return self._talk is not None and self._talk.has_room and self.delivery.outbox.has_room

    def mention(self, message: bytes) -> None:
        """Send a message that may be lost."""
        self._transmit(message, None, "sent")

    def _transmit(self, message: bytes, seq: int | None, how: str) -> None:
        if seq is not None:
            log.debug("%s > seq %d %s, %d bytes", self._session, seq, how if self._talk else "kept", len(message))
        if self._talk is not None:
            self._talk.send(jsonrpc.numbered(message, seq, self.delivery.ack))
            self.delivery.acknowledging()
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.delivery.deadline
        if due is not None and self._talk is not None:
            wait = max(0, due - self._clock.now()) / NS
            self._timer = asyncio.get_running_loop().call_later(wait, self._tick)

    def _tick(self) -> None:
        try:
            due = self.delivery.tick(self._clock.now())
        except Unacknowledged as error:
            self._give_up(str(error))
            return
        for seq, message in due.again:
            self._transmit(message, seq, "sent again")
        if due.acknowledge and not due.again:
            self._transmit(jsonrpc.notification("ddp.ack", {}, self._session), None, "acknowledged")
        self._arm()

    def _give_up(self, why: str) -> None:
        log.info("the connection of session %s is given up: %s", self._session, why)
        if self._talk is not None:
            self._talk.send(jsonrpc.failure(None, Refusal(ErrorCode.ACK_TIMED_OUT, UNACKNOWLEDGED)))
        self.close(CloseCode.UNACKNOWLEDGED, UNACKNOWLEDGED)

    def close(self, code: CloseCode, reason: str) -> None:
        """Close the connection, if there is one."""
        if self._talk is not None:
            self._talk.close(code, reason)

    def clear(self) -> None:
        """The session has ended: close what is open and forget all messages."""
        self.close(CloseCode.GOING_AWAY, "The session has ended. Connect again.")
        self._talk = None
        self.delivery.clear()
        self._arm()


def _kind(message: jsonrpc.Message) -> str:
    return f"answer to {message.id}" if message.is_response else str(message.method)
