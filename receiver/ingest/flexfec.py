"""Parity as FlexFEC writes it, as far as WebRTC senders do (draft-ietf-payload-flexible-fec-scheme-03). Pure.

It comes in a stream of its own, beside media that is as it would be without. Of the draft's ways to say what is
protected this is the flexible mask, over one source: what senders offer as ``flexfec-03``.
"""

from receiver.ingest.parity import Parity
from receiver.ingest.rtp import RtpError, Unwrapper

_HEADER = 12
_ONE_SOURCE = 6  # its number, and the first sequence number that is protected
_MASKS = (2, 4, 8)
"""Bytes of the mask's parts. The first bit of each says whether it is the last one."""


def parse(payload: bytes, sequences: Unwrapper) -> Parity:
    """Read one; ``sequences``: those of the media. Raises RtpError."""
    start = _HEADER + _ONE_SOURCE
    if len(payload) < start + _MASKS[0]:
        raise RtpError(f"a FlexFEC packet has at least {start + _MASKS[0]} bytes, not {len(payload)}")
    if payload[0] & 0xC0:
        raise RtpError("a FlexFEC packet without a flexible mask, or a retransmission in its place")
    if payload[8] != 1:
        raise RtpError(f"a FlexFEC packet protects {payload[8]} sources; one can be")
    base = sequences.peek(int.from_bytes(payload[_HEADER + 4 : start]))
    protected: list[int] = []
    ended = False
    for size in _MASKS:
        if ended or start + size > len(payload):
            break
        bits = 8 * size - 1
        part = int.from_bytes(payload[start : start + size])
        protected += [base + place for place in range(bits) if part >> (bits - 1 - place) & 1]
        ended = bool(part >> bits)
        base += bits
        start += size
    if not ended or not protected:
        raise RtpError("a FlexFEC packet's mask is cut off or empty")
    head = payload[:2] + payload[4:8] + payload[2:4]
    return Parity(int.from_bytes(payload[_HEADER : _HEADER + 4]), tuple(protected), head, payload[start:])
