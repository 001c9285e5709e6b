"""Parity as ULPFEC writes it (RFC 5109). Pure.

Only level 0 is read, as that is all that WebRTC senders use.
"""

from receiver.ingest.parity import Parity
from receiver.ingest.rtp import RtpError

_HEADER = 10


def parse(payload: bytes, ssrc: int, near: int) -> Parity:
    """Read one that came in a packet of ``ssrc``; ``near``: that packet's sequence number, unwrapped, which tells where
    the base is. Raises RtpError."""
    if len(payload) < _HEADER + 4:
        raise RtpError(f"a ULPFEC packet has at least {_HEADER + 4} bytes, not {len(payload)}")
    long_mask = bool(payload[0] & 0x40)
    mask_bytes = 6 if long_mask else 2
    start = _HEADER + 2 + mask_bytes
    length = int.from_bytes(payload[_HEADER : _HEADER + 2])
    if start + length > len(payload):
        raise RtpError(f"a ULPFEC packet protects {length} bytes but has {max(0, len(payload) - start)}")
    low = int.from_bytes(payload[2:4])
    base = near - ((near - low) & 0xFFFF)
    mask = int.from_bytes(payload[_HEADER + 2 : start])
    bits = 8 * mask_bytes
    sequences = tuple(base + place for place in range(bits) if mask >> (bits - 1 - place) & 1)
    if not sequences:
        raise RtpError("a ULPFEC packet protects nothing")
    head = payload[:2] + payload[4:_HEADER]
    return Parity(ssrc, sequences, head, payload[start : start + length])
