"""One stream's decode thread: encoded frames in, pictures out, keyframes asked for."""

import logging
import socket
from collections.abc import Callable
from functools import partial

from receiver.clock import Clock
from receiver.decode.api import DecodeError
from receiver.decode.failover import Failover
from receiver.decode.gate import KeyframeGate
from receiver.errors import BackendUnavailable
from receiver.media import Codec, EncodedFrame, Picture
from receiver.stage.backlog import Backlog
from receiver.stage.counters import Counters
from receiver.stage.inlet import Inlet
from receiver.threads import NamedThread

log = logging.getLogger(__name__)

MIN_WAIT_S = 0.001

STUCK_NS = 2_000_000_000
"""A device that decodes one frame for so long does not come back; its thread can't be ended, only left behind."""

OpenDecoder = Callable[[Codec, Callable[[str], None]], Failover]
"""Opens a decoder, which gives the callable a sentence if another one has to go on in its place. Raises
BackendUnavailable."""


class VideoTrack:
    """``arrived`` gets each frame, and ``deliver`` each picture, on the decode thread."""

    def __init__(
        self,
        stream: int,
        clock: Clock,
        counters: Counters,
        media: socket.socket,
        arrived: Callable[[EncodedFrame], None],
        deliver: Callable[[Picture], None],
        open_decoder: OpenDecoder,
    ) -> None:
        self._clock = clock
        self._inlet = Inlet(stream, media)
        self._begin: Callable[[], _Worker] = partial(
            _Worker, stream, clock, counters, self._inlet, Backlog(), arrived, deliver, open_decoder
        )
        self._worker = self._begin()

    def renew(self, media: socket.socket) -> None:
        """Take what another intake sends from now on; the decoder stays."""
        self._inlet.renew(media)

    def look(self) -> None:
        """Leave a decoder behind that hangs; call it from time to time."""
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
        inlet: Inlet,
        backlog: Backlog,
        arrived: Callable[[EncodedFrame], None],
        deliver: Callable[[Picture], None],
        open_decoder: OpenDecoder,
    ) -> None:
        self._clock = clock
        self._counters = counters
        self._inlet = inlet
        self._backlog = backlog
        self._arrived = arrived
        self._deliver = deliver
        self._open_decoder = open_decoder
        self._ended = self._left = False
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
        self._ended = self._left = True
        return True

    def end(self) -> None:
        self._ended = True
        self._inlet.end()
        self._thread.join(timeout=0.3)

    def _run(self) -> None:
        while not self._ended:
            self._fill(0 if len(self._backlog) else self._patience())
            if self._backlog.overrun:
                self._backlog.overrun = False
                self._gate.shut("decoder_behind", self._clock.now())
            if (frame := self._backlog.pop()) is not None:
                self._take(frame)
            if not self._ended and (cause := self._gate.request(self._clock.now())) is not None:
                self._inlet.request(cause)
        if self._decoder is not None:
            self._decoder.close()
        if not self._left:  # else another worker reads on
            self._inlet.close()

    def _fill(self, timeout_s: float | None) -> None:
        """Queue what has come; drop rules are ``Backlog``'s."""
        before = self._backlog.dropped
        for frame in self._inlet.receive(timeout_s):
            self._arrived(frame)
            self._backlog.push(frame)
        if behind := self._backlog.dropped - before:
            self._counters.drop("decoder_behind", behind)

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
            self._deliver(picture.stamped(decoding=now, decoded=decoded))

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
