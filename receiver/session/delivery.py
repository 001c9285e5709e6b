"""Both directions of one session's messages, over however many connections (DDP.md section 3). Pure.

A sender that numbers its messages gets numbered ones back; from its first on, each side acknowledges what it has
taken: with whatever it sends next, or by a message of its own after ``ACK_NS``.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from receiver.session.intray import InTray, Seen
from receiver.session.outbox import Outbox

T = TypeVar("T")

ACK_NS = 200_000_000


@dataclass(frozen=True)
class Arrival(Generic[T]):
    """What a message led to: the messages whose turn it now is, and an answer to send again as (seq, bytes)."""

    ready: list[T]
    again: tuple[int | None, bytes] | None = None


@dataclass(frozen=True)
class Due:
    """What is due: messages to send again as (seq, bytes), and whether to acknowledge."""

    again: list[tuple[int, bytes]]
    acknowledge: bool


class Delivery(Generic[T]):
    """Where both directions stand. ``numbered``: the peer numbers its messages, and so do we."""

    def __init__(self) -> None:
        self.numbered = False
        self.outbox = Outbox()
        self._tray: InTray[T | None] = InTray()
        self._seen = Seen()
        self._ack_by: int | None = None

    @property
    def ack(self) -> int | None:
        """The acknowledgement that goes with a message sent now."""
        return self._tray.taken if self.numbered else None

    @property
    def deadline(self) -> int | None:
        """When ``tick`` is due, in ns."""
        return min((due for due in (self.outbox.deadline, self._ack_by) if due is not None), default=None)

    def arrived(self, seq: int | None, ack: int | None, mid: int | None, message: T, now: int) -> Arrival[T]:
        """A message came. Raises BadAcknowledgement and TooFarAhead."""
        if ack is not None:
            self.outbox.acknowledged(ack)
        is_new = mid is None or self._seen.is_new(mid)
        if seq is None:
            ready = [message] if is_new else []
        else:
            self.numbered = True
            ready = [each for each in self._tray.take(seq, message if is_new else None) if each is not None]
            self._ack_by = min(self._ack_by or now + ACK_NS, now + (ACK_NS if is_new else 0))
        return Arrival(ready, None if is_new or mid is None else self._answer(mid))

    def _answer(self, mid: int) -> tuple[int | None, bytes] | None:
        """The answer once more, unless it has been acknowledged."""
        answer = self._seen.answer(mid)
        if answer is None or answer[0] is None or self.outbox.find(answer[0]) is not None:
            return answer
        return None

    def sending(self, message: bytes, now: int, answers: int | None = None) -> int | None:
        """``message`` is sent now and shall arrive; its seq, if it has one. ``answers``: the mid that it answers."""
        seq = self.outbox.push(message, now) if self.numbered else None
        if answers is not None:
            self._seen.answered(answers, seq, message)
        return seq

    def acknowledging(self) -> None:
        """The acknowledgement has gone out."""
        self._ack_by = None

    def tick(self, now: int) -> Due:
        """What is due now. Raises Unacknowledged."""
        return Due(self.outbox.due(now), self._ack_by is not None and self._ack_by <= now)

    def clear(self) -> None:
        """Forget all messages: the session has ended."""
        self.outbox.clear()
        self._tray.clear()
        self._seen.clear()
        self._ack_by = None
