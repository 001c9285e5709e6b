"""When each sample is to be heard. Pure.

Sound with RTP timestamp T belongs at ``T / 48 kHz + O`` of our clock, and all of this file is about that offset O.
Three lines of the same slope are measured:

* arrival: the fastest packets of the last seconds; what comes later than that is jitter;
* floor: arrival + jitter + what the device itself needs, the earliest line that does not run dry;
* capture: when the sender captured T, where it says so.

Lips are in sync when sound is heard as long after its capture as the picture is seen after its own. So O is capture +
the picture's delay, but never before the floor, and never more than MAX_DELAY after arrival. Without capture times, O
is the floor. Where the floor is later than that by more than ``IN_STEP``, sound asks the picture to wait
(``hold_ns``): by what is beyond that, never for longer than the picture's mode allows, and only while there is
something to hear: a slide, a cursor or a silent film is shown as soon as it can be.

Jitter is judged as NetEq does: a packet that is later than nearly all others is concealed rather than waited for, and
trouble that is over is forgotten within seconds.
"""

from collections import deque
from statistics import median

from receiver.sound.window import Window

MS = 1_000_000
MAX_DELAY = 1000 * MS
MIN_JITTER = 10 * MS
MAX_JITTER = 300 * MS
"""More is a stall: sound stops and begins again, rather than be late for ever after."""
_STALL_NS = 500 * MS
"""Lateness over MAX_JITTER for this long: not a stall, the sender's timeline has moved."""
_DEVICE_GUESS = 50 * MS
"""Until the device has asked for the first time."""
_CAPTURE_SMOOTHING = 1 / 100
"""Weight of each new packet: 2 s at 50 packets a second, so that a sender report's small step makes no jump."""
_JUMP = 100 * MS
_IMPLAUSIBLE = 5000 * MS
"""A capture time this far from arrival is a broken mapping, and taken as none."""
_PICTURE_WINDOW = 2000 * MS
IN_STEP = 8 * MS
"""How much later than the picture sound may be without asking it to wait. With ``_NEAR_ENOUGH`` and what measuring is
worth, lips stay within 20 ms; ITU-R BT.1359-1 has sound that is 45 ms early or 125 ms late as noticed."""
_NEAR_ENOUGH = 4 * MS
_HOLD_TIME = 2000 * MS
"""Time constant of the hold: as long as the picture's measured delay takes to show it."""
_HEARD_NS = 5000 * MS
"""Sound is on until it has been silent for so long: longer than a speaker's pauses."""
_JITTER_BUCKETS, _JITTER_LEFT_OUT = 12, 2
"""Half seconds: of six seconds, two moments may be so late that they are concealed."""


def media_ns(timestamp: int) -> int:
    """Nanoseconds of an RTP timestamp at 48 kHz."""
    return timestamp * 62_500 // 3


class Sync:
    """One stream's sound in time. All times are ns of CLOCK_MONOTONIC. ``max_hold_ns``: the most a picture may wait."""

    def __init__(self, max_hold_ns: int = MAX_DELAY) -> None:
        self._max_hold = max_hold_ns
        self._device = Window(20, 1)
        self._audible_at: int | None = None
        self._pictures: deque[tuple[int, int]] = deque(maxlen=256)
        self._picture: int | None = None
        self.hold_ns = 0
        self._forget()

    def _forget(self) -> None:
        self._transit = Window(40)
        self._late = Window(_JITTER_BUCKETS, _JITTER_LEFT_OUT)
        self._arrival: int | None = None
        self._capture: int | None = None
        self._late_since: int | None = None

    def arrived(self, timestamp: int, complete_ns: int, capture_ns: int | None) -> None:
        """Sound that begins at ``timestamp`` was complete at ``complete_ns`` and captured at ``capture_ns``."""
        transit = complete_ns - media_ns(timestamp)
        self._transit.add(complete_ns, transit)
        self._arrival = self._transit.low()
        late = transit - self._arrival
        if late <= MAX_JITTER:
            self._late_since = None
        elif self._late_since is None:
            self._late_since = complete_ns
        elif complete_ns - self._late_since > _STALL_NS:
            self._forget()
            self.arrived(timestamp, complete_ns, capture_ns)
            return
        self._late.add(complete_ns, min(late, MAX_JITTER))
        self._captured(transit, None if capture_ns is None else capture_ns - media_ns(timestamp))

    def _captured(self, transit: int, line: int | None) -> None:
        if line is None or abs(transit - line) > _IMPLAUSIBLE:
            return
        if self._capture is None or abs(line - self._capture) > _JUMP:
            self._capture = line
        else:
            self._capture += round((line - self._capture) * _CAPTURE_SMOOTHING)

    def audible(self, now: int) -> None:
        """What came at ``now`` can be heard."""
        self._audible_at = now

    def asked(self, now: int, heard_ns: int, block_ns: int) -> None:
        """The device asked, at ``now``, for a block that is heard from ``heard_ns`` on."""
        self._device.add(now, max(0, min(heard_ns - now + block_ns, MAX_DELAY)))

    def saw(self, now: int, delay_ns: int | None) -> None:
        """The picture's delay from capture to screen, as measured at ``now``; None: there is no picture to follow."""
        if delay_ns is None:
            self._pictures.clear()
            self._picture = None
            self.hold_ns = 0
            return
        elapsed = min(now - self._pictures[-1][0], MAX_DELAY) if self._pictures else 0
        self._pictures.append((now, delay_ns))
        while now - self._pictures[0][0] > _PICTURE_WINDOW:
            self._pictures.popleft()
        # The median, since one frame that froze must not move the sound.
        self._picture = int(median(delay for _, delay in self._pictures))
        self._steer_hold(now, elapsed)

    def _steer_hold(self, now: int, elapsed: int) -> None:
        # The measured delay has the hold in it already, so the hold is an integral of what is still missing.
        if self._arrival is None or self._capture is None or self._picture is None:
            return
        missing = self._floor(self._arrival) - (self._capture + self._picture) - IN_STEP
        silent = self._audible_at is None or now - self._audible_at > _HEARD_NS
        if silent:
            missing = -self.hold_ns
        if silent or abs(missing) > _NEAR_ENOUGH:
            self.hold_ns += missing * elapsed // _HOLD_TIME
            self.hold_ns = max(0, min(self.hold_ns, self._max_hold))

    def _floor(self, arrival: int) -> int:
        return arrival + self.jitter_ns() + self.device_ns()

    def jitter_ns(self) -> int:
        """How long a packet waits so that a later one is in time."""
        return max(MIN_JITTER, self._late.high())

    def device_ns(self) -> int:
        """From the device's question to the last sample of its answer being heard."""
        try:
            return self._device.high()
        except ValueError:
            return _DEVICE_GUESS

    def offset_ns(self) -> int | None:
        """O: when media time zero would be heard. None before the first packet."""
        if self._arrival is None:
            return None
        floor = self._floor(self._arrival)
        if self._capture is None or self._picture is None:
            return floor
        return min(max(self._capture + self._picture, floor), self._arrival + MAX_DELAY)

    def position(self, heard_ns: int) -> float | None:
        """The media time, in samples, that belongs at ``heard_ns``."""
        offset = self.offset_ns()
        return None if offset is None else (heard_ns - offset) * 3 / 62_500

    def against_picture_ns(self, position: float, heard_ns: int) -> int | None:
        """How much later than the picture sound is, where both capture times are known."""
        if self._capture is None or self._picture is None:
            return None
        return heard_ns - round(position * 62_500 / 3) - self._capture - self._picture
