"""One stream's decode thread: encoded frames in, pictures out, keyframes asked for."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import msgspec

from receiver.clock import Clock
from receiver.decode.api import DecodeError
from receiver.decode.failover import Failover
from receiver.decode.gate import KeyframeGate
from receiver.errors import BackendUnavailable
from receiver.media import Codec, EncodedFrame, Picture
from receiver.stage.backlog import Backlog
from receiver.stage.counters import Counters
from receiver.threads import NamedThread

log = logging.getLogger(__name__)

MIN_WAIT_S = 0.001

STUCK_NS = 2_000_000_000
"""A device that decodes one frame for so long does not come back; its thread can't be ended, only left behind."""

OpenDecoder = Callable[[Codec, Callable[[str], None]], Failover]
"""Opens a decoder, which gives the callable a sentence if another one has to go on in its place. Raises
BackendUnavailable."""


class VideoTrack:
    """``deliver`` gets each picture and ``request`` the cause of each keyframe request, both on the decode thread."""

    def __init__(
        self,
        stream: int,
        clock: Clock,
        counters: Counters,
        deliver: Callable[[Picture], None],
        request: Callable[[str], None],
        open_decoder: OpenDecoder,
    ) -> None:
        self._clock = clock
        self._counters = counters
        self._wake = threading.Condition()
        self._backlog = Backlog()
        self._begin: Callable[[], _Worker] = partial(
            _Worker, stream, clock, counters, deliver, request, open_decoder, self._wake, self._backlog
        )
        self._worker = self._begin()

    def push(self, frame: EncodedFrame) -> None:
        """Queue a frame; never waits. Drop rules are ``Backlog``'s."""
        with self._wake:
            before = self._backlog.dropped
            self._backlog.push(frame)
            behind = self._backlog.dropped - before
            self._wake.notify()
        if behind:
            self._counters.drop("decoder_behind", behind)
        if self._worker.stuck(self._clock.now()) and self._worker.leave_behind():
            self._worker = self._begin()

    def close(self) -> None:
        """End the thread after the frame it is at; waits for it briefly."""
        self._worker.end()


class _Worker:
    """A thread and the decoder that it alone uses."""

    def __init__(
        self,
        stream: int,
        clock: Clock,
        counters: Counters,
        deliver: Callable[[Picture], None],
        request: Callable[[str], None],
        open_decoder: OpenDecoder,
        wake: threading.Condition,
        backlog: Backlog,
    ) -> None:
        self._clock = clock
        self._counters = counters
        self._deliver = deliver
        self._request = request
        self._open_decoder = open_decoder
        self._wake = wake
        self._backlog = backlog
        self._ended = False
        self._gate = KeyframeGate(clock.now())
        self._codec: Codec | None = None
        self._decoder: Failover | None = None
        self._busy_since: int | None = None
        self._thread = NamedThread(f"decode-{stream}", self._run)
        self._thread.start()

    def stuck(self, now: int) -> bool:
        """Whether one frame has been with the decoder for far too long. From any thread."""
        since = self._busy_since
        return since is not None and now - since > STUCK_NS

    def leave_behind(self) -> bool:
        """Give up on a stuck decoder, if another backend can go on; its thread ends if it ever comes back."""
        if self._decoder is None or not self._decoder.abandon():
            return False
        with self._wake:
            self._ended = True
        return True

    def end(self) -> None:
        with self._wake:
            self._ended = True
            self._wake.notify_all()
        self._thread.join(timeout=0.3)

    def _run(self) -> None:
        while True:
            with self._wake:
                if not len(self._backlog) and not self._ended:
                    self._wake.wait(self._patience())
                if self._ended:
                    break
                frame = self._backlog.pop()
                overrun, self._backlog.overrun = self._backlog.overrun, False
            if overrun:
                self._gate.shut("decoder_behind", self._clock.now())
            if frame is not None:
                self._take(frame)
            if not self._ended and (cause := self._gate.request(self._clock.now())) is not None:
                self._request(cause)
        if self._decoder is not None:
            self._decoder.close()

    def _patience(self) -> float | None:
        deadline = self._gate.deadline()
        return None if deadline is None else max((deadline - self._clock.now()) / 1e9, MIN_WAIT_S)

    def _take(self, frame: EncodedFrame) -> None:
        now = self._clock.now()
        if not self._gate.admit(frame, now):
            self._counters.drop("waiting_for_keyframe")
            return
        decoder = self._decoder_for(frame.codec)
        if decoder is None:
            self._counters.drop("no_decoder")
            return
        self._busy_since = now
        try:
            pictures = decoder.decode(frame)
        except DecodeError as error:
            log.info("%s", error)
            self._counters.drop("decode_error")
            self._gate.shut("decode_error", self._clock.now())
            return
        finally:
            self._busy_since = None
        if self._ended:
            return
        self._counters.decoded(frame.codec, decoder.name, len(pictures))
        decoded = self._clock.now()
        for picture in pictures:
            stamps = msgspec.structs.replace(picture.stamps, decoding=now, decoded=decoded)
            self._deliver(replace(picture, stamps=stamps))

    def _took_over(self, reason: str) -> None:
        log.warning("%s", reason)
        self._counters.took_over(reason)

    def _decoder_for(self, codec: Codec) -> Failover | None:
        if codec != self._codec:
            self._codec = codec
            if self._decoder is not None:
                self._decoder.close()
            try:
                self._decoder = self._open_decoder(codec, self._took_over)
            except BackendUnavailable as error:
                log.error("%s", error)
                self._decoder = None
        return self._decoder
