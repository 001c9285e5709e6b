"""Header prediction, the old trick of fast TCP receivers (V. Jacobson, 4BSD header prediction, 1990). Pure.

Amid a frame a packet's header is that of the packet before but for two numbers: its sequence number is one more, and
its transport-wide one is another. So the header of the next packet is made ahead, and what comes is compared with it
at once, as one large integer with the values of its extension masked out, but for that of its media section. Nearly
every packet of a fast stream needs no other reading than that.
"""

from collections.abc import Container

from receiver.ingest import rtp

_NOTHING = -1  # no header equals it
_PADDED = 0x20


class HeaderPrediction:
    """What the next packet's header will be. ``start``: where its payload will begin; ``transport_sequence``: that of
    the packet that fitted last, None where they carry none.

    ``transport_cc_id``: of that header extension, 0 for none; ``others``: ids of extensions that have to be read where
    they come, so that a packet with one predicts nothing. ``mid_id``: of that whose value is expected to stay.
    """

    def __init__(self, transport_cc_id: int, others: Container[int], mid_id: int = 0) -> None:
        self._transport_cc_id = transport_cc_id
        self._others = others
        self._mid_id = mid_id
        self._expected = _NOTHING
        self._mask = self._step = 0
        self._shift: int | None = None
        self.start = 0
        self.transport_sequence: int | None = None

    def learn(self, data: bytes) -> None:
        """A packet that ``rtp.parse`` took and whose frame goes on: expect the one behind it."""
        self.forget()
        first, end = rtp.extension_bounds(data)
        mask = bytearray(b"\xff" * end)
        shift = None
        for identifier, at, after in rtp.extensions(data, first, end) if first else ():
            if identifier in self._others:
                return
            if identifier == self._transport_cc_id and after - at >= 2:
                shift = 8 * (end - at - 2)
            if identifier != self._mid_id:
                mask[at:after] = bytes(after - at)
        if data[0] & _PADDED:
            return  # what is filled up has to be cut
        self.start = end
        self._shift = shift
        self._mask = int.from_bytes(mask)
        self._step = 1 << 8 * (end - 4)  # one sequence number; where that wraps, nothing fits
        self._expected = (int.from_bytes(data[:end]) & self._mask) + self._step

    def forget(self) -> None:
        """Expect nothing."""
        self._expected = _NOTHING

    def fits(self, data: bytes) -> bool:
        """Whether that is the expected packet; the one behind it is expected then."""
        header = int.from_bytes(data[: self.start])
        if header & self._mask != self._expected:
            return False
        self._expected += self._step
        self.transport_sequence = None if self._shift is None else header >> self._shift & 0xFFFF
        return True
