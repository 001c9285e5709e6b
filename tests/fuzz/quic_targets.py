"""Targets: RTP over QUIC."""

from receiver.ingest.roq import RoqError, RoqStreams, datagram
from tests.fuzz.target import Target, pack, unpack


def streams(data: bytes) -> None:
    """Pieces of two streams in turn; nothing is kept of what has ended."""
    taken = RoqStreams()
    for number, piece in enumerate(unpack(data)):
        taken.data(number % 2, piece[1:], ended=piece[:1] == b"\x01")
    for number in range(2):
        taken.forget(number)
    assert taken._held == 0


TARGETS = (
    Target("roq-datagram", datagram, (RoqError,), (b"\x00\x80\x60packet", b"\x40\x00packet")),
    Target(
        "roq-streams",
        streams,
        (RoqError,),
        (pack(b"\x00\x00\x03one\x03t", b"\x01\x00\x05whole", b"\x01wo"), pack(b"\x01\x00\x40\x03two")),
        (b"\x00", b"\x40\x03", b"\x80\x40\x00\x00", b"\xc0\x00\x00\x00\x00\x00\x00\x01"),
    ),
)
