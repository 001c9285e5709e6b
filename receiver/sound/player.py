"""One stream's sound, from the decoder's thread to the device's."""

import threading
from collections import Counter
from collections.abc import Callable

import numpy as np

from receiver.clock import Clock
from receiver.sound.api import CHANNELS, RATE, Samples, Sink
from receiver.sound.buffer import QUIET, SampleBuffer
from receiver.sound.conceal import Continuation
from receiver.sound.rate import RateControl
from receiver.sound.seam import Floats, Seam
from receiver.sound.sync import MAX_DELAY, Sync

RESYNC = RATE // 10
"""Samples out of place beyond which sound jumps there; less is pulled there."""

LOOSE = RATE * 3 // 1000
"""Samples out of place beyond which sound moves there at once where it is silent, and nobody hears it move."""

Tap = Callable[[int, int, bytes], None]
"""``tap(timestamp, heard_ns, s16le stereo)``; runs on the device's thread."""


class Player:
    """Holds a stream's sound until its time, and gives the device what is to be heard then.

    Methods may be called from any thread. ``volume`` is 0 to 1. A paused player is silent and keeps nothing.
    ``max_hold_ns``: the most that the picture may wait for the sound.
    """

    def __init__(self, sink: Sink, clock: Clock, max_hold_ns: int = MAX_DELAY) -> None:
        self._sink = sink
        self._clock = clock
        self._lock = threading.Lock()
        self._buffer = SampleBuffer()
        self._sync = Sync(max_hold_ns)
        self._rate = RateControl()
        self._seam = Seam()
        self._continuation = Continuation()
        self._position: float | None = None
        self._waiting = False
        self._offset_ns: int | None = None
        self._gain = 1.0
        self._paused = False
        self._underruns = 0
        self._resyncs = 0
        self._dropped: Counter[str] = Counter()
        self._tap: Tap | None = None
        self.volume = 1.0
        self.muted = False
        sink.attach(self._render)

    def push(
        self,
        samples: Samples,
        timestamp: int,
        capture_ns: int | None,
        complete_ns: int,
        discontinuity: bool,
        concealed: Samples | None = None,
    ) -> None:
        """Take decoded sound, int16 (n, 2), that begins at ``timestamp`` (RTP, 48 kHz, unwrapped).

        ``discontinuity``: sound before it was lost; ``concealed`` is what the decoder made up to follow the last push.
        """
        with self._lock:
            self._sync.arrived(timestamp, complete_ns, capture_ns)
            if np.abs(samples).max(initial=0) > QUIET:
                self._sync.audible(self._clock.now())
            if self._paused:
                self._dropped["sound_paused"] += len(samples)
                return
            if discontinuity and concealed is not None:
                self._conceal(concealed, timestamp)
            self._dropped.update(self._buffer.write(samples, timestamp))

    def _conceal(self, made_up: Samples, until: int) -> None:
        after = self._buffer.end
        if 0 < until - after <= 2 * RATE:
            self._buffer.write(made_up[: until - after], after)

    def set_video_delay(self, delay_ns: int | None) -> None:
        """The picture's delay from capture to screen, with any hold in it; None when no picture is shown."""
        with self._lock:
            self._sync.saw(self._clock.now(), delay_ns)

    def wanted_hold_ns(self) -> int:
        """How long the picture should be held, in all, so that sound can be in step with it."""
        with self._lock:
            return self._sync.hold_ns

    def set_tap(self, tap: Tap | None) -> None:
        """Show every block that is heard to ``tap``, until None."""
        self._tap = tap

    @property
    def paused(self) -> bool:
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        with self._lock:
            if paused and not self._paused:
                self._dropped["sound_paused"] += self._buffer.end - self._buffer.start
                self._buffer.clear()
            self._paused = paused

    def stats(self) -> dict[str, object]:
        """``underruns``, ``resyncs``; ``dropped``: samples by cause; ``buffered_ms``; ``offset_ms``: sound later than
        the picture, or None; ``jitter_ms``, ``device_ms``: the parts of sound's least delay; ``drift_ppm``."""
        with self._lock:
            known = self._sync.offset_ns() is not None
            return {
                "underruns": self._underruns,
                "resyncs": self._resyncs,
                "dropped": dict(self._dropped),
                "buffered_ms": (self._buffer.end - self._buffer.start) * 1000 / RATE,
                "offset_ms": None if self._offset_ns is None else self._offset_ns / 1e6,
                "jitter_ms": self._sync.jitter_ns() / 1e6 if known else None,
                "device_ms": self._sync.device_ns() / 1e6,
                "drift_ppm": self._rate.drift * 1e6,
            }

    def close(self) -> None:
        """Leave the sink; the sink itself stays open."""
        self._sink.detach(self._render)

    def _render(self, n: int, heard_ns: int) -> Samples:
        with self._lock:
            self._sync.asked(self._clock.now(), heard_ns, n * 1_000_000_000 // RATE)
            wanted = None if self._paused else self._sync.position(heard_ns)
            jump = self._place(wanted, n)
            timestamp = None if self._position is None else int(self._position)
            sound = self._read(wanted, n, heard_ns)
            self._continuation.heard(sound)
            parts = [self._seam.join(sound, jump)]
            if len(sound) < n:
                missing = n - len(sound)
                parts.append(self._seam.join(self._continuation.carry_on(missing), jump or len(sound) > 0))
            out = self._loudness(np.concatenate(parts))
            tap = self._tap
        if timestamp is not None and tap is not None:
            tap(timestamp, heard_ns, out.tobytes())
        return out

    def _place(self, wanted: float | None, n: int) -> bool:
        """Decide where to read on, None for silence; True where that does not follow what was heard last."""
        before = self._position
        if before is not None and wanted is not None and abs(before - wanted) <= RESYNC:
            self._move_in_silence(before, wanted, n)
            return False
        self._waiting = False
        if wanted is None or self._buffer.ready(wanted, n, 1.0) < n:
            self._position = None
        else:
            self._position = wanted
            self._dropped["sound_skipped"] += max(0, int(wanted) - self._buffer.start)
        if before is not None and wanted is not None:
            self._resyncs += 1
        return before is not self._position

    def _move_in_silence(self, before: float, wanted: float, n: int) -> None:
        """Skip silence, or make it last a block longer, where that brings sound to its place."""
        self._waiting = before - wanted > max(LOOSE, n) and self._buffer.quiet(before, before + n)
        if wanted - before > LOOSE and self._buffer.quiet(before, wanted + n):
            self._position = wanted

    def _read(self, wanted: float | None, n: int, heard_ns: int) -> Floats:
        """Up to n samples from the place on, at the speed that keeps it."""
        if wanted is None:
            self._continuation.forget()
        if self._position is None or wanted is None:
            self._offset_ns = None
            return _silence(0)
        self._offset_ns = self._sync.against_picture_ns(self._position, heard_ns)
        if self._waiting:
            return _silence(n)
        ratio = self._rate.step((self._position - wanted) / RATE, n / RATE)
        ready = self._buffer.ready(self._position, n, ratio)
        sound = self._buffer.read(self._position, ready, ratio)
        self._position += n * ratio
        if ready < n:
            self._underruns += 1
            self._position = None
        return sound

    def _loudness(self, block: Floats) -> Samples:
        """The block at today's volume, reached in a ramp so that no step is heard."""
        target = 0.0 if self.muted else max(0.0, min(1.0, self.volume))
        if target != 1.0 or self._gain != 1.0:
            block = block * np.linspace(self._gain, target, len(block), dtype=np.float32)[:, None]
            self._gain = target
        return np.clip(np.rint(block), -32768, 32767).astype(np.int16)


def _silence(n: int) -> Floats:
    return np.zeros((n, CHANNELS), np.float32)
