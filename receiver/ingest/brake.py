"""A word in time where the way becomes too narrow. Pure.

A sender learns of a queue by our feedback, and looks at it for a third of a second before it believes in it: measured
where half the bandwidth went, by then the queue had overflowed, and repairs filled the way for another 0.7 s. Here the
packets themselves say when they were sent (abs-send-time), so the queue is seen as it grows, and how fast packets leave
it is what the way takes. That is told as the most that may be sent (REMB), which senders obey beside all other
feedback; once the queue is gone the word is taken back, quickly, for by then the sender knows.

Where packets come as slowly as was told and have waited as long as before, that was no queue: the way is longer now.
"""

from receiver.ingest.queueing import LeastDelay
from receiver.ingest.rtp import Unwrapper

EMPTY_NS, FULL_NS = 25_000_000, 50_000_000
"""A packet that has waited less had no queue before it, and with more it had one, if all others waited for ``SURE_NS``:
after a mere stop of the way they come quickly."""
SURE_NS = 30_000_000
SHARE = 0.85
"""Of what the way takes, so that the queue goes."""
PAUSE_NS = 300_000_000
"""Before the next word: by then the sender has obeyed this one, and some of the queue is gone."""
OBEYED, SHRUNK_NS = 1.05, 10_000_000
"""Of the word: so fast come the packets of who obeys; and how much a queue has lost by then, at the least."""
GROWTH_A_SECOND = 2.0
TELL_NS = 200_000_000
LEAST_BPS, MOST_BPS = 1_000_000, 25_000_000
"""A machine that is too busy makes packets wait as well, and then less and less would be told; the rest of the way down
is left to the sender's own estimate."""


class SendTime:
    """The sender's clock by its packets: 24 bits, in 2^-18 s."""

    def __init__(self) -> None:
        self._unwrapper = Unwrapper(24)

    def place(self, stamp: bytes) -> int:
        """In ns."""
        return self._unwrapper.unwrap(int.from_bytes(stamp)) * 1_000_000_000 >> 18


class Brake:
    """Of one transport. ``now`` in monotonic ns."""

    def __init__(self) -> None:
        self._clock = SendTime()
        self._delay = LeastDelay()
        self._numbers = Unwrapper(16)
        self._newest = -1
        self._queue: tuple[int, int] | None = None  # since when it stands, and the bytes that had come until then
        self._braked_at: int | None = None
        self._waited = 0
        self._seen_at = 0
        self._bps: float | None = None
        self._told_at = 0
        self.word: int | None = None
        """bit/s to be told now; who tells it sets it to None."""

    def packet(self, number: int, stamp: bytes, received: int, now: int) -> None:
        """A packet came, the ``number``-th of its transport (16 bits), sent at ``stamp`` (3 bytes). ``received``: bytes
        of all packets until now."""
        unwrapped = self._numbers.unwrap(number)
        if unwrapped <= self._newest or len(stamp) != 3:
            return
        self._newest = unwrapped
        waited = self._delay.queued(self._clock.place(stamp), now)
        if waited < EMPTY_NS:
            self._free(now)
        elif self._queue is None:
            self._queue = now, received
        elif waited > FULL_NS and now - self._queue[0] >= SURE_NS:
            self._brake(self._queue, waited, received, now)
        self._seen_at = now

    def _brake(self, queue: tuple[int, int], waited: int, received: int, now: int) -> None:
        since, before = queue
        takes = (received - before) * 8e9 / (now - since)
        if self._braked_at is not None and self._bps is not None:
            if now - self._braked_at < PAUSE_NS:
                return
            if takes < OBEYED * self._bps and waited > self._waited - SHRUNK_NS:
                self._delay.restart()
                self._free(now)
                return
        self._braked_at, self._waited, self._queue = now, waited, (now, received)
        self._bps = max(LEAST_BPS, min(SHARE * takes, self._bps or MOST_BPS))
        self._tell(now)

    def _free(self, now: int) -> None:
        """There is no queue."""
        self._queue = self._braked_at = None
        if self._bps is None:
            return
        self._bps *= GROWTH_A_SECOND ** (min(now - self._seen_at, TELL_NS) / 1e9)
        if self._bps >= MOST_BPS or now - self._told_at >= TELL_NS:
            self._tell(now)
        if self._bps >= MOST_BPS:
            self._bps = None

    def _tell(self, now: int) -> None:
        if self._bps is not None:
            self.word, self._told_at = int(min(self._bps, MOST_BPS)), now
