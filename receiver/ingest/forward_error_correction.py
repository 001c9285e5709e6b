"""Video that comes in RED packets with ULPFEC among them, as WebRTC senders send it. Pure."""

from receiver.ingest import red, rtp, ulpfec
from receiver.ingest.rtp import RtpPacket, Unwrapper


class Unpacker:
    """From a RED packet to the packets in it and those that it lets us rebuild.

    ``fec``: ULPFEC's payload type, None if there is none; the ids are as for ``rtp.parse``.
    """

    def __init__(self, fec: int | None, transport_cc_id: int, capture_time_id: int) -> None:
        self._fec = fec
        self._ids = (transport_cc_id, capture_time_id)
        self._sequences = Unwrapper(16)
        self._decoder = ulpfec.UlpfecDecoder()

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
        """The packet as parity was taken of it: without RED, and with zeros for what was filled in last."""
        start = len(data) - len(packet.payload) - (data[-1] if data[0] & 0x20 else 0)
        head = bytearray(data[:start])
        head[0] &= 0xDF
        head[1] = head[1] & 0x80 | block.payload_type
        if data[0] & 0x10:
            first = 12 + 4 * (data[0] & 0x0F) + 4
            for identifier, at, after in rtp.extensions(data, first, start):
                if identifier == self._ids[0]:
                    head[at:after] = bytes(after - at)
        return bytes(head) + block.data
