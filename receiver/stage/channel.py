"""One stream as the presenter's thread sees it: what waits, what is shown, since when."""

from collections.abc import Callable
from typing import Literal

from receiver.media import Picture
from receiver.pace.missed import Due
from receiver.pace.pacer import Pacer
from receiver.present.overlay import Place, StreamView
from receiver.stage.counters import Counters
from receiver.stage.shape import Shape


class Channel:
    """Guarded by the lock of the screen it is on."""

    def __init__(
        self,
        stream: int,
        name: str,
        mode: Literal["interactive", "smooth"],
        counters: Counters,
        next_vsync: Callable[[int], int],
        period_ns: int,
    ) -> None:
        self.stream = stream
        self.name = name
        self.counters = counters
        self.film = mode == "smooth"
        self.shape = Shape(stream)
        self.pacer: Pacer[Picture] = Pacer(mode, next_vsync, period_ns)
        self.current: Picture | None = None
        self.due: Due | None = None
        """Of the current picture, when it was chosen."""
        self.live_since: int | None = None
        self.renewed = False
        """Another intake sends the stream, and no picture of it has been on the screen yet."""
        self.paused = False

    def push(self, picture: Picture, now: int) -> None:
        """Queue a decoded picture, unless the stream is paused."""
        stamps = picture.stamps
        if self.paused:
            self.counters.drop("paused")
            return
        assert stamps.decoded is not None
        queued = picture.stamped(queued=now)
        self.pacer.push(queued, picture.timestamp, stamps.complete, stamps.decoded, stamps.captured)

    def pause(self, paused: bool) -> None:
        self.paused = paused
        if paused:
            self.pacer.clear("paused")

    def choose(self, now: int) -> bool:
        """Make the picture that is due for the next VSync ``current``; False where none is."""
        choice = self.pacer.choose(now)
        if choice is None:
            return False
        self.due = choice.due
        self.current = choice.item.stamped(chosen=now)
        return True

    def view(self, place: Place | None) -> StreamView:
        """How the overlay sees it; ``place`` where it shares the screen with others."""
        return StreamView(self.name, self.paused, self.live_since, place)
