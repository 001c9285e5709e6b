"""Film on a screen of another rate: 24, 25, 30 or 50 pictures a second at 60 Hz, with the least judder. Pure.

The best cadence is what rounding exact times up to VSyncs gives: 3:2 for 24 on 60. It breaks where a picture's time
lies so near a VSync that a little wander takes it to the one before or after: 30 on 60 then stands for 1 and 3 VSyncs
instead of 2 and 2. Two things prevent that:

* The offset from timestamps to deadlines is held. It follows the wanted one only in whole steps, of a VSync divided by
  ``q``, where the sender's interval is a multiple of a ``q``-th of a VSync. A step moves all pictures that come after
  it alike, and is due as rarely as the two clocks allow: at 200 ppm once in 83 s for 30 on 60.
* Where there is such a ``q``, the pictures' times fall on ``q`` places between two VSyncs, and a slow servo keeps the
  VSync in the middle between two of those places: 30 on 60 then bears 8 ms of wander either way, 24 on 60 4 ms.

For ``early`` pictures that wander is not added to what jitter asks for: the VSync is the first that is late enough,
until the one before it is by ``SPARE_NS``. Where there is no such ``q`` nothing is held, and each keeps its own time.
"""

from collections import deque
from collections.abc import Callable
from statistics import fmean, median_low

MAX_PLACES = 6
"""60 on 50 needs 6, and 25 and 50 on 60 need 5; with more the places are closer than timestamps are exact."""
TOLERANCE = 0.02
"""Of the interval: 23.976 is taken for a 24 that drifts, as is what millisecond timestamps say of any rate. A browser
dates each picture of a screen by up to some milliseconds too early or late."""
SERVO_WEIGHT = 16
SPARE_NS = 1_500_000
STEPS = 96
LEAST_STEPS = 8
LOOKS = 8
"""Pictures from one look at the rate to the next."""
SAME = 0.5
"""Steps within so much of the median are one picture apart; the others had pictures lost or left out between them."""


class Cadence:
    """``offset``: what to add to a picture's own time, in ns, so that the next VSync after it is the picture's."""

    def __init__(self, next_vsync: Callable[[int], int], early: bool = False) -> None:
        self._next_vsync = next_vsync
        self._early = early
        self._steps: deque[int] = deque(maxlen=STEPS)
        self._looked = 0
        self._places: int | None = None
        self._last: int | None = None
        self._offset: int | None = None

    @property
    def offset(self) -> int | None:
        """None before the first picture, without a VSync to keep to, and for early pictures of no rate."""
        return self._offset

    def follow(self, pts_ns: int, wanted: int) -> None:
        """A picture of the time ``pts_ns`` came; ``wanted`` is the offset that jitter and the clocks ask for now.

        ``offset`` is never less than that, and at most a step and a half more; for early pictures half a step less, and
        at most ``SPARE_NS`` more than half a step.
        """
        if self._last is not None and pts_ns > self._last:
            self._steps.append(pts_ns - self._last)
        self._last = pts_ns
        held = wanted if self._offset is None else self._offset
        vsync = self._next_vsync(pts_ns + held)
        period = self._next_vsync(vsync + 1) - vsync
        if period <= 1:
            self._offset = None
            return
        places = self._look(period)
        if self._early and not places:
            self._offset = None
            return
        step = period // (places or 1)
        if self._offset is None:
            held += 0 if self._early else step // 2
        elif places:
            before = period - (vsync - pts_ns - held)
            held -= (before % step - step // 2) // SERVO_WEIGHT
        least, most = (-(step // 2), step // 2 + SPARE_NS) if self._early else (0, step + step // 2)
        if not wanted + least <= held <= wanted + most:
            held -= (held - wanted - least) // step * step
        self._offset = held

    def _look(self, period: int) -> int | None:
        """The ``q`` of this rate, where it has one."""
        if len(self._steps) >= LEAST_STEPS and self._looked % LOOKS == 0:
            self._places = self._find(period)
        self._looked += 1
        return self._places

    def _find(self, period: int) -> int | None:
        middle = median_low(self._steps)
        interval = fmean(step for step in self._steps if abs(step - middle) <= SAME * middle)
        for places in range(1, MAX_PLACES + 1):
            vsyncs = round(interval * places / period)
            if vsyncs and abs(interval * places - vsyncs * period) <= TOLERANCE * interval * places:
                return places
        return None
