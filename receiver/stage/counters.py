"""What happened to one stream's pictures, for ``StreamStats``."""

import statistics
import threading
from collections import Counter, deque

from receiver.link import StreamStats
from receiver.media import Picture

MAX_TRANSITS = 240
"""Pictures a second at most on any screen; more would only be the same median."""


class Counters:
    """Counted on the decode and presenter threads, read on the loop's."""

    def __init__(self, stream: int, now: int) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._since = now
        self._decoded = 0
        self._presented = 0
        self._presented_before = 0
        self._transits: deque[int] = deque(maxlen=MAX_TRANSITS)
        self._dropped: Counter[str] = Counter()
        self._missed: Counter[str] = Counter()
        self._codec = ""
        self._decoder = ""
        self._fallback = ""
        self._size = (0, 0)

    def decoded(self, codec: str, decoder: str, pictures: int) -> None:
        with self._lock:
            self._codec = codec
            self._decoder = decoder
            self._decoded += pictures

    def took_over(self, reason: str) -> None:
        """Another decoder goes on, for this reason."""
        with self._lock:
            self._fallback = reason

    def drop(self, cause: str, count: int = 1) -> None:
        with self._lock:
            self._dropped[cause] += count

    def miss(self, cause: str) -> None:
        """A picture was shown at a later VSync than it was due at."""
        with self._lock:
            self._missed[cause] += 1

    def presented(self, picture: Picture, on_screen_ns: int) -> None:
        with self._lock:
            self._presented += 1
            self._size = (picture.width, picture.height)
            self._transits.append(on_screen_ns - picture.stamps.first_packet)

    def report(
        self,
        now: int,
        dropped: dict[str, int],
        shown_late: int,
        audio_offset_ms: float | None,
        sound_dropped_ms: dict[str, int],
    ) -> StreamStats:
        """The last period's rate and median, and all that was counted, with what other queues ``dropped``."""
        with self._lock:
            seconds = max(now - self._since, 1) / 1e9
            fps = (self._presented - self._presented_before) / seconds
            transit = statistics.median(self._transits) / 1e6 if self._transits else 0.0
            self._since, self._presented_before = now, self._presented
            self._transits.clear()
            return StreamStats(
                stream=self._stream,
                codec=self._codec,
                width=self._size[0],
                height=self._size[1],
                fps=round(fps, 2),
                transit_ms=round(transit, 2),
                frames_decoded=self._decoded,
                frames_presented=self._presented,
                dropped=dict(self._dropped + Counter(dropped)),
                audio_offset_ms=audio_offset_ms,
                shown_late=shown_late,
                missed=dict(self._missed),
                sound_dropped_ms=sound_dropped_ms,
                decoder=self._decoder,
                fallback=self._fallback,
            )
