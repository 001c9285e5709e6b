"""When feedback goes out for media that comes over QUIC (DDP.md section 9). Pure.

QUIC repairs losses itself and hides them, so what RTCP can tell is lateness. And a report is a packet in the other
direction of a connection that may be struggling: one that waits a little, or is replaced by the next, helps more than
one that competes with acknowledgements. What a decoder needs (NACK, PLI) never waits.
"""

from collections import deque
from dataclasses import dataclass

from receiver.ingest.feedback import RECEIVER_REPORT

PREDICT_RTT_NS = 150_000_000
"""Above this smoothed round trip time the loss predictor is on."""
MIN_HOLD_NS, MAX_HOLD_NS = 20_000_000, 80_000_000
"""How long a report is held while the congestion window is short of twice the bandwidth-delay product."""
COLLAPSE = 0.5
"""The pacer's bandwidth is collapsing while it is less than this share of what it was ``COLLAPSE_NS`` ago."""
COLLAPSE_NS = 1_000_000_000
MAX_SILENCE_NS = 5_000_000_000
"""A sender that hears nothing for longer takes the receiver for gone; so no collapse silences reports for longer."""
LATE_NS = 100_000_000
"""A frame that took this much longer than the quickest is of no more use than a lost one."""
QUICKEST_NS = 30_000_000_000
"""How long a quickest frame counts."""
MAX_SAMPLES = 128


@dataclass(frozen=True, slots=True)
class Path:
    """What is known of the connection: ``cwnd`` and ``bdp`` (bandwidth-delay product) in bytes, ``bandwidth`` of the
    sender's pacer in bit/s; None where nobody tells. A browser's connection tells none of the three."""

    smoothed_rtt_ns: int
    cwnd: int | None = None
    bdp: int | None = None
    bandwidth: int | None = None


class LossPredictor:
    """The share of frames that come so late that they are as good as lost, smoothed over about sixteen of them."""

    def __init__(self) -> None:
        self._quickest: deque[tuple[int, int]] = deque(maxlen=MAX_SAMPLES)  # (at, lag), lags rising
        self.share = 0.0

    def frame(self, lag_ns: int, now: int) -> None:
        """A frame was complete ``lag_ns`` after its capture, by clocks that need not agree."""
        while self._quickest and self._quickest[-1][1] >= lag_ns:
            self._quickest.pop()
        self._quickest.append((now, lag_ns))
        while self._quickest[0][0] < now - QUICKEST_NS:
            self._quickest.popleft()
        late = lag_ns - self._quickest[0][1] > LATE_NS
        self.share += (late - self.share) / 16


class FeedbackScheduler:
    """Between what the reception wants to say and what is sent. ``now`` in monotonic ns.

    Drop rule: one report waits at most; a newer one takes its place.
    """

    def __init__(self) -> None:
        self.predictor = LossPredictor()
        self._path = Path(0)
        self._bandwidths: deque[tuple[int, int]] = deque(maxlen=MAX_SAMPLES)  # (at, bit/s)
        self._held: bytes | None = None
        self._due: int | None = None
        self._sent_at: int | None = None

    def path(self, path: Path, now: int) -> None:
        """The connection as it is now."""
        self._path = path
        if path.bandwidth is not None:
            self._bandwidths.append((now, path.bandwidth))
        while self._bandwidths and self._bandwidths[0][0] < now - COLLAPSE_NS:
            self._bandwidths.popleft()

    @property
    def predicting(self) -> bool:
        """Whether reports tell of late frames as lost ones."""
        return self._path.smoothed_rtt_ns > PREDICT_RTT_NS

    def collapsing(self, now: int) -> bool:
        """Whether the pacer's bandwidth has just fallen to less than half."""
        recent = [bandwidth for at, bandwidth in self._bandwidths if at >= now - COLLAPSE_NS]
        return bool(recent) and recent[-1] < COLLAPSE * max(recent)

    def hold_ns(self) -> int:
        """How long a report waits for lack of congestion window; longer the more it lacks."""
        cwnd, bdp = self._path.cwnd, self._path.bdp
        if cwnd is None or not bdp or cwnd >= 2 * bdp:
            return 0
        return MIN_HOLD_NS + round((MAX_HOLD_NS - MIN_HOLD_NS) * (1 - cwnd / (2 * bdp)))

    def take(self, packets: list[bytes], now: int) -> list[bytes]:
        """RTCP packets that the reception wants sent; returns those that go at once."""
        urgent = []
        for packet in packets:
            if packet[1] == RECEIVER_REPORT:
                if self._held is None:
                    self._due = now + self.hold_ns()
                self._held = packet
            else:
                urgent.append(packet)
        return urgent + self.poll(now)

    def poll(self, now: int) -> list[bytes]:
        """The report, where its time has come."""
        if self._held is None or self._due is None or now < self._due:
            return []
        if self._sent_at is None:
            self._sent_at = now
        if self.collapsing(now) and now - self._sent_at < MAX_SILENCE_NS:
            self._due = now + MIN_HOLD_NS
            return []
        report, self._held, self._due, self._sent_at = self._held, None, None, now
        return [_with_loss(report, round(255 * self.predictor.share)) if self.predicting else report]

    def deadline(self) -> int | None:
        """When to call ``poll`` next."""
        return self._due


def _with_loss(report: bytes, fraction: int) -> bytes:
    """A receiver report whose blocks tell of at least this loss, in 1/256 (RFC 3550 section 6.4.1)."""
    out = bytearray(report)
    for at in range(12, 8 + 24 * (report[0] & 0x1F), 24):
        out[at] = max(out[at], fraction)
    return bytes(out)
