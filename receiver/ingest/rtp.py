"""RTP packets (RFC 3550 section 5, header extensions RFC 8285, retransmission RFC 4588). Pure."""

import struct
from typing import NamedTuple

from receiver.errors import ProtocolError

_FIXED = struct.Struct("!BBHII")
_unpack = _FIXED.unpack_from
_ONE_BYTE_PROFILE = 0xBEDE
_TWO_BYTE_PROFILE = 0x1000


class RtpError(ProtocolError):
    """Bytes that are not an RTP packet."""


class RtpPacket(NamedTuple):
    """One packet. ``sequence`` 16 bit, ``timestamp`` 32 bit, as on the wire; ``payload`` without padding.

    ``transport_sequence``: the transport-wide sequence number, where the packet carries one; ``capture_time``: the
    bytes of the absolute capture time, or none; ``colour_space``, ``playout_delay`` and ``send_time`` likewise, see
    ``colours``, ``playout`` and ``brake``; ``mid``: which media section it says that it belongs to, or nothing.
    """

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    transport_sequence: int | None = None
    capture_time: bytes = b""
    colour_space: bytes = b""
    playout_delay: bytes = b""
    mid: bytes = b""
    send_time: bytes = b""


def is_rtcp(data: bytes) -> bool:
    """Whether a datagram on a multiplexed port is RTCP (RFC 5761 section 4)."""
    return len(data) >= 2 and 192 <= data[1] <= 223


def parse(
    data: bytes,
    transport_cc_id: int = 0,
    capture_time_id: int = 0,
    colour_space_id: int = 0,
    playout_delay_id: int = 0,
    mid_id: int = 0,
    send_time_id: int = 0,
) -> RtpPacket:
    """Read one packet; the numbers are those negotiated for the header extensions, 0 for none. Raises RtpError."""
    end = len(data)
    if end < 12:
        raise RtpError(f"an RTP packet has at least {_FIXED.size} bytes, not {end}")
    flags, second, sequence, timestamp, ssrc = _unpack(data)
    if flags >> 6 != 2:
        raise RtpError(f"RTP version {flags >> 6} is not 2")
    transport_sequence = None
    capture_time = colour_space = playout_delay = mid = send_time = b""
    first, start = extension_bounds(data)
    if first:
        if start > end:
            raise RtpError("the RTP header extension is longer than the packet")
        for identifier, at, after in extensions(data, first, start):
            if identifier == transport_cc_id and after - at >= 2:
                transport_sequence = data[at] << 8 | data[at + 1]
            elif identifier == capture_time_id:
                capture_time = data[at:after]
            elif identifier == colour_space_id:
                colour_space = data[at:after]
            elif identifier == playout_delay_id:
                playout_delay = data[at:after]
            elif identifier == mid_id:
                mid = data[at:after]
            elif identifier == send_time_id:
                send_time = data[at:after]
    if start > end:
        raise RtpError("the RTP packet ends inside its list of contributing sources")
    if flags & 0x20 and start < end:
        padding = data[-1]
        if not 0 < padding <= end - start:
            raise RtpError(f"{padding} bytes of RTP padding in {end - start} bytes of payload")
        end -= padding
    return RtpPacket(
        second & 0x7F,
        second >= 0x80,
        sequence,
        timestamp,
        ssrc,
        data[start:end],
        transport_sequence,
        capture_time,
        colour_space,
        playout_delay,
        mid,
        send_time,
    )


def extension_bounds(data: bytes | bytearray) -> tuple[int, int]:
    """Where the content of the header extension begins, 0 if there is none, and where the payload does."""
    start = 12 + 4 * (data[0] & 0x0F)
    if not data[0] & 0x10:
        return 0, start
    if start + 4 > len(data):
        raise RtpError("the RTP packet ends inside its header extension")
    return start + 4, start + 4 + 4 * (data[start + 2] << 8 | data[start + 3])


def extensions(data: bytes | bytearray, at: int, end: int) -> list[tuple[int, int, int]]:
    """The elements of a header extension whose content goes from ``at``, just behind its length, to ``end``: (id, where
    the value begins, where it ends). What can't be read is left out (RFC 8285 section 4)."""
    found: list[tuple[int, int, int]] = []
    profile = data[at - 4] << 8 | data[at - 3]
    if profile == _ONE_BYTE_PROFILE:
        while at < end:
            head = data[at]
            at += 1
            if not head:
                continue
            if head >= 0xF0:
                break
            after = at + (head & 0x0F) + 1
            if after > end:
                break
            found.append((head >> 4, at, after))
            at = after
    elif profile & 0xFFF0 == _TWO_BYTE_PROFILE:
        while at < end:
            if not data[at]:
                at += 1
                continue
            after = at + 2 + data[at + 1] if at + 1 < end else end + 1
            if after > end:
                break
            found.append((data[at], at + 2, after))
            at = after
    return found


def unwrap_rtx(packet: RtpPacket, payload_type: int) -> RtpPacket | None:
    """The original of a retransmission (RFC 4588 section 4); None for a padding probe, which retransmits nothing.

    The synchronisation source stays that of the retransmission stream.
    """
    if not packet.payload:
        return None
    if len(packet.payload) < 2:
        raise RtpError("a retransmission is too short for its original sequence number")
    sequence = packet.payload[0] << 8 | packet.payload[1]
    return packet._replace(payload_type=payload_type, sequence=sequence, payload=packet.payload[2:])


class Unwrapper:
    """Counts on where an unsigned field of ``bits`` bits wraps: each value lands nearest to the highest before it."""

    def __init__(self, bits: int) -> None:
        self._span = 1 << bits
        self._offset = self._span  # so that what was reordered before the very first value isn't negative
        self._highest: int | None = None

    @property
    def highest(self) -> int | None:
        return self._highest

    def unwrap(self, value: int) -> int:
        """The value as a number that only rises; older values give lower numbers."""
        highest = self._highest
        if highest is None:
            self._highest = value + self._offset
            return self._highest
        ahead = (value + self._offset - highest) % self._span
        if ahead < self._span >> 1:
            self._highest = highest = highest + ahead
            return highest
        return highest + ahead - self._span

    def advance(self, count: int) -> None:
        """So many values after the highest came, one after the other."""
        if self._highest is not None:
            self._highest += count

    def peek(self, value: int) -> int:
        """Like ``unwrap``, without learning from the value."""
        if self._highest is None:
            return value + self._offset
        ahead = (value + self._offset - self._highest) % self._span
        return self._highest + (ahead if ahead < self._span // 2 else ahead - self._span)

    def rebase(self, value: int, number: int) -> None:
        """The sender began anew: from now on ``value`` stands for ``number``."""
        self._offset = number - value
        self._highest = number
