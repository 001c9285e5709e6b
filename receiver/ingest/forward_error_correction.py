"""Video that comes with parity, as WebRTC senders send it. Pure."""

from receiver.ingest import flexfec, red, rtp, ulpfec
from receiver.ingest.parity import ParityDecoder
from receiver.ingest.rtp import RtpPacket, Unwrapper


class Unpacker:
    """RED packets with ULPFEC among them: from one to the packets in it and those that it lets us rebuild.

    ``fec``: ULPFEC's payload type, None if there is none; the ids are as for ``rtp.parse``.
    """

    def __init__(self, fec: int | None, transport_cc_id: int, capture_time_id: int) -> None:
        self._fec = fec
        self._ids = (transport_cc_id, capture_time_id)
        self._sequences = Unwrapper(16)
        self._decoder = ParityDecoder()

    def packets(self, packet: RtpPacket, data: bytes) -> list[RtpPacket]:
        """What a packet holds, itself first; ``data``: all of its bytes. Raises RtpError.

        A parity packet takes a number of the media's sequence: it stands as a packet without payload.
        """
        sequence = self._sequences.unwrap(packet.sequence)
        block = red.split(packet.payload)[-1] if packet.payload else None
        if block is None:
            return [packet]
        if block.payload_type == self._fec:
            found = self._decoder.parity(ulpfec.parse(block.data, packet.ssrc, sequence))
            own = packet._replace(payload=b"", marker=False)
        else:
            own = packet._replace(payload_type=block.payload_type, payload=block.data)
            found = self._decoder.media(sequence, self._as_protected(data, packet, block))
        return [own, *(rtp.parse(rebuilt, 0, self._ids[1]) for _, rebuilt in found)]

    def _as_protected(self, data: bytes, packet: RtpPacket, block: red.Block) -> bytes:
        """The packet as parity was taken of it: without RED."""
        start = len(data) - len(packet.payload) - (data[-1] if data[0] & 0x20 else 0)
        head = bytearray(data[:start])
        head[0] &= 0xDF
        head[1] = head[1] & 0x80 | block.payload_type
        _unfill(head, self._ids[0])
        return bytes(head) + block.data


class Repairer:
    """Plain packets of one source, and FlexFEC in a stream beside them. The ids are as for ``rtp.parse``."""

    def __init__(self, transport_cc_id: int, capture_time_id: int) -> None:
        self._ids = (transport_cc_id, capture_time_id)
        self._sequences = Unwrapper(16)
        self._decoder = ParityDecoder()

    def media(self, packet: RtpPacket, data: bytes) -> list[RtpPacket]:
        """A packet of the source came, ``data``: all of its bytes; returns those that can be rebuilt now."""
        whole = bytearray(data)
        _unfill(whole, self._ids[0])
        return self._parsed(self._decoder.media(self._sequences.unwrap(packet.sequence), bytes(whole)))

    def parity(self, payload: bytes) -> list[RtpPacket]:
        """A parity packet came. Raises RtpError."""
        if self._sequences.highest is None:
            return []
        return self._parsed(self._decoder.parity(flexfec.parse(payload, self._sequences)))

    def _parsed(self, found: list[tuple[int, bytes]]) -> list[RtpPacket]:
        return [rtp.parse(rebuilt, 0, self._ids[1]) for _, rebuilt in found]


def _unfill(data: bytearray, transport_cc_id: int) -> None:
    """Zeros for what a sender fills in last."""
    first, end = rtp.extension_bounds(data)
    for identifier, at, after in rtp.extensions(data, first, end) if first else ():
        if identifier == transport_cc_id:
            data[at:after] = bytes(after - at)
