"""Targets: a sender's messages one after another, to what remembers those before."""

from collections.abc import Callable

from receiver.session.delivery import Delivery
from receiver.session.intray import TooFarAhead
from receiver.session.outbox import BadAcknowledgement, Unacknowledged
from receiver.trust.cpace import BadShare
from receiver.trust.pairing import OutOfOrder, Pairing, Stranger, WrongSecret
from tests.fuzz.target import Target, pack, unpack
from tests.peers import vectors

MS = 1_000_000
NONE = 255
MOST = 200


def delivery(data: bytes) -> None:
    """Four bytes are a message: seq, ack and mid (255: without), and what we do after it. Each is taken once, in the
    order of seq, whatever comes when."""
    both: Delivery[int] = Delivery()
    taken: list[int] = []
    now = 0
    for at in range(0, min(len(data), 4 * MOST) - 3, 4):
        seq, ack, mid = (None if value == NONE else value * value // 8 for value in data[at : at + 3])
        if seq is None:
            both.arrived(None, ack, mid, -1, now)
        else:
            taken += both.arrived(seq, ack, seq, seq, now).ready
        now += data[at + 3] * MS
        if data[at + 3] & 1:
            both.sending(b"{}", now, mid)
        both.tick(now)
    assert taken == sorted(set(taken))


PAIRED, MET = vectors.pairing()[0], vectors.reunion()


def entropy() -> Callable[[int], bytes]:
    """What the display drew in the vectors; then always the same scalar."""
    drawn = iter((vectors.SESSION, vectors.NONCE_R, vectors.SCALAR_B, bytes.fromhex(vectors.JTI)))
    return lambda size: next(drawn, vectors.SCALAR_B[:size])


def conversation(start: bytes, share: bytes, proof: bytes, way: dict[str, str]) -> bytes:
    share_a, mac, sig = (bytes.fromhex(way[name]) for name in ("share_a", "mac_client", "sig_client"))
    return pack(b"h", start, share + share_a, proof + mac + sig)


def pairing(data: bytes) -> None:
    """Each record is a letter for the message, and its bytes. Only the sender of the vectors can prove itself."""
    machine = Pairing(vectors.DISPLAY_ID, vectors.DISPLAY, entropy())
    for record in unpack(data)[:MOST]:
        kind, rest = record[:1], record[1:]
        match kind:
            case b"h":
                machine.hello(vectors.SENDER.public, vectors.NONCE_C)
            case b"s":
                machine.start()
            case b"y":
                machine.share(rest, vectors.PIN.encode())
            case b"x":
                machine.reunite(rest)
            case b"c":
                assert machine.confirm(rest[:32], rest[32:]).mac.hex() == PAIRED["mac_server"]
            case b"r":
                paired = machine.confirm_reunion(rest[:32], rest[32:], lambda sender: sender == vectors.SENDER.public)
                assert paired.mac.hex() == MET["mac_server"]


TARGETS = (
    Target(
        "delivery",
        delivery,
        (BadAcknowledgement, TooFarAhead, Unacknowledged),
        (bytes((3, 0, 3, 1, 4, 0, 4, 1, 5, 1, 5, 1)), bytes((3, NONE, 3, 2, 3, NONE, 3, 2, NONE, 0, NONE, 201))),
    ),
    Target(
        "pairing",
        pairing,
        (OutOfOrder, BadShare, WrongSecret, Stranger),
        (conversation(b"s", b"y", b"c", PAIRED), conversation(b"", b"x", b"r", MET)),
        (b"h", b"s", b"\x00\x01s", b"\x00\x01h"),
    ),
)
