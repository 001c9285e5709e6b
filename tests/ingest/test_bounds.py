"""What a sender sends can't pile up, however long it goes on, nor hold back what follows for long."""

import gc
import random
import struct
import types
from collections.abc import Callable, Iterator

import pytest

from receiver.ingest.answer import Plan
from receiver.ingest.loss import MAX_PATIENCE_NS
from receiver.ingest.reception import Reception
from receiver.media import EncodedFrame

MS = 1_000_000
PLAN = Plan(
    video={96: "VP8"},
    audio={111: "opus"},
    rtx={97: 96},
    nack=True,
    transport_cc_id=3,
    capture_time_id=4,
    colour_space_id=5,
    playout_delay_id=6,
    send_time_id=8,
    remb=True,
    red={63: 111},
    flexfec=49,
    mid_id=7,
    mids={"0": "video"},
)
KEY = b"\x10\x10\x02\x00\x9d\x01\x2a"
COUNT = 12_000
NOT_OURS = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)


class Stage:
    ready = True
    taken = 0

    def send(self, frame: EncodedFrame) -> bool:
        self.taken += 1
        return True


def packet(sequence: int, timestamp: int, payload: bytes, last: bool = False, pt: int = 96, ssrc: int = 9) -> bytes:
    number = struct.pack("!H", sequence & 0xFFFF)
    head = struct.pack("!BB2sII", 0x90, pt | last << 7, number, timestamp & 0xFFFFFFFF, ssrc)
    return head + b"\xbe\xde\x00\x01\x31" + number + b"\0" + payload


def frames_without_their_middle(dice: random.Random) -> Iterator[bytes]:
    for n in range(COUNT):
        if n % 5 != 2:
            yield packet(n, n // 5 * 3000, KEY + bytes(900) if n % 5 == 0 else bytes(900), n % 5 == 4)


def one_frame_for_ever(dice: random.Random) -> Iterator[bytes]:
    return (packet(n, 0, KEY + bytes(900)) for n in range(COUNT))


def keyframes_that_never_end(dice: random.Random) -> Iterator[bytes]:
    return (packet(n, n * 3000, KEY + bytes(900)) for n in range(0, 2 * COUNT, 2))


def sequences_anywhere(dice: random.Random) -> Iterator[bytes]:
    return (packet(dice.getrandbits(16), n * 3000, KEY + bytes(900), n % 3 == 0) for n in range(COUNT))


def timestamps_anywhere(dice: random.Random) -> Iterator[bytes]:
    return (packet(n, dice.getrandbits(32), KEY + bytes(900), n % 3 == 0) for n in range(COUNT))


def send_times_anywhere(dice: random.Random) -> Iterator[bytes]:
    for n in range(COUNT):
        head = struct.pack("!BBHII", 0x90, 96 | (n % 3 == 0) << 7, n & 0xFFFF, n * 3000, 9)
        times = b"\x82" + dice.randbytes(3) + b"\x31" + struct.pack("!H", n & 0xFFFF) + b"\0"
        yield head + b"\xbe\xde\x00\x02" + times + KEY + bytes(900)


def a_source_a_packet(dice: random.Random) -> Iterator[bytes]:
    return (packet(n, n * 3000, KEY + bytes(900), True, dice.choice([96, 97, 111]), n) for n in range(COUNT))


def a_source_of_any_section_a_packet(dice: random.Random) -> Iterator[bytes]:
    for n in range(COUNT):
        head = struct.pack("!BBHII", 0x90, dice.choice([96, 97, 111]), n & 0xFFFF, n * 3000, n)
        yield head + b"\xbe\xde\x00\x01\x71" + bytes((dice.choice(b"0123"), n & 0xFF)) + b"\0" + KEY + bytes(900)


def sound_with_gaps(dice: random.Random) -> Iterator[bytes]:
    for n in range(COUNT):
        twice = dice.random() < 0.5
        sound = b"\x6f\xfcx" if twice else b"\xfcx"
        yield packet(n * dice.randint(1, 3), n * 960, sound, pt=63 if twice else 111)


def parity_of_what_never_comes(dice: random.Random) -> Iterator[bytes]:
    for n in range(COUNT):
        yield packet(2 * n, n * 3000, KEY + bytes(900), True)
        protected = struct.pack("!8xB3xIHH", 1, 9, 2 * n + 101 & 0xFFFF, 0xFFFF)
        yield packet(n, 0, protected + bytes(900), pt=49, ssrc=7)


STREAMS: tuple[Callable[[random.Random], Iterator[bytes]], ...] = (
    frames_without_their_middle,
    one_frame_for_ever,
    keyframes_that_never_end,
    sequences_anywhere,
    timestamps_anywhere,
    send_times_anywhere,
    a_source_a_packet,
    a_source_of_any_section_a_packet,
    sound_with_gaps,
    parity_of_what_never_comes,
)


def weight(root: object) -> int:
    """Objects that it keeps alive, and their bytes."""
    seen: dict[int, object] = {}
    todo = [root]
    while todo:
        one = todo.pop()
        if id(one) not in seen and not isinstance(one, NOT_OURS):
            seen[id(one)] = one
            todo += gc.get_referents(one)
    return sum(1 + len(one) if isinstance(one, bytes | bytearray) else 1 for one in seen.values())


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.__name__)
def test_nothing_piles_up(stream: Callable[[random.Random], Iterator[bytes]]) -> None:
    reception, stage, now = Reception(1, PLAN, 42), Stage(), 10**9
    reception.attach(stage)
    weights = []
    for n, data in enumerate(stream(random.Random(1))):
        now += MS
        reception.rtp(data, now)
        if now >= reception.deadline(now):
            reception.poll(now)
        if n % (COUNT // 4) == COUNT // 4 - 1:
            weights.append(weight(reception))
    assert max(weights) < 12_000_000
    assert max(weights[2:]) < 1.3 * max(weights[:2]) + 100_000, weights
    for _ in range(MAX_PATIENCE_NS // MS // 10 + 10):
        now += 10 * MS
        reception.poll(now)
    assert not len(reception._video.loss), "what is missing was given up"
    taken = stage.taken
    for n in range(40_000, 40_003):
        reception.rtp(packet(n, n * 3000, KEY, True, ssrc=0xFFFF), now)
    assert stage.taken == taken + 3, "and the next keyframe is shown"
