"""RTP over QUIC: how RTP and RTCP packets lie in datagrams and streams (draft-ietf-avtcore-rtp-over-quic). Pure.

A datagram is a flow identifier and one packet. A stream is a flow identifier, then packets, each after its length; the
sender begins a stream for each frame, so that one that has been overtaken can be given up alone. There is one flow,
0, with RTP and RTCP multiplexed (RFC 5761). Over WebTransport the same lies in the session's datagrams and streams.
"""

from collections.abc import Hashable

from receiver.errors import ProtocolError

FLOW = 0
MAX_PACKET = 4 * 1024 * 1024
"""A packet in a stream may be a whole frame; the largest keyframe that a decoder here would be given fits."""
MAX_STREAMS = 64
"""Unfinished streams, a second of frames; see ``RoqStreams.data`` for what happens to more."""
MAX_HELD = 16 * 1024 * 1024
"""Bytes of unfinished packets, all streams together."""


class RoqError(ProtocolError):
    """Bytes that are not RTP over QUIC, or more of them than are taken."""


def pull_varint(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """An integer of RFC 9000 section 16 and where it ends; None where it is cut off."""
    if at >= len(data):
        return None
    end = at + (1 << (data[at] >> 6))
    if end > len(data):
        return None
    return int.from_bytes(data[at:end]) & ((1 << (8 * (end - at) - 2)) - 1), end


def datagram(data: bytes) -> bytes:
    """The packet in a datagram. Raises RoqError."""
    flow = pull_varint(data, 0)
    if flow is None or flow[0] != FLOW:
        raise RoqError("a datagram of an unknown flow" if flow else "an empty datagram")
    return data[flow[1] :]


class RoqStreams:
    """Takes the streams apart. A stream is known by any key of the caller's."""

    def __init__(self) -> None:
        self._buffers: dict[Hashable, bytearray] = {}
        self._begun: set[Hashable] = set()
        self._held = 0

    def data(self, stream: Hashable, data: bytes, ended: bool) -> list[bytes]:
        """Take what came on a stream, in its order; return the packets that are now complete.

        Raises RoqError for what can't be read and for what goes past a bound; the stream is then forgotten, and the
        caller should stop it.
        """
        buffer = self._buffers.get(stream)
        if buffer is None:
            if len(self._buffers) >= MAX_STREAMS:
                raise RoqError(f"more than {MAX_STREAMS} unfinished streams")
            buffer = self._buffers[stream] = bytearray()
        buffer += data
        self._held += len(data)
        try:
            packets = self._packets(stream, buffer)
            if ended and buffer:
                raise RoqError("a stream ends inside a packet")
            if self._held > MAX_HELD:
                raise RoqError(f"more than {MAX_HELD} bytes of unfinished packets")
        except RoqError:
            self.forget(stream)
            raise
        if ended:
            self.forget(stream)
        return packets

    def _packets(self, stream: Hashable, buffer: bytearray) -> list[bytes]:
        at, packets = 0, []
        if stream not in self._begun:
            flow = pull_varint(buffer, 0)
            if flow is None:
                return []
            if flow[0] != FLOW:
                raise RoqError(f"a stream of the unknown flow {flow[0]}")
            self._begun.add(stream)
            at = flow[1]
        while (length := pull_varint(buffer, at)) is not None:
            if length[0] > MAX_PACKET:
                raise RoqError(f"a packet of {length[0]} bytes; {MAX_PACKET} are taken")
            end = length[1] + length[0]
            if end > len(buffer):
                break
            packets.append(bytes(buffer[length[1] : end]))
            at = end
        del buffer[:at]
        self._held -= at
        return packets

    def forget(self, stream: Hashable) -> None:
        """The stream has ended or was reset."""
        self._held -= len(self._buffers.pop(stream, b""))
        self._begun.discard(stream)
