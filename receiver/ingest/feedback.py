"""RTCP: what we read of a sender (RFC 3550) and what we send back (RFC 3550, RFC 4585). Pure."""

import struct
from collections.abc import Iterable
from typing import NamedTuple

from receiver.errors import ProtocolError

SENDER_REPORT, RECEIVER_REPORT, BYE, TRANSPORT_FEEDBACK, PAYLOAD_FEEDBACK = 200, 201, 203, 205, 206
GENERIC_NACK, PICTURE_LOSS, FULL_INTRA, TRANSPORT_CC, APPLICATION = 1, 1, 4, 15, 15

MAX_NACK_ITEMS = 250
"""Items of 4 bytes in one NACK, so that it fits a datagram; the rest is asked for when it is due again."""


class RtcpError(ProtocolError):
    """Bytes that are not compound RTCP."""


class SenderReport(NamedTuple):
    """RFC 3550 section 6.4.1. ``ntp``: 32.32 fixed point seconds since 1900; 0: the sender has no wall clock."""

    ssrc: int
    ntp: int
    rtp_timestamp: int


class Bye(NamedTuple):
    """RFC 3550 section 6.6."""

    ssrcs: tuple[int, ...]


class ReportBlock(NamedTuple):
    """What we tell of one source, RFC 3550 section 6.4.1. ``fraction_lost`` in 1/256; ``jitter`` in RTP units;
    ``last_sr``: the middle 32 bits of the last report's ntp; ``delay`` since then in 1/65536 s."""

    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest_sequence: int
    jitter: int
    last_sr: int
    delay: int


def parse(data: bytes) -> list[SenderReport | Bye]:
    """The reports in a compound packet; kinds that we have no use for are skipped. Raises RtcpError."""
    found: list[SenderReport | Bye] = []
    at = 0
    while at < len(data):
        if at + 4 > len(data):
            raise RtcpError("the RTCP packet ends inside a header")
        flags, kind, words = struct.unpack_from("!BBH", data, at)
        if flags >> 6 != 2:
            raise RtcpError(f"RTCP version {flags >> 6} is not 2")
        end = at + 4 * (words + 1)
        if end > len(data):
            raise RtcpError("an RTCP packet is longer than its datagram")
        if kind == SENDER_REPORT:
            if end - at < 28:
                raise RtcpError(f"a sender report has at least 28 bytes, not {end - at}")
            found.append(SenderReport(*struct.unpack_from("!IQI", data, at + 4)))
        elif kind == BYE:
            count = flags & 0x1F
            if end - at < 4 + 4 * count:
                raise RtcpError(f"a BYE of {count} sources does not fit {end - at} bytes")
            found.append(Bye(struct.unpack_from(f"!{count}I", data, at + 4)))
        at = end
    return found


def receiver_report(local_ssrc: int, blocks: Iterable[ReportBlock]) -> bytes:
    """RFC 3550 section 6.4.2."""
    body = b"".join(
        struct.pack(
            "!IIIIII",
            block.ssrc,
            block.fraction_lost << 24 | max(-0x800000, min(block.packets_lost, 0x7FFFFF)) & 0xFFFFFF,
            block.highest_sequence & 0xFFFFFFFF,
            min(block.jitter, 0xFFFFFFFF),
            block.last_sr,
            min(block.delay, 0xFFFFFFFF),
        )
        for block in blocks
    )
    count = len(body) // 24
    return struct.pack("!BBHI", 0x80 | count, RECEIVER_REPORT, 1 + 6 * count, local_ssrc) + body


def picture_loss(local_ssrc: int, media_ssrc: int) -> bytes:
    """Ask for a keyframe: PLI, RFC 4585 section 6.3.1."""
    return struct.pack("!BBHII", 0x80 | PICTURE_LOSS, PAYLOAD_FEEDBACK, 2, local_ssrc, media_ssrc)


def full_intra(local_ssrc: int, media_ssrc: int, command: int) -> bytes:
    """Demand a keyframe: FIR, RFC 5104 section 4.3.1. ``command`` counts demands; a repetition keeps its number."""
    header = struct.pack("!BBHII", 0x80 | FULL_INTRA, PAYLOAD_FEEDBACK, 4, local_ssrc, 0)
    return header + struct.pack("!IB3x", media_ssrc, command & 0xFF)


def max_bitrate(local_ssrc: int, media_ssrc: int, bps: int) -> bytes:
    """What the sender may send: REMB, draft-alvestrand-rmcat-remb-03 section 2.2."""
    exponent = max(0, bps.bit_length() - 18)
    number = min(exponent, 63) << 18 | bps >> exponent
    header = struct.pack("!BBHII", 0x80 | APPLICATION, PAYLOAD_FEEDBACK, 5, local_ssrc, 0)
    return header + b"REMB\x01" + number.to_bytes(3) + struct.pack("!I", media_ssrc)


def nack(local_ssrc: int, media_ssrc: int, sequences: Iterable[int]) -> bytes:
    """Ask for packets again: generic NACK, RFC 4585 section 6.2.1. ``sequences`` rise; they may be unwrapped."""
    items: list[list[int]] = []
    for sequence in sequences:
        if items and 0 < sequence - items[-1][0] <= 16:
            items[-1][1] |= 1 << (sequence - items[-1][0] - 1)
        elif len(items) == MAX_NACK_ITEMS:
            break
        else:
            items.append([sequence, 0])
    body = b"".join(struct.pack("!HH", first & 0xFFFF, mask) for first, mask in items)
    header = struct.pack("!BBHII", 0x80 | GENERIC_NACK, TRANSPORT_FEEDBACK, 2 + len(items), local_ssrc, media_ssrc)
    return header + body
