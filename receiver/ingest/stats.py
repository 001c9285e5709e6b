"""Counting what one source sends, for its receiver reports (RFC 3550 section 6.4.1 and appendix A). Pure."""

from receiver.ingest.feedback import ReportBlock, SenderReport
from receiver.ingest.rtp import RtpPacket, Unwrapper

MAX_DROPOUT = 450
"""A jump over more packets than this is an outage or a sender that began anew, and not counted as loss (RFC 3550
appendix A.1; it has 3000, for slower media): told as loss it would have senders start again from next to no bitrate."""


class SourceStats:
    """One synchronisation source. ``rate``: its RTP clock in Hz; ``fraction_lost``: of the last report, in 1/256."""

    def __init__(self, ssrc: int, rate: int) -> None:
        self.ssrc = ssrc
        self._rate = rate
        self._sequences = Unwrapper(16)
        self._first: int | None = None
        self.received = 0
        self.fraction_lost = 0
        self._last_expected = 0
        self._last_received = 0
        self._jitter = 0.0
        self._transit: int | None = None
        self._last_timestamp: int | None = None
        self._last_sr = 0
        self._last_sr_at = 0

    def packet(self, packet: RtpPacket, now: int) -> None:
        """Count one packet of this source."""
        newest = self._sequences.highest
        sequence = self._sequences.unwrap(packet.sequence)
        if self._first is None or newest is None:
            self._first = sequence
        elif sequence - newest > MAX_DROPOUT:
            self._first += sequence - newest - 1
        self.received += 1
        if packet.timestamp != self._last_timestamp:  # the packets of a frame leave together but are paced: one counts
            self._last_timestamp = packet.timestamp
            transit = (now * self._rate // 1_000_000_000 - packet.timestamp) & 0xFFFFFFFF
            if self._transit is not None:
                step = (transit - self._transit) & 0xFFFFFFFF
                self._jitter += (min(step, 0x100000000 - step) - self._jitter) / 16
            self._transit = transit

    def followed(self, count: int) -> None:
        """Count so many more packets of the same frame, right behind the last."""
        self.received += count
        self._sequences.advance(count)

    def sender_report(self, report: SenderReport, now: int) -> None:
        self._last_sr = report.ntp >> 16 & 0xFFFFFFFF
        self._last_sr_at = now

    @property
    def lost(self) -> int:
        """Expected less received, as RFC 3550 has it: negative where packets came twice. Repairs by a retransmission
        stream are that stream's packets and don't lower it."""
        return self._expected - self.received

    @property
    def _expected(self) -> int:
        if self._first is None or self._sequences.highest is None:
            return 0
        return self._sequences.highest - self._first + 1

    def block(self, now: int) -> ReportBlock:
        """The report on the time since the last one."""
        expected, received = self._expected - self._last_expected, self.received - self._last_received
        self._last_expected, self._last_received = self._expected, self.received
        fraction = max(0, expected - received) * 256 // expected if expected > 0 else 0
        self.fraction_lost = min(fraction, 255)
        return ReportBlock(
            self.ssrc,
            self.fraction_lost,
            self.lost,
            self._sequences.highest or 0,
            int(self._jitter),
            self._last_sr,
            (now - self._last_sr_at) * 65536 // 1_000_000_000 if self._last_sr else 0,
        )
