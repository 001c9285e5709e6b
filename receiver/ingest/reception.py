"""All media of one sender: decrypted RTP and RTCP in, encoded frames and feedback out. Pure."""

from collections.abc import Callable

from receiver.ingest import feedback, red, rtp
from receiver.ingest.answer import START_KBPS, Plan
from receiver.ingest.audio import AudioStream
from receiver.ingest.brake import Brake
from receiver.ingest.delivery import Counters, Delivery, Sink
from receiver.ingest.depacketize import DEPACKETIZERS
from receiver.ingest.forward_error_correction import Repairer, Unpacker
from receiver.ingest.header_prediction import HeaderPrediction
from receiver.ingest.queueing import SendingClock
from receiver.ingest.remb import BandwidthEstimator
from receiver.ingest.rtp import RtpPacket
from receiver.ingest.sections import Sections
from receiver.ingest.stats import SourceStats
from receiver.ingest.twcc import INTERVAL_NS, ArrivalRecorder
from receiver.ingest.video import Format, VideoStream
from receiver.media import CLOCK_RATE, Kind

REPORT_NS = 1_000_000_000
PLIS_BEFORE_FIR = 2
"""Requests for a keyframe that go unanswered before the sender is ordered to make one."""
MAX_SOURCES = 16
"""Retransmission and other sources that receiver reports tell of; further ones are received, but not reported."""


Way = Callable[[RtpPacket, bytes, int], None]
"""What is done with a packet: itself, the bytes it came as, and when."""


class Reception:
    """One thread calls everything here.

    ``rtp`` and ``rtcp`` take packets, ``poll`` returns the RTCP that is due, and ``deadline`` says when to call it
    again. ``now`` in monotonic ns, everywhere.
    """

    def __init__(self, stream: int, plan: Plan, local_ssrc: int) -> None:
        self._plan = plan
        self._local_ssrc = local_ssrc
        self.counters = Counters()
        formats = {number: Format(codec, DEPACKETIZERS[codec]()) for number, codec in plan.video.items()}
        self._video = VideoStream(formats, self.counters.dropped)
        self._audio = AudioStream(self.counters.dropped)
        self._delivery = Delivery(stream, plan, self._video, self.counters)
        self._video_source = self._delivery.sources["video"]
        read = plan.capture_time_id, plan.colour_space_id, plan.playout_delay_id
        self._extensions = plan.transport_cc_id, *read, plan.mid_id, plan.send_time_id
        self._prediction = HeaderPrediction(plan.transport_cc_id, {*read} - {0}, plan.mid_id)
        self._ways = self._routes()
        self._sections = Sections(plan.mids, plan.ssrcs, self._ways, self.counters.dropped)
        self._new_parity()
        self._stats: dict[int, SourceStats] = {}
        self._run = self._run_bytes = 0
        self._run_stats = SourceStats(0, CLOCK_RATE["video"])
        self._arrivals = ArrivalRecorder()
        self._feedback_at: int | None = None
        self._report_at: int | None = None
        self._due: int | None = None
        self._bandwidth = BandwidthEstimator(1000 * START_KBPS) if plan.remb and not plan.transport_cc_id else None
        self._sending = SendingClock()
        self._brake = Brake() if plan.remb and plan.transport_cc_id and plan.send_time_id else None
        self._fir_command = 0
        self.ended = False

    def _new_parity(self) -> None:
        plan = self._plan
        self._parity = Unpacker(plan.ulpfec, plan.transport_cc_id, plan.capture_time_id)
        self._repairer = None if plan.flexfec is None else Repairer(plan.transport_cc_id, plan.capture_time_id)

    # ---- the stage's side

    def attach(self, sink: Sink | None) -> None:
        """Send frames there from now on, beginning with a keyframe; None: nowhere."""
        self._delivery.sink = sink
        self.request_keyframe()

    def request_keyframe(self) -> None:
        """The decoder can't go on without a keyframe."""
        self._due = None
        self._video.broken()

    # ---- the sender's side

    def rtp(self, data: bytes, now: int) -> None:
        """Take a decrypted RTP packet. Raises RtpError."""
        prediction = self._prediction
        if prediction.fits(data) and self._video.append(data[prediction.start :], now):
            self._run += 1
            self._run_bytes += len(data)
            number = prediction.transport_sequence
        else:
            number = self._unpredicted(data, now)
        if number is not None:
            self._arrivals.add(number, now)
            if self._feedback_at is None:
                self._feedback_at = now + INTERVAL_NS
                self._due = None

    def _end_run(self) -> None:
        """Count the predicted packets."""
        if self._run:
            self.counters.packets += self._run
            self.counters.bytes += self._run_bytes
            self._run_stats.followed(self._run)
            self._run = self._run_bytes = 0

    def _unpredicted(self, data: bytes, now: int) -> int | None:
        """Its transport-wide sequence number."""
        self._due = None
        self._end_run()
        packet = rtp.parse(data, *self._extensions)
        self.counters.packets += 1
        self.counters.bytes += len(data)
        kind = self._sections.of(packet)
        if kind is None:
            self._prediction.forget()
            return packet.transport_sequence
        self._delivery.note(packet)
        stats = self._stats.get(packet.ssrc) or self._source_stats(packet.ssrc, kind)
        if stats:
            stats.packet(packet, now)
        if self._brake and packet.transport_sequence is not None and packet.send_time:
            self._brake.packet(packet.transport_sequence, packet.send_time, self.counters.bytes, now)
        if self._bandwidth and kind == "video" and packet.payload_type not in self._plan.rtx:
            self._bandwidth.packet(len(data), self._sending.place(packet.timestamp), now)
        self._ways[kind][packet.payload_type](packet, data, now)
        if kind == "video":
            self._predict(packet, data, stats)
        return packet.transport_sequence

    def _predict(self, packet: RtpPacket, data: bytes, stats: SourceStats | None) -> None:
        """Amid a frame that comes plainly the next packet is known but for its payload."""
        plain = packet.payload_type in self._plan.video and not self._bandwidth and not self._repairer
        if plain and stats and packet.ssrc == self._video_source.ssrc and self._video.amid_frame:
            self._run_stats = stats
            self._prediction.learn(data)
        else:
            self._prediction.forget()

    def _routes(self) -> dict[Kind, dict[int, Way]]:
        """What becomes of each payload type of a media section."""
        plan = self._plan
        ways: dict[Kind, dict[int, Way]] = {"video": {}, "audio": dict.fromkeys(plan.audio, self._sound)}
        for number, inner in plan.red.items():
            ways["audio" if inner in plan.audio else "video"][number] = self._redundant
        ways["video"] |= dict.fromkeys(plan.rtx, self._repair)
        ways["video"] |= {} if plan.flexfec is None else {plan.flexfec: self._parity_beside}
        ways["video"] |= dict.fromkeys(plan.video, self._picture)
        return ways

    def _picture(self, packet: RtpPacket, data: bytes, now: int) -> None:
        if self._video_source.ssrc != packet.ssrc:
            self._follow(packet.ssrc, "video")
        if units := self._video.packet(packet, now):
            self._delivery.pictures(units, now)
        if self._repairer:
            self._rebuilt(self._repairer.media(packet, data), now)

    def _parity_beside(self, packet: RtpPacket, data: bytes, now: int) -> None:
        """FlexFEC: it protects the picture's packets and is none of them."""
        if self._repairer and packet.payload:
            self._rebuilt(self._repairer.parity(packet.payload), now)

    def _rebuilt(self, packets: list[RtpPacket], now: int) -> None:
        for one in packets:
            if one.ssrc == self._video_source.ssrc and one.payload_type in self._plan.video:
                self.counters.rebuilt += 1
                self._delivery.pictures(self._video.packet(one, now, repair=True, rebuilt=True), now)

    def _sound(self, packet: RtpPacket, data: bytes, now: int) -> None:
        self._follow(packet.ssrc, "audio")
        self._delivery.sounds(self._audio.packet(packet, now), now)

    def _repair(self, packet: RtpPacket, data: bytes, now: int) -> None:
        number = self._plan.rtx[packet.payload_type]
        original = rtp.unwrap_rtx(packet, number)
        if original is None or self._video_source.ssrc is None:
            return
        if number in self._plan.red:
            block = red.split(original.payload)[-1]
            if block.payload_type not in self._plan.video:
                return  # parity that comes again is late
            original = original._replace(payload_type=block.payload_type, payload=block.data)
        self._delivery.pictures(self._video.packet(original, now, repair=True), now)

    def _redundant(self, packet: RtpPacket, data: bytes, now: int) -> None:
        """A RED packet: sound with the sound before it, or video among its parity."""
        if self._plan.red[packet.payload_type] in self._plan.audio:
            self._follow(packet.ssrc, "audio")
            blocks = red.split(packet.payload)
            for back, block in zip(range(len(blocks) - 1, -1, -1), blocks, strict=True):
                if block.payload_type in self._plan.audio:
                    one = packet._replace(
                        payload_type=block.payload_type,
                        sequence=(packet.sequence - back) & 0xFFFF,
                        timestamp=(packet.timestamp - block.offset) & 0xFFFFFFFF,
                        payload=block.data,
                    )
                    self._delivery.sounds(self._audio.packet(one, now, again=back > 0), now)
            return
        self._follow(packet.ssrc, "video")
        for place, one in enumerate(self._parity.packets(packet, data)):
            if one.payload_type in self._plan.video or not one.payload:
                self._delivery.pictures(self._video.packet(one, now, repair=place > 0, rebuilt=place > 0), now)

    def _source_stats(self, ssrc: int, kind: Kind) -> SourceStats | None:
        if len(self._stats) < MAX_SOURCES:
            self._stats[ssrc] = SourceStats(ssrc, CLOCK_RATE[kind])
        return self._stats.get(ssrc)

    def _follow(self, ssrc: int, kind: Kind) -> None:
        """The newest source of a kind is the one: a sender that begins anew does so under another number."""
        source = self._delivery.sources[kind]
        if source.ssrc == ssrc:
            return
        if source.ssrc is not None:
            (self._video if kind == "video" else self._audio).restart()
            if kind == "video":
                self._new_parity()
                self._sending = SendingClock()
                if self._bandwidth:
                    self._bandwidth.restart()
            self._delivery.restart(kind)
        source.ssrc = ssrc

    def rtcp(self, data: bytes, now: int) -> None:
        """Take a decrypted compound RTCP packet. Raises RtcpError."""
        self._due = None
        for report in feedback.parse(data):
            if isinstance(report, feedback.Bye):
                self.ended |= self._video_source.ssrc in report.ssrcs
                continue
            if stats := self._stats.get(report.ssrc):
                stats.sender_report(report, now)
            self._delivery.report(report, now)

    # ---- feedback

    def poll(self, now: int) -> list[bytes]:
        """Give up what is overdue, and return the RTCP packets to send now."""
        self._due = None
        self._end_run()
        self._delivery.pictures(self._video.give_up(now), now)
        self._delivery.sounds(self._audio.give_up(now), now)
        out: list[bytes] = []
        video_ssrc = self._video_source.ssrc
        if video_ssrc is not None:
            missing = self._video.missing(now)
            if missing and self._plan.nack:
                self.counters.nacks += 1
                out.append(feedback.nack(self._local_ssrc, video_ssrc, missing))
            if self._video.gate.closed and self._delivery.ready and self._video.gate.due(now):
                self.counters.plis += 1
                out += self._keyframe_request(video_ssrc)
        if self._feedback_at is not None and now >= self._feedback_at:
            self._feedback_at = None
            out += self._arrivals.build(self._local_ssrc, video_ssrc or 0)
        if self._brake and self._brake.word is not None:
            out.append(feedback.max_bitrate(self._local_ssrc, video_ssrc or 0, self._brake.word))
            self._brake.word = None
        if self._bandwidth and video_ssrc is not None and now >= self._bandwidth.due:
            bps = self._bandwidth.update(self._video_loss(video_ssrc), now)
            if bps is not None:
                out.append(feedback.max_bitrate(self._local_ssrc, video_ssrc, bps))
        if self._report_at is None or now >= self._report_at:
            self._report_at = now + REPORT_NS
            out.append(feedback.receiver_report(self._local_ssrc, [s.block(now) for s in self._stats.values()]))
        return out

    def _video_loss(self, ssrc: int) -> float:
        stats = self._stats.get(ssrc)
        return stats.fraction_lost / 256 if stats else 0.0

    def _keyframe_request(self, video_ssrc: int) -> list[bytes]:
        """PLI; where that was asked for in vain, or is not understood, FIR too, which is an order and not a hint."""
        tries = self._video.gate.tries
        if tries == 1:
            self._fir_command += 1
        out = [feedback.picture_loss(self._local_ssrc, video_ssrc)] if self._plan.pli else []
        if self._plan.fir and (not out or tries > PLIS_BEFORE_FIR):
            out.append(feedback.full_intra(self._local_ssrc, video_ssrc, self._fir_command))
        return out

    def deadline(self, now: int) -> int:
        """When to call ``poll`` next, at most a report interval away.

        It is found anew only after what may bring it forward; a predicted packet may put it off, and then an early call
        of ``poll`` does nothing.
        """
        if self._due is None:
            self._due = self._find_due(now)
        return self._due

    def _find_due(self, now: int) -> int:
        if self._brake and self._brake.word is not None:
            return now
        times = [self._feedback_at, self._report_at, self._video.deadline(), self._audio.deadline()]
        video_ssrc = self._video_source.ssrc
        if self._bandwidth and video_ssrc is not None:
            times.append(self._bandwidth.due)
        if self._video.gate.closed and video_ssrc is not None and self._delivery.ready:
            times.append(self._video.gate.deadline())
        return min((time for time in times if time is not None), default=now + REPORT_NS)

    @property
    def lost(self) -> int:
        """Packets lost on the way, all sources together, whether or not they were repaired."""
        return sum(max(0, stats.lost) for stats in self._stats.values())

    @property
    def round_trip_ns(self) -> int | None:
        """Estimated from how quickly lost packets were repaired; None while none was."""
        return self._video.loss.repair_ns if self._video.loss.repair_measured else None
