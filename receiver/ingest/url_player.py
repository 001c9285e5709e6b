"""Plays one URL: sends each packet that was read ahead to the stage when it is due, and tells how it goes."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol

import msgspec

from receiver.clock import Clock
from receiver.errors import PeerError
from receiver.ingest.url_connect import Unreachable
from receiver.ingest.url_pace import Pace, Place, Unit
from receiver.ingest.url_reader import Reader
from receiver.ingest.url_source import About, Source
from receiver.link import UrlState
from receiver.media import CLOCK_RATE, EncodedFrame, Kind

OPEN_TIMEOUT_S = 15.0
"""In all, for opening: a server that answers a little at a time is no stream for anybody."""
TELL_S = 1.0
RETRY_S = 0.005
"""Between offers of a frame to a stage that has not caught up."""
NS = 1_000_000_000
MS = 1_000_000


class Outlet(Protocol):
    """Where frames go: the media link to the stage."""

    def send(self, frame: EncodedFrame) -> bool:
        """False where the stage is too far behind to take it."""

    def flush(self) -> bool:
        """Push what is left of the last frame; whether something still is."""


class UrlPlayer:
    """Lives on the loop. ``tell`` gets every change of state, and the position once a second."""

    def __init__(
        self, stream: int, open_source: Callable[[], Source], clock: Clock, tell: Callable[[UrlState], None]
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._tell = tell
        self._reader = Reader(open_source, clock, _OnLoop(self))
        self._moved = asyncio.Event()
        self._outlet: Outlet | None = None
        self._state = UrlState(stream, "opening")
        self._about: About | None = None
        self._pace = Pace("file")
        self._cut: set[Kind] = set()
        self._held = False
        self._failure: PeerError | None = None
        self.dropped = 0

    async def run(self) -> None:
        """Until the stream fails or this is cancelled; after the end of a film it waits for more commands."""
        self._report()
        self._reader.start()
        slow = asyncio.get_running_loop().call_later(OPEN_TIMEOUT_S, self._too_slow)
        ticker = asyncio.create_task(self._tick())
        try:
            await self._play()
        except PeerError as error:
            self._report(state="failed", reason=str(error))
        finally:
            slow.cancel()
            ticker.cancel()
            self._reader.close()

    def attach(self, outlet: Outlet | None) -> None:
        """Send there from now on. A new stage knows nothing, so a film goes back to its last keyframe."""
        again, self._outlet = self._outlet is not None, outlet
        self._cut = {"video", "audio"}
        if again and self._state.seekable and self._state.state in ("playing", "paused"):
            self._wind(self._state.position_ms * MS)
        self._moved.set()

    def pause(self) -> None:
        """Hold a film; what is live goes on unseen, since nobody waits for us."""
        if self._state.state == "playing":
            self._held = True
            if self._state.duration_ms is not None:
                self._pace.pause(self._clock.now())
            self._report(state="paused")

    def play(self) -> None:
        """Go on after a pause, or begin again after the end."""
        self._held = False
        if self._state.state == "paused":
            self._pace.play(self._clock.now())
            self._report(state="playing")
        elif self._state.state == "ended" and self._state.seekable:
            self.seek(0)
        self._moved.set()

    def seek(self, position_ns: int) -> None:
        """To the keyframe at or before the position."""
        if self._about is None or not self._about.seekable or self._about.duration_ns is None:
            self._report(reason="This can't be wound: it is live, or its server gives no ranges.")
            return
        self._wind(max(0, min(position_ns, self._about.duration_ns)))
        state = "playing" if self._state.state == "ended" else self._state.state
        self._report(state=state)
        self._moved.set()

    def _wind(self, position_ns: int) -> None:
        self._reader.seek(position_ns)
        self._pace.restart()
        self._cut = {"video", "audio"}
        self._state = msgspec.structs.replace(self._state, position_ms=position_ns // MS)

    # ---- what the reader tells

    def opened(self, about: About) -> None:
        self._about, self._pace = about, Pace(about.mode)
        if self._held and about.duration_ns is not None:
            self._pace.pause(self._clock.now())
        self._cut = {"video", "audio"}
        self._report(
            state="paused" if self._held else "playing",
            duration_ms=None if about.duration_ns is None else about.duration_ns // MS,
            seekable=about.seekable,
            reason=about.note,
        )

    def arrived(self) -> None:
        self._moved.set()

    def interrupted(self, error: PeerError) -> None:
        self._report(state="reconnecting", reason=f"{error} Trying to go on.")

    def failed(self, error: PeerError) -> None:
        self._failure = error
        self._moved.set()

    def _too_slow(self) -> None:
        if self._about is None:
            self.failed(Unreachable(f"The stream did not begin within {OPEN_TIMEOUT_S:.0f} s. Try again later."))

    # ---- sending

    async def _play(self) -> None:
        while True:
            self._moved.clear()
            if self._failure is not None:
                raise self._failure
            wait = self._step()
            if wait is None or wait > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._moved.wait()

    def _step(self) -> float | None:
        """Send what is due; for how many seconds nothing will be, None where something must happen first."""
        outlet = self._outlet
        there, unit = self._reader.head()
        if outlet is None:
            return None
        unsent = RETRY_S if outlet.flush() else None
        if not there or self._pace.paused:
            return unsent
        if unit is None:
            self._reader.pop()
            self._report(state="ended")
            return unsent
        now = self._clock.now()
        place = self._pace.place(unit, now)
        if place.due_ns > now:
            return min((place.due_ns - now) / NS, unsent or TELL_S)
        if outlet.send(self._frame(unit, place, now)):
            self._cut.discard(unit.kind)
        elif self._about is not None and self._about.mode == "file":
            return RETRY_S
        else:
            self.dropped += 1
            self._cut.add(unit.kind)
        self._reader.pop()
        self._state = msgspec.structs.replace(self._state, position_ms=max(0, unit.pts_ns // MS))
        return 0

    def _frame(self, unit: Unit, place: Place, now: int) -> EncodedFrame:
        assert self._about is not None, "packets come after what they are of"
        codec = self._about.video if unit.kind == "video" else self._about.audio
        assert codec is not None, "a packet of a stream that was left out"
        # A picture that is sent early, for others need it, would look late to the stage by the time it is shown.
        complete = place.at_ns + now - place.due_ns if unit.kind == "video" else now
        return EncodedFrame(
            stream=self._stream,
            kind=unit.kind,
            codec=codec,
            timestamp=place.at_ns * CLOCK_RATE[unit.kind] // NS,
            data=unit.data,
            keyframe=unit.keyframe,
            discontinuity=unit.kind in self._cut,
            first_packet_ns=complete,
            complete_ns=complete,
            capture_ns=place.at_ns,
            colours=unit.colours,
        )

    def _report(self, **changes: object) -> None:
        self._state = msgspec.structs.replace(self._state, **{"reason": "", **changes})
        self._tell(self._state)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TELL_S)
            if self._state.state == "playing":
                self._tell(self._state)


class _OnLoop:
    """Carries the reader's calls from its thread to the player on the loop, as long as there is one."""

    def __init__(self, player: UrlPlayer) -> None:
        self._player = player
        self._loop = asyncio.get_running_loop()

    def opened(self, about: About) -> None:
        self._call(self._player.opened, about)

    def arrived(self) -> None:
        self._call(self._player.arrived)

    def interrupted(self, error: PeerError) -> None:
        self._call(self._player.interrupted, error)

    def failed(self, error: PeerError) -> None:
        self._call(self._player.failed, error)

    def _call(self, method: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile, and everything with it
            self._loop.call_soon_threadsafe(method, *arguments)
