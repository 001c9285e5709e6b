"""One stream's sound: packets to samples on the loop's thread (0.1 ms a packet), then to the player."""

import logging
from collections.abc import Callable

from receiver.clock import Clock
from receiver.decode.api import SoundDecoder, SoundError
from receiver.decode.broadcast_audio import BroadcastAudioDecoder
from receiver.decode.opus import OpusDecoder
from receiver.errors import BackendUnavailable
from receiver.media import CLOCK_RATE, Codec, EncodedFrame
from receiver.sound.api import Sink
from receiver.sound.player import Player
from receiver.stage.counters import Counters

log = logging.getLogger(__name__)


class SoundTrack:
    """Begins with the stream's first packet: a silent stream costs the sink nothing."""

    def __init__(self, sink: Sink, clock: Clock, counters: Counters, max_hold_ns: int) -> None:
        self._sink = sink
        self._clock = clock
        self._counters = counters
        self._max_hold_ns = max_hold_ns
        self._decoder: SoundDecoder | None = None
        self._codec: Codec | None = None
        self._player: Player | None = None
        self._paused = False
        self._muted = False
        self._volume = 1.0
        self._tap: Callable[[int, int, bytes], None] | None = None
        self.on_begin: Callable[[], None] = lambda: None

    @property
    def begun(self) -> bool:
        """Whether the stream has sound."""
        return self._player is not None

    def push(self, frame: EncodedFrame) -> None:
        """Decode a packet and queue it. What is no packet of its codec is counted as ``sound_error``."""
        if frame.codec != self._codec:
            self._choose(frame.codec)
        if self._decoder is None:
            self._counters.drop("no_sound_decoder")
            return
        player = self._player or self._start()
        try:
            samples = self._decoder.decode(frame)
        except SoundError as error:
            log.info("%s", error)
            self._counters.drop("sound_error")
            return
        player.push(
            samples,
            self._decoder.timestamp,
            frame.capture_ns,
            frame.complete_ns,
            frame.discontinuity,
            self._decoder.concealed,
        )

    def _choose(self, codec: Codec) -> None:
        if self._decoder is not None:
            self._decoder.close()
        self._codec, self._decoder = codec, None
        try:
            self._decoder = OpusDecoder() if codec == "opus" else BroadcastAudioDecoder(codec)
        except BackendUnavailable as error:
            log.error("%s", error)

    def _start(self) -> Player:
        player = self._player = Player(self._sink, self._clock, self._max_hold_ns)
        player.paused = self._paused
        player.muted = self._muted
        player.volume = self._volume
        player.set_tap(self._tap)
        self.on_begin()
        return player

    def pause(self, paused: bool) -> None:
        self._paused = paused
        if self._player is not None:
            self._player.paused = paused

    def mute(self, muted: bool) -> None:
        """Play silence in the sound's place."""
        self._muted = muted
        if self._player is not None:
            self._player.muted = muted

    def set_volume(self, volume: float) -> None:
        """From 0 to 1, where it is not muted."""
        self._volume = volume
        if self._player is not None:
            self._player.volume = volume

    def set_tap(self, tap: Callable[[int, int, bytes], None] | None) -> None:
        self._tap = tap
        if self._player is not None:
            self._player.set_tap(tap)

    def picture_shown(self, delay_ns: int | None) -> int:
        """The picture's delay from capture to screen; returns for how long the picture should be held, in ns."""
        if self._player is None:
            return 0
        self._player.set_video_delay(delay_ns)
        return self._player.wanted_hold_ns()

    def stats(self) -> tuple[float | None, dict[str, int]]:
        """How much later than the picture the sound is, in ms, and how many ms of sound were dropped, by cause."""
        if self._player is None:
            return None, {}
        stats = self._player.stats()
        offset, dropped = stats["offset_ms"], stats["dropped"]
        assert offset is None or isinstance(offset, float)
        assert isinstance(dropped, dict)
        return offset, {cause: count * 1000 // CLOCK_RATE["audio"] for cause, count in dropped.items()}

    def close(self) -> None:
        if self._player is not None:
            self._player.close()
        if self._decoder is not None:
            self._decoder.close()
