"""Messages that must arrive: numbered, kept until acknowledged, sent again (DDP.md section 3). Pure.

    pushed ──sent──▶ waiting ──1 s──▶ sent again ──2 s──▶ sent again ──2 s──▶ given up
                        └──────────acknowledged (cumulative)──▶ gone

``seq`` counts the messages of one direction over the whole session, so what a connection lost can be told and sent
again over the next. Drop rule: an outbox that is full is emptied for good, because a peer that misses one message can
use none of those after it; the session then can't be resumed.
"""

from collections import deque
from dataclasses import dataclass

from receiver.errors import PeerError, ProtocolError

SECOND = 1_000_000_000
PATIENCE = (1 * SECOND, 2 * SECOND, 2 * SECOND)
"""How long to wait for an acknowledgement: after sending, after sending again, and after the second time."""
MAX_MESSAGES = 256
MAX_BYTES = 1024 * 1024


class Unacknowledged(PeerError):
    """A message was sent three times and not acknowledged."""


class BadAcknowledgement(ProtocolError):
    """The peer acknowledges what was never sent."""


class Gap(PeerError):
    """The peer lacks messages that are no longer here."""


@dataclass(slots=True)
class _Kept:
    seq: int
    message: bytes
    due: int
    sent: int = 1


class Outbox:
    """What one side has sent and the other has not acknowledged. ``last``: the newest seq, 0 before the first."""

    def __init__(self) -> None:
        self.last = 0
        self.overflowed = False
        self._kept: deque[_Kept] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def has_room(self) -> bool:
        """Whether it is less than half full: what can wait should, so that what can't finds room."""
        return len(self._kept) < MAX_MESSAGES // 2 and self._bytes < MAX_BYTES // 2

    @property
    def deadline(self) -> int | None:
        """When ``due`` should be asked, in ns; None while nothing waits."""
        return min((kept.due for kept in self._kept), default=None)

    def push(self, message: bytes, now: int) -> int:
        """Keep a message that is sent now; its seq. ``overflowed`` is set where there was no room."""
        self.last += 1
        if self.overflowed or len(self._kept) == MAX_MESSAGES or self._bytes + len(message) > MAX_BYTES:
            self.clear()
            self.overflowed = True
            return self.last
        self._kept.append(_Kept(self.last, message, now + PATIENCE[0]))
        self._bytes += len(message)
        return self.last

    def acknowledged(self, ack: int) -> int:
        """All up to ``ack`` have arrived; how many of them were news. Raises BadAcknowledgement."""
        if ack > self.last:
            raise BadAcknowledgement(f"ack is {ack}, but only {self.last} messages were sent")
        news = 0
        while self._kept and self._kept[0].seq <= ack:
            self._bytes -= len(self._kept.popleft().message)
            news += 1
        return news

    def due(self, now: int) -> list[tuple[int, bytes]]:
        """What must be sent again now, as seq and message. Raises Unacknowledged."""
        again = [kept for kept in self._kept if kept.due <= now]
        for kept in again:
            if kept.sent == len(PATIENCE):
                raise Unacknowledged(f"message {kept.seq} was sent {kept.sent} times and not acknowledged")
            kept.due = now + PATIENCE[kept.sent]
            kept.sent += 1
        return [(kept.seq, kept.message) for kept in again]

    def find(self, seq: int) -> bytes | None:
        """The message, while it waits for its acknowledgement."""
        return next((kept.message for kept in self._kept if kept.seq == seq), None)

    def check(self, last_seq: int) -> None:
        """Raise Gap or BadAcknowledgement where a peer that has all up to ``last_seq`` can't be brought up to date."""
        if last_seq > self.last:
            raise BadAcknowledgement(f"last_seq is {last_seq}, but only {self.last} messages were sent")
        oldest = self._kept[0].seq if self._kept else self.last + 1
        if self.overflowed or last_seq < oldest - 1:
            raise Gap(f"messages {last_seq + 1} to {oldest - 1} are no longer here")

    def replay(self, last_seq: int, now: int) -> list[tuple[int, bytes]]:
        """A new connection's peer has all up to ``last_seq``: what to send it, counted anew. Raises as ``check``."""
        self.check(last_seq)
        self.acknowledged(last_seq)
        for kept in self._kept:
            kept.due, kept.sent = now + PATIENCE[0], 1
        return [(kept.seq, kept.message) for kept in self._kept]

    def clear(self) -> None:
        """Forget all messages."""
        self._kept.clear()
        self._bytes = 0
