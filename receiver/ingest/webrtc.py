"""One stream over WebRTC: from the offer to the last packet. The shell around the pure files of this room."""

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Literal, Protocol

from receiver.clock import Clock
from receiver.errors import PeerError
from receiver.ingest import answer, answer_text, candidate, sdp
from receiver.ingest.aiortc_tap import PeerTransport, TransportFailed
from receiver.ingest.delivery import Sink
from receiver.ingest.receive_thread import ReceiveThread
from receiver.ingest.reception import Reception
from receiver.link import IntakeStats
from receiver.media import Codec

CONNECT_S = 15.0
SILENCE_NS = 5_000_000_000
"""No datagram for this long: disconnected. Browsers send at least their consent checks every 2.5 s (RFC 7675)."""
TICK_S = 1.0

State = Literal["connecting", "connected", "disconnected", "failed", "closed"]


class StageSink(Sink, Protocol):
    """A sink that finishes later what it could not send at once."""

    def flush(self) -> bool:
        """Go on sending; True while something is left."""


class WebRtcStream:
    """Receives one sender. ``report`` is called on the loop with each change of state and its reason.

    ``accept`` once; then ``run`` until the stream has ended; ``close`` at any time.
    """

    def __init__(self, stream: int, clock: Clock, report: Callable[[State, str], None]) -> None:
        self._stream = stream
        self._clock = clock
        self._report = report
        self._dropped: Counter[str] = Counter()
        self._transport = PeerTransport(self._dropped)
        self._offer: sdp.Offer | None = None
        self._reception: Reception | None = None
        self._thread: ReceiveThread | None = None
        self._sink: StageSink | None = None
        self._silent = False

    async def accept(self, text: str, codecs: tuple[Codec, ...]) -> str:
        """Take the offer and return the answer. Raises PeerError with a sentence for the sender."""
        offer = sdp.parse(text)
        plan, accepted = answer.choose(offer, codecs)
        local = await self._transport.open()
        self._offer = offer
        self._reception = Reception(self._stream, plan, secrets.randbits(32))
        self._reception.attach(self._sink)
        return answer_text.write(offer, accepted, local)

    async def add_candidate(self, text: str) -> None:
        """A trickled candidate; bad ones are counted, for the connection may well come about without them."""
        try:
            parsed = candidate.parse(text)
        except PeerError:
            self._dropped["malformed_candidate"] += 1
            return
        if parsed is not None:
            await self._transport.add_candidate(parsed)

    async def run(self) -> None:
        """Connect, receive, and return when the stream has ended."""
        if self._offer is None or self._reception is None:
            raise RuntimeError("run() needs an accepted offer")
        self._report("connecting", "")
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._transport.connect(self._offer)
        except TransportFailed as error:
            self._report("failed", str(error))
            return
        except TimeoutError:
            self._report("failed", f"the sender was not reached within {CONNECT_S:.0f} s; is it on the same network?")
            return
        taps = self._transport.take_over()
        self._thread = ReceiveThread(list(taps), self._transport, self._reception, self._clock, self._flush)
        self._thread.start()
        self._report("connected", "")
        missed = 0
        while not self._transport.closed.done() and not self._reception.ended:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._transport.closed), TICK_S)
            missed = 0 if self._thread.alive else missed + 1
            if missed > 1:  # once may be the whole machine, which was stopped and goes on
                self._report("failed", "the receiver stopped reading this stream by an error of its own; share again")
                return
            self._watch_silence(self._thread.heard_ns)
        self._report("closed", "the sender has stopped sharing" if not self._silent else "the sender was lost")

    def _watch_silence(self, heard_ns: int) -> None:
        silent = self._clock.now() - heard_ns > SILENCE_NS
        if silent != self._silent:
            self._silent = silent
            self._report("disconnected" if silent else "connected", "nothing is heard of the sender" if silent else "")

    def attach(self, sink: StageSink | None) -> None:
        """Send frames there from now on, beginning with a keyframe."""
        self._sink = sink
        if self._thread is not None:
            self._thread.order(lambda reception: reception.attach(sink))
        elif self._reception is not None:
            self._reception.attach(sink)

    def request_keyframe(self) -> None:
        """The stage needs a keyframe."""
        if self._thread is not None:
            self._thread.order(lambda reception: reception.request_keyframe())

    def alive(self) -> bool:
        """Whether the receive thread, once there is one, still goes round."""
        return self._thread is None or self._thread.alive

    def _flush(self) -> bool:
        return self._sink is not None and self._sink.flush()

    def stats(self) -> IntakeStats | None:
        """Counters since the stream began; None before there is one."""
        reception, thread = self._reception, self._thread
        if reception is None:
            return None
        counters = reception.counters
        dropped = counters.dropped + self._dropped + (thread.dropped if thread else Counter())
        round_trip = reception.round_trip_ns
        return IntakeStats(
            self._stream,
            counters.packets,
            reception.lost,
            counters.bytes,
            counters.nacks,
            counters.plis,
            counters.frames,
            thread.kernel_drops() if thread else 0,
            dict(dropped),
            None if round_trip is None else round_trip / 1e6,
            self._transport.cipher if thread else "",
            counters.rebuilt,
        )

    async def close(self) -> None:
        """End the thread and the transport."""
        if self._thread is not None:
            self._thread.stop()
        await self._transport.close()
