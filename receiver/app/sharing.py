"""A session's own stream: how its sender offers it, and where it stands (DDP.md section 5)."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from receiver.app.stagehand import Person, Stagehand
from receiver.ddp.messages import Method, Nothing, RtcCandidate, RtcOffer, read
from receiver.errors import PeerError, ReceiverError
from receiver.session.stream import StreamMachine
from receiver.trust.encoding import b64encode

T = TypeVar("T")


class Sharing:
    """Takes the offers of ``sender``. ``began`` is called with each new stream's number."""

    def __init__(self, sender: Person, stagehand: Stagehand, began: Callable[[int], None]) -> None:
        self._sender = sender
        self._stagehand = stagehand
        self._began = began
        self._stream = 0
        self.media = StreamMachine()
        self.methods: dict[str, Method] = {
            "rtc.offer": self._offer,
            "rtc.candidate": self._candidate,
            "quic.open": self._quic,
        }

    async def _offer(self, params: dict[str, Any]) -> object:
        sdp = read(params, RtcOffer).sdp
        answer, stream = await self._present(self._stagehand.offer(self._sender, sdp))
        return {"sdp": answer, "stream": stream}

    async def _quic(self, params: dict[str, Any]) -> object:
        read(params, Nothing)
        opened, stream = await self._present(self._stagehand.quic(self._sender))
        return {
            "stream": stream,
            "port": opened.port,
            "path": opened.path,
            "certificate": b64encode(opened.certificate),
            "codecs": [{"codec": codec, "payload_type": number} for codec, number in opened.payload_types.items()],
        }

    async def _present(self, begin: Coroutine[Any, Any, tuple[T, int]]) -> tuple[T, int]:
        """Begin a stream, or give the one that is on another path."""
        try:
            self.media.handle("offer")
            answer, stream = await begin
        except (PeerError, ReceiverError):
            if self._stagehand.stream_of(self._sender.session_id) is None:  # else another path for one that is on
                self.media.handle("stop")
            raise
        if stream != self._stream:  # else it is another path for the one that is on
            self._stream = stream
            self._began(stream)
        return answer, stream

    async def _candidate(self, params: dict[str, Any]) -> object:
        trickled = read(params, RtcCandidate)
        self._stagehand.candidate(self._sender, trickled.candidate, trickled.sdpMid, trickled.sdpMLineIndex)
        return {}
