"""From whole frames and packets of sound to what the stage takes, each with its times on our clock. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from receiver.ingest import playout
from receiver.ingest.access_unit import DepacketizeError
from receiver.ingest.answer import Plan
from receiver.ingest.audio import Sound
from receiver.ingest.clock_map import CaptureClock, WallClock
from receiver.ingest.colours import ColourTrack
from receiver.ingest.depacketize import DEPACKETIZERS
from receiver.ingest.feedback import SenderReport
from receiver.ingest.rtp import RtpPacket
from receiver.ingest.timeline import Timeline
from receiver.ingest.video import Unit, VideoStream
from receiver.media import CLOCK_RATE, EncodedFrame, Kind


class Sink(Protocol):
    """Where frames go. ``ready``: whether it would take one now."""

    @property
    def ready(self) -> bool: ...

    def send(self, frame: EncodedFrame) -> bool:
        """True if it was taken; never waits."""


@dataclass
class Counters:
    """Since the stream began; ``dropped`` counts packets and frames by cause."""

    packets: int = 0
    bytes: int = 0
    frames: int = 0
    nacks: int = 0
    plis: int = 0
    rebuilt: int = 0
    dropped: Counter[str] = field(default_factory=Counter)


@dataclass
class Source:
    """What is kept for each kind of media: which synchronisation source it is, and its clocks."""

    capture: CaptureClock
    timeline: Timeline
    ssrc: int | None = None


class Delivery:
    """``sink``: where frames go, if anywhere. A picture that it refuses breaks ``video`` up to the next keyframe."""

    def __init__(self, stream: int, plan: Plan, video: VideoStream, counters: Counters) -> None:
        self._stream = stream
        self._codecs = plan.audio
        self._video = video
        self._counters = counters
        wall = WallClock()
        self.sources: dict[Kind, Source] = {
            kind: Source(CaptureClock(wall, CLOCK_RATE[kind]), Timeline(CLOCK_RATE[kind])) for kind in CLOCK_RATE
        }
        self.sink: Sink | None = None
        self._colours = ColourTrack()
        self._playout: playout.Limits | None = None
        self._sound_dropped = False

    @property
    def ready(self) -> bool:
        """Whether a frame would be taken now."""
        return self.sink is not None and self.sink.ready

    def note(self, packet: RtpPacket) -> None:
        """Keep what its header says of the pictures from there on."""
        if packet.colour_space:
            self._colours.note(packet.timestamp, packet.colour_space)
        if packet.playout_delay:
            self._playout = playout.read(packet.playout_delay) or self._playout

    def report(self, report: SenderReport, now: int) -> None:
        """The sender says which of its timestamps is what time."""
        for source in self.sources.values():
            if source.ssrc == report.ssrc and source.timeline.started:
                source.capture.report(report, source.timeline.peek(report.rtp_timestamp), now)

    def restart(self, kind: Kind) -> None:
        """Another source goes on; its clocks have nothing to do with those of the one before."""
        source = self.sources[kind]
        source.timeline.restart()
        source.capture.forget()
        if kind == "video":
            self._playout = None

    def pictures(self, units: list[Unit], now: int) -> None:
        for unit in units:
            if self.sink is None:
                self._refused("no_stage")
            elif self._video.gate.closed:  # an earlier one of these was refused
                self._counters.dropped["waiting_for_keyframe"] += 1
            else:
                self._picture(unit, now, self.sink)

    def _picture(self, unit: Unit, now: int, sink: Sink) -> None:
        timestamp, captured = self._times("video", unit.timestamp, unit.first_ns, unit.capture_time)
        frame = EncodedFrame(
            self._stream,
            "video",
            unit.codec,
            timestamp,
            unit.data,
            unit.keyframe,
            unit.discontinuity,
            unit.first_ns,
            now,
            captured,
            self._colours.of(unit.timestamp, unit.keyframe),
            self._playout,
        )
        self._counters.frames += 1
        if not sink.send(frame):
            self._refused("stage_behind")

    def _refused(self, cause: str) -> None:
        self._counters.dropped[cause] += 1
        self._video.broken()

    def sounds(self, sounds: list[Sound], now: int) -> None:
        for packet, gap, first_ns in sounds:
            codec = self._codecs[packet.payload_type]
            try:
                data = DEPACKETIZERS[codec]().assemble([packet.payload]).data
            except DepacketizeError:
                self._counters.dropped["malformed_frame"] += 1
                continue
            timestamp, captured = self._times("audio", packet.timestamp, first_ns, packet.capture_time)
            gap |= self._sound_dropped
            frame = EncodedFrame(self._stream, "audio", codec, timestamp, data, True, gap, first_ns, now, captured)
            self._sound_dropped = self.sink is None or not self.sink.send(frame)
            if self._sound_dropped:
                self._counters.dropped["no_stage" if self.sink is None else "stage_behind_audio"] += 1

    def _times(self, kind: Kind, timestamp: int, first_ns: int, stamped: bytes) -> tuple[int, int | None]:
        """The timestamp without wrapping, and when it was captured on our clock, where that is known."""
        source = self.sources[kind]
        number, continued = source.timeline.place(timestamp, first_ns)
        if not continued:
            source.capture.forget()
        source.capture.stamp(stamped, number, first_ns)
        return number, source.capture.capture_ns(number, first_ns)
