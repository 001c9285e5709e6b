"""What has arrived: put in order, taken once, acknowledged (DDP.md section 3). Pure."""

from collections import OrderedDict
from typing import Generic, TypeVar

from receiver.errors import ProtocolError

T = TypeVar("T")

WINDOW = 256
"""Messages that may be on their way; one further ahead breaks the protocol."""
MAX_SEEN = 256
MAX_ANSWER_BYTES = 1024 * 1024
"""Drop rule: the oldest answers are forgotten; what then comes again is still dropped by its ``seq``."""


class TooFarAhead(ProtocolError):
    """A seq beyond the window."""


class InTray(Generic[T]):
    """One direction's messages by ``seq``, from 1. ``taken``: all up to here were given out; the cumulative ack."""

    def __init__(self) -> None:
        self.taken = 0
        self._held: dict[int, T] = {}

    def take(self, seq: int, message: T) -> list[T]:
        """The messages whose turn it now is: none while an earlier one is missing or where it is here already.

        Raises TooFarAhead.
        """
        if seq > self.taken + WINDOW:
            raise TooFarAhead(f"seq is {seq}, though message {self.taken + 1} has not come; at most {WINDOW} may wait")
        if seq <= self.taken or seq in self._held:
            return []
        self._held[seq] = message
        ready = []
        while self.taken + 1 in self._held:
            self.taken += 1
            ready.append(self._held.pop(self.taken))
        return ready

    def clear(self) -> None:
        """Forget what waits."""
        self._held.clear()


class Seen:
    """Which ``mid`` came before, and what was answered to it."""

    def __init__(self) -> None:
        self._answers: OrderedDict[int, tuple[int | None, bytes] | None] = OrderedDict()
        self._bytes = 0

    def is_new(self, mid: int) -> bool:
        """Whether ``mid`` comes for the first time; it has come from now on."""
        if mid in self._answers:
            return False
        self._answers[mid] = None
        if len(self._answers) > MAX_SEEN:
            self._forget()
        return True

    def answered(self, mid: int, seq: int | None, answer: bytes) -> None:
        """Keep the answer to ``mid``, with its own ``seq`` if it has one."""
        if mid not in self._answers or self._answers[mid] is not None:
            return
        self._answers[mid] = (seq, answer)
        self._bytes += len(answer)
        while self._bytes > MAX_ANSWER_BYTES:
            self._forget()

    def answer(self, mid: int) -> tuple[int | None, bytes] | None:
        """What was answered, where it was and is still here."""
        return self._answers.get(mid)

    def _forget(self) -> None:
        _, answer = self._answers.popitem(last=False)
        self._bytes -= 0 if answer is None else len(answer[1])

    def clear(self) -> None:
        """Forget all."""
        self._answers.clear()
        self._bytes = 0
