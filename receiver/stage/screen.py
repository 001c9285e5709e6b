"""The presenter's thread: at each VSync, what is due is drawn; between them it sleeps."""

import logging
import threading
from collections.abc import Callable
from typing import Protocol

import pygame

from receiver.clock import Clock
from receiver.errors import BackendUnavailable
from receiver.link import Scene, SetLayout, SetPicture
from receiver.media import Picture
from receiver.pace.missed import missed
from receiver.present.api import Flip, Presenter
from receiver.stage.alarm import Alarm
from receiver.stage.channel import Channel
from receiver.stage.glass import Glass
from receiver.threads import NamedThread

log = logging.getLogger(__name__)

TICK_NS = 100_000_000
"""How often the clock, the idle screen and the patches over pictures are looked at, and while no picture comes the
window's events."""

STUCK_NS = 3_000_000_000
"""A round that takes longer than this does not come back: not even a change of the display's mode takes a second."""

CLOSE_S = 0.8
"""For the display to be given back, within the second that whoever started the process waits for it."""

AGAIN_NS, AGAIN_MOST_NS = 1_000_000_000, 10_000_000_000
"""When a screen that could not be had is asked for again: each time twice as late."""

MAX_REQUESTS = 16
"""Snapshots asked for and not yet taken; one more replaces the oldest."""


class Listener(Protocol):
    """What the screen tells; every method is called on its thread and must not block."""

    def live(self, channel: Channel) -> None:
        """The stream's first picture is on the screen."""

    def presented(self, channel: Channel, picture: Picture) -> None:
        """The picture is on the screen; its stamps are complete."""

    def snapshot(self, requests: list[int], surface: pygame.Surface) -> None:
        """A copy of the screen for these requests."""

    def changed(self) -> None:
        """The output has another size or rate, or is another screen."""

    def closed(self) -> None:
        """Someone closed the window; the thread has ended."""


class Screen:
    """Owns the output. ``open_output`` runs on the presenter's thread, as does every call into the display library.
    ``scene``: what is shown from the first VSync on. ``again``: whether a better output than headless may be there by
    now, which ``open_output`` is asked for again until it comes."""

    def __init__(
        self,
        open_output: Callable[[], tuple[Presenter, str]],
        clock: Clock,
        listener: Listener,
        scene: Scene,
        again: Callable[[], bool] = lambda: False,
    ) -> None:
        self._open_output = open_output
        self._clock = clock
        self._listener = listener
        self._again = again
        self._again_ns = AGAIN_NS
        self._again_at = clock.now() + AGAIN_NS
        self._lock = threading.Lock()
        self._alarm = Alarm()
        self._channels: list[Channel] = []
        self._scene = scene
        self._layout = SetLayout()
        self._requests: list[int] = []
        self._changed = True
        """Something other than a picture asks to be looked at."""
        self._look_at = 0
        self._stopping = False
        self._glass: Glass
        self._flip: Flip | None = None
        self._beat_ns = clock.now()
        self._thread = NamedThread("present", self._run)
        self._opened = threading.Event()
        self._failure: Exception | None = None
        self.reason = ""

    def open(self) -> None:
        """Open the output; returns when it stands. Raises BackendUnavailable."""
        self._thread.start()
        self._opened.wait()
        if self._failure is not None:
            raise self._failure

    def close(self) -> bool:
        """End the thread and give the output back; False if a display library does not return."""
        with self._lock:
            self._stopping = True
            self._ring()
        self._thread.join(CLOSE_S)
        return not self._thread.is_alive()

    @property
    def presenter(self) -> Presenter:
        """There once it is open."""
        return self._glass.presenter

    @property
    def scene(self) -> Scene:
        return self._scene

    def alive(self) -> bool:
        """Whether the presenter's thread still goes round; any thread."""
        return self._clock.now() - self._beat_ns < STUCK_NS

    def next_vsync(self, after_ns: int) -> int:
        """As the output that there is now has it; any thread."""
        return self._glass.presenter.next_vsync(after_ns)

    def nudge(self) -> None:
        """Let the presenter look at once at what it polls for."""
        with self._lock:
            self._ring()

    def set_scene(self, scene: Scene) -> None:
        with self._lock:
            self._scene = scene
            self._ring()

    def set_layout(self, layout: SetLayout) -> None:
        """Share the screen among the pictures like this, now and for all that come."""
        with self._lock:
            self._layout = layout
            self._ring()

    def attach(self, channel: Channel) -> None:
        """Put a stream on the screen, from its first picture on."""
        with self._lock:
            self._channels.append(channel)
            self._tell_alone()

    def detach(self, channel: Channel) -> None:
        with self._lock:
            self._channels.remove(channel)
            self._tell_alone()
            self._ring()

    def _tell_alone(self) -> None:
        """Let each pacer know whether other streams' pictures are drawn by the same flips; under the lock."""
        for channel in self._channels:
            channel.pacer.alone = len(self._channels) == 1

    def push(self, channel: Channel, picture: Picture) -> None:
        """Queue a decoded picture; any thread."""
        with self._lock:
            now = self._clock.now()
            channel.push(picture, now)
            if (wake := channel.pacer.wake_at(now)) is not None:
                self._alarm.ring_at(wake, now)

    def renew(self, channel: Channel) -> None:
        """Tell again that the stream is live, with the first picture from now on; until then the last one stays."""
        with self._lock:
            channel.pacer.restart()
            channel.renewed = True

    def pause(self, channel: Channel, paused: bool) -> None:
        with self._lock:
            channel.pause(paused)
            self._ring()

    def set_picture(self, channel: Channel, wanted: SetPicture) -> None:
        """Turn and size the channel's pictures like this from now on."""
        with self._lock:
            channel.shape.wanted = wanted
            self._ring()

    def request_snapshot(self, request: int) -> int | None:
        """Ask for a copy of the screen; returns the request that had to give way, if one had to."""
        with self._lock:
            self._requests.append(request)
            self._ring()
            return self._requests.pop(0) if len(self._requests) > MAX_REQUESTS else None

    def queues(self, channel: Channel) -> tuple[dict[str, int], int]:
        """Pictures that the channel's pacer dropped, by cause, and those it showed late."""
        with self._lock:
            return dict(channel.pacer.dropped), channel.pacer.shown_late

    def set_hold(self, channel: Channel, hold_ns: int) -> None:
        """Show the channel's pictures later by so much, for the sound's sake."""
        with self._lock:
            channel.pacer.hold_ns = hold_ns

    def set_playout(self, channel: Channel, limits: tuple[int, int] | None) -> None:
        """Keep the channel's pictures within what its sender wants: ``EncodedFrame.playout``."""
        channel.pacer.playout = limits

    def captured(self, channel: Channel, timestamp: int) -> int | None:
        """When the picture of that timestamp was captured, on our clock, where the sender's reports tell."""
        with self._lock:
            return channel.pacer.timeline.captured(timestamp)

    def _run(self) -> None:
        try:
            self._begin(*self._open_output())
        except Exception as error:  # noqa: BLE001 - raised again by open(), on the thread that asked
            self._failure = error
            return
        finally:
            self._opened.set()
        try:
            told, name = self._glass.facts, str(self.presenter)
            while self.presenter.poll():
                self._beat_ns = self._clock.now()
                if self.presenter.output == "headless":
                    self._look_again(self._beat_ns)
                if told != (told := self._glass.facts):
                    self.reason = self.reason.replace(name, name := str(self.presenter))
                    self._retime()
                    self._listener.changed()
                if not self._step():
                    return
            self._listener.closed()
        finally:
            self.presenter.close()

    def _begin(self, presenter: Presenter, reason: str) -> None:
        self._glass, self._flip, self.reason = Glass(presenter), None, reason

    def _look_again(self, now: int) -> None:
        """Another program may have had the screen, and let go of it. Where it takes the system's SDL we end, and the
        next stage begins with that."""
        if now < self._again_at or not self._again():
            return
        try:
            presenter, reason = self._open_output()
        except (BackendUnavailable, OSError) as error:
            log.debug("still no screen: %s", error)
        else:
            if presenter.output != "headless":
                log.info("there is a screen now: %s", reason)
                self.presenter.close()
                self._begin(presenter, reason)
                return
            presenter.close()
        self._again_ns = min(2 * self._again_ns, AGAIN_MOST_NS)
        self._again_at = self._clock.now() + self._again_ns

    def _retime(self) -> None:
        """The screen may have another rate."""
        with self._lock:
            for channel in self._channels:
                channel.pacer.period_ns = self._glass.period_ns

    def _step(self) -> bool:
        with self._lock:
            now = self._clock.now()
            fresh = [channel for channel in self._channels if channel.choose(now)]
            channels, scene, layout = list(self._channels), self._scene, self._layout
            requests, self._requests = self._requests, []
            anew, self._changed = self._changed or now >= self._look_at, False
        if anew:
            self._look_at = now + TICK_NS
        if anew or fresh:
            self._show(scene, layout, channels, fresh, now, anew)
        if requests:
            self._listener.snapshot(requests, self.presenter.snapshot())
        with self._lock:
            if self._stopping:
                return False
            now = self._clock.now()
            wakes = [channel.pacer.wake_at(now) for channel in self._channels]
            next_look = now if self._changed else self._look_at
            self._alarm.ring_at(min([next_look, *(wake for wake in wakes if wake is not None)]), now)
        self._alarm.sleep()
        return True

    def _ring(self) -> None:
        """Let the presenter's thread look at once; under the lock."""
        self._changed = True
        now = self._clock.now()
        self._alarm.ring_at(now, now)

    def _show(
        self, scene: Scene, layout: SetLayout, channels: list[Channel], fresh: list[Channel], now: int, anew: bool
    ) -> None:
        shown, flip = self._glass.show(scene, layout, channels, now, anew)
        if flip is not None:
            for channel in shown:
                self._tell(channel, channel in fresh, flip, now)
            self._flip = flip
        for channel in fresh:
            if channel not in shown:
                channel.counters.drop("dark" if scene.dark else "hidden")
        alone = shown[0] if len(shown) == 1 and shown[0].film else None
        with self._lock:
            interval_ns = None if alone is None else alone.pacer.film_interval_ns
        self._glass.follow_film(alone is not None, interval_ns, now)

    def _tell(self, channel: Channel, fresh: bool, flip: Flip, began: int) -> None:
        picture = channel.current  # as the sender gave it, however it lies on the screen
        assert picture is not None
        if channel.live_since is None or (fresh and channel.renewed):
            channel.live_since, channel.renewed = channel.live_since or flip.on_screen_ns, False
            self._changed = True  # what is laid over pictures depends on which are live
            self._listener.live(channel)
        if fresh:
            with self._lock:
                channel.pacer.rendered(flip.taken_ns - began)
            period = self._glass.period_ns
            if channel.due is not None and (cause := missed(channel.due, began, flip, self._flip, period)):
                channel.counters.miss(cause)
            self._listener.presented(channel, picture.stamped(on_screen=flip.on_screen_ns))
