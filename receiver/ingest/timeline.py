"""RTP timestamps of one stream as numbers that only rise. Pure."""

from receiver.ingest.rtp import Unwrapper


class Timeline:
    """Unwraps 32-bit timestamps, and carries on where a sender's begin anew. ``rate`` in Hz."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._unwrapper = Unwrapper(32)
        self._last: int | None = None
        self._last_at = 0
        self._restarted = False

    @property
    def started(self) -> bool:
        return self._last is not None

    def restart(self) -> None:
        """The next timestamp has nothing to do with those before it."""
        self._restarted = True

    def place(self, timestamp: int, at: int) -> tuple[int, bool]:
        """The unwrapped timestamp of a frame that arrived ``at``, and whether it continues those before.

        One that doesn't, or that goes back, is placed after the last by the time that passed between the arrivals.
        """
        number = self._unwrapper.unwrap(timestamp)
        continued = not self._restarted and (self._last is None or number > self._last)
        if not continued and self._last is not None:
            number = self._last + max(1, (at - self._last_at) * self._rate // 1_000_000_000)
            self._unwrapper.rebase(timestamp, number)
        self._restarted = False
        self._last, self._last_at = number, at
        return number, continued

    def peek(self, timestamp: int) -> int:
        """Where a timestamp of a sender report lies."""
        return self._unwrapper.peek(timestamp)
