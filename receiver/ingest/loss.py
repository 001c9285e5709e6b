"""What to do about lost packets: ask again, in time give up, then insist on a keyframe. Pure.

The lesson behind it: a request may be lost as any packet may. So every request, for a packet or for a keyframe, is
repeated until it is answered or pointless.
"""

from dataclasses import dataclass

MAX_MISSING = 1024
"""Drop rule: with more packets missing than this, repairing is hopeless; the caller starts anew at a keyframe."""

FIRST_REPAIR_NS = 40_000_000
"""Guess of how long a repair takes, until the first has come."""
MIN_RETRY_NS, MAX_RETRY_NS = 10_000_000, 250_000_000
QUICKER, SLOWER = 1 / 4, 1 / 8
"""How far one answer moves the estimate. A quick one leaves no doubt which request it answers."""
MIN_PATIENCE_NS, MAX_PATIENCE_NS = 300_000_000, 1_500_000_000
"""How long a missing packet is waited for: six repair times, within these."""

REPAIR_OVERTAKEN_NS = 3_000_000
"""Repairs come in the order in which they were asked for, give or take this."""

MAX_OVERTAKEN_NS = 10_000_000
"""A packet that comes this much after those behind it was overtaken, not lost; for so long it pays to wait for it."""

PLI_SPACING_NS = 100_000_000
"""A keyframe is asked for at most this often, whatever the reasons."""
PLI_REPEAT_NS, PLI_REPEAT_MAX_NS = 250_000_000, 1_000_000_000
"""An unanswered request is repeated after the first, then twice that, up to the second."""


@dataclass(slots=True)
class _Missing:
    since: int
    due: int
    first_asked: int | None = None
    asked: int = 0
    tries: int = 0
    wait_ns: int = 0


class LossTracker:
    """The packets that others have overtaken. Sequence numbers are unwrapped ones."""

    def __init__(self) -> None:
        self._missing: dict[int, _Missing] = {}
        self._repair_ns = float(FIRST_REPAIR_NS)
        self._overtaken_ns = 0.0
        self.repair_measured = False

    def __len__(self) -> int:
        return len(self._missing)

    @property
    def repair_ns(self) -> int:
        """Smoothed time from first asking for a packet to having it; about one round trip.

        Where it was asked for twice nobody knows which request was answered. The first is the likelier, unless loss is
        beyond help; and to learn nothing from these would keep the estimate low for good once the way became longer.
        """
        return int(self._repair_ns)

    @property
    def retry_ns(self) -> int:
        return int(max(MIN_RETRY_NS, min(1.25 * self._repair_ns, MAX_RETRY_NS)))

    @property
    def patience_ns(self) -> int:
        return int(max(MIN_PATIENCE_NS, min(6 * self._repair_ns, MAX_PATIENCE_NS)))

    def gap(self, first: int, end: int, now: int) -> bool:
        """``first`` up to before ``end`` are missing. False: too many, give up on all.

        They are due at once; on a network that reorders, after the time by which it lately did.
        """
        if len(self._missing) + end - first > MAX_MISSING:
            return False
        for sequence in range(first, end):
            self._missing[sequence] = _Missing(now, now + int(self._overtaken_ns))
        return True

    def arrived(self, sequence: int, now: int, *, repair: bool) -> bool:
        """A packet came; True if it was missing. ``repair``: it was sent again, so it tells how long that takes."""
        entry = self._missing.pop(sequence, None)
        if entry is None:
            return False
        if not repair and now - entry.since <= MAX_OVERTAKEN_NS:
            self._overtaken_ns = max(0.95 * self._overtaken_ns, float(now - entry.since))
        if repair and entry.first_asked is not None:
            self._overtake(entry.first_asked, sequence, now)
            took = min(now - entry.first_asked, MAX_RETRY_NS)
            self._repair_ns += (QUICKER if took < self._repair_ns else SLOWER) * (took - self._repair_ns)
            self.repair_measured = True
        return True

    def _overtake(self, asked: int, sequence: int, now: int) -> None:
        """What was asked for before a packet that has come now should have come before it: that request was lost, or
        its answer (as RFC 8985 has it for TCP). It is asked for again, once it can't come a little late any more."""
        soon = now + int(max(self._overtaken_ns, REPAIR_OVERTAKEN_NS))
        for number, entry in self._missing.items():
            if entry.first_asked is not None and (entry.asked, number) < (asked, sequence) and soon < entry.due:
                entry.due, entry.tries = soon, 0

    def due(self, now: int) -> list[int]:
        """The packets to ask for now, rising; they count as asked.

        From the second request on the wait for an answer doubles each time: where a queue has grown on the way, answers
        come later than ever before, and all that is asked for meanwhile would fill the queue the more.
        """
        due = [sequence for sequence, entry in self._missing.items() if now >= entry.due]
        for sequence in due:
            entry = self._missing[sequence]
            entry.wait_ns = self.retry_ns if entry.tries < 2 else min(2 * entry.wait_ns, MAX_RETRY_NS)
            entry.tries += 1
            entry.asked = now
            if entry.first_asked is None:
                entry.first_asked = now
            entry.due = now + entry.wait_ns
        return sorted(due)

    def expired(self, now: int) -> int | None:
        """The highest packet that has been waited for long enough; it and all before it are forgotten."""
        patience = self.patience_ns
        last = max((number for number, entry in self._missing.items() if now - entry.since >= patience), default=None)
        if last is not None:
            self.forget(last + 1)
        return last

    def forget(self, end: int | None = None) -> None:
        """Miss nothing before ``end`` any more; None: nothing at all."""
        self._missing = {} if end is None else {n: entry for n, entry in self._missing.items() if n >= end}

    def deadline(self) -> int | None:
        """When to call ``due`` and ``expired`` next."""
        if not self._missing:
            return None
        due = min(entry.due for entry in self._missing.values())
        return min(due, min(entry.since for entry in self._missing.values()) + self.patience_ns)


class KeyframeGate:
    """Closed, it lets nothing pass but a keyframe, and asks for one until it comes. It starts closed.

    ``tries``: how often it has asked since it was closed.
    """

    def __init__(self) -> None:
        self.closed = True
        self._asked: int | None = None
        self._wanted = True
        self._wait_ns = PLI_REPEAT_NS
        self.tries = 0

    def close(self) -> None:
        """Frames that follow can't be decoded, or the decoder says it needs a keyframe."""
        self.closed = True
        self._wanted = True

    def passes(self, keyframe: bool) -> bool:
        """Whether to hand this frame on; a keyframe opens the gate."""
        if keyframe:
            self.closed = False
            self._wanted = False
            self.tries = 0
        return not self.closed

    def arriving(self, now: int) -> None:
        """A part of a keyframe came: no need to ask for another while it does."""
        if self.closed:
            self._asked = now
            self._wanted = False
            self._wait_ns = PLI_REPEAT_NS

    def due(self, now: int) -> bool:
        """Whether to ask for a keyframe now; it counts as asked."""
        deadline = self.deadline()
        if deadline is None or now < deadline:
            return False
        self._wait_ns = PLI_REPEAT_NS if self._wanted else min(2 * self._wait_ns, PLI_REPEAT_MAX_NS)
        self._wanted = False
        self._asked = now
        self.tries += 1
        return True

    def deadline(self) -> int | None:
        """When to call ``due`` next; None while open."""
        if not self.closed:
            return None
        if self._asked is None:
            return 0
        return self._asked + (PLI_SPACING_NS if self._wanted else self._wait_ns)
