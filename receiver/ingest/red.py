"""Redundant audio data (RFC 2198), which also carries WebRTC's forward error correction of video. Pure."""

from typing import NamedTuple

from receiver.ingest.rtp import RtpError

MAX_BLOCKS = 16
"""Of one packet; senders use two or three."""


class Block(NamedTuple):
    """One encoding in a packet. ``offset``: how much older it is than the packet, in RTP units; 0: the primary one."""

    payload_type: int
    offset: int
    data: bytes


def split(payload: bytes) -> list[Block]:
    """The blocks of a payload, oldest first, the primary last. Raises RtpError."""
    heads: list[tuple[int, int, int]] = []
    at = 0
    while at < len(payload) and payload[at] & 0x80:
        if at + 4 > len(payload):
            raise RtpError("a RED packet ends inside a block's header")
        if len(heads) == MAX_BLOCKS:
            raise RtpError(f"a RED packet has more than {MAX_BLOCKS} blocks")
        word = int.from_bytes(payload[at + 1 : at + 4])
        heads.append((payload[at] & 0x7F, word >> 10, word & 0x3FF))
        at += 4
    if at >= len(payload):
        raise RtpError("a RED packet has no primary block")
    primary = payload[at] & 0x7F
    at += 1
    blocks = []
    for payload_type, offset, length in heads:
        if at + length > len(payload):
            raise RtpError(f"a block of {length} bytes does not fit its RED packet")
        blocks.append(Block(payload_type, offset, payload[at : at + length]))
        at += length
    return [*blocks, Block(primary, 0, payload[at:])]
