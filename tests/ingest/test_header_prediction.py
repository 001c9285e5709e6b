"""A prediction saves work and changes nothing: beside a reception that reads every header in full."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest.answer import Plan
from receiver.ingest.header_prediction import HeaderPrediction
from receiver.ingest.reception import Reception
from receiver.media import Kind
from tests.ingest.stage import Stage

MS = 1_000_000
MIDS: dict[str, Kind] = {"0": "video", "1": "audio"}
PLAN = Plan({96: "VP8"}, {111: "opus"}, {97: 96}, True, 3, 4, 5, mid_id=6, mids=MIDS)
LAYOUTS = (
    b"",
    b"\xbe\xde\x00\x01\x31%b\x00",
    b"\xbe\xde\x00\x03\x22\x01\x02\x03\x00\x31%b\x10\x30\x00\x00",
    b"\xbe\xde\x00\x03\x31%b\x47\x00\x00\x00\x00\x80\x00\x00\x00",
    b"\x10\x00\x00\x02\x03\x02%b\x02\x00\x00\x00",
    b"\xbe\xde\x00\x02\x31%b\x600\x00\x00\x00",
    b"\xbe\xde\x00\x02\x31%b\x601\x00\x00\x00",
    b"\xbe\xde\x00\x02\x31%b\x602\x00\x00\x00",
)


def packet(sequence: int, number: int, timestamp: int, payload: bytes, last: bool, layout: bytes, kind: int) -> bytes:
    extension = layout % struct.pack("!H", number & 0xFFFF) if layout else b""
    flags = 0x80 | (0x10 if layout else 0) | (0x20 if kind == 1 else 0)
    payload_type, ssrc = (111, 7) if kind == 2 else (97, 8) if kind == 3 else (96, 9)
    payload = payload + b"\0\0\0\4" if kind == 1 else struct.pack("!H", sequence - 2 & 0xFFFF) if kind == 3 else payload
    head = struct.pack("!BBHII", flags, payload_type | 0x80 * last, sequence & 0xFFFF, timestamp, ssrc)
    return head + extension + payload


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """Frames whose packets are lost, doubled or swapped, of several layouts, with sound and repairs between them."""
    out: list[bytes] = []
    sequence = draw(st.integers(0, 0xFFFF)) | draw(st.sampled_from([0, 0xFFF0]))
    number = 0xFFF8
    for frame in range(draw(st.integers(1, 8))):
        size = draw(st.integers(1, 12))
        usual = draw(st.sampled_from(LAYOUTS))
        for place in range(size):
            fate = draw(st.integers(0, 40))
            layout = draw(st.sampled_from(LAYOUTS)) if fate == 6 else usual
            head = b"" if place else b"\x10\x11\x02\x00" if frame else b"\x10\x10\x02\x00\x9d\x01\x2a"
            data = packet(sequence, number, frame * 3000, head or b"\0part", place == size - 1, layout, fate == 5)
            sequence, number = sequence + 1, number + 1
            out += [] if fate == 0 else [data, data] if fate == 1 else [data]
            if fate in (2, 3):
                out.append(packet(sequence, number, frame * 960, b"\xfcx", False, LAYOUTS[1], fate))
                number += 1
            if fate == 4 and len(out) > 1:
                out[-1], out[-2] = out[-2], out[-1]
    return out


@given(streams(), st.integers(1, 7))
def test_it_makes_no_difference(packets: list[bytes], polls: int) -> None:
    stages = predicting, plain = Stage(), Stage()
    receptions = quick, slow = [Reception(1, PLAN, 42) for _ in stages]
    slow._prediction.learn = lambda data: None  # type: ignore[method-assign]
    for reception, stage in zip(receptions, stages, strict=True):
        reception.attach(stage)
    now = 10**9
    for place, data in enumerate(packets):
        now += MS
        quick.rtp(data, now)
        slow.rtp(data, now)
        assert quick.deadline(now) <= slow.deadline(now)
        if place % polls == 0:
            assert quick.poll(now) == slow.poll(now)
    assert quick.poll(now + 999 * MS) == slow.poll(now + 999 * MS)
    assert predicting.frames == plain.frames
    assert quick.counters == slow.counters, "predicted packets are counted by the next poll at the latest"


def test_amid_a_frame_everything_is_predicted() -> None:
    prediction = HeaderPrediction(3, {4, 5}, 6)
    prediction.learn(packet(5, 70, 3000, b"a", False, LAYOUTS[2], 0))
    for step in range(1, 5):
        assert prediction.fits(packet(5 + step, 70 + 3 * step, 3000, b"a", False, LAYOUTS[2], 0))
        assert prediction.transport_sequence == 70 + 3 * step
    for other in (
        packet(11, 90, 3000, b"a", False, LAYOUTS[2], 0),
        packet(10, 90, 3001, b"a", False, LAYOUTS[2], 0),
        packet(10, 90, 3000, b"a", True, LAYOUTS[2], 0),
        packet(10, 90, 3000, b"a", False, LAYOUTS[1], 0),
        packet(10, 90, 3000, b"a", False, LAYOUTS[2], 1),
        packet(10, 90, 3000, b"a", False, LAYOUTS[2], 3),
    ):
        assert not prediction.fits(other)


def test_a_packet_of_another_media_section_is_not_predicted() -> None:
    prediction = HeaderPrediction(3, {4, 5}, 6)
    prediction.learn(packet(5, 70, 3000, b"a", False, LAYOUTS[5], 0))
    assert not prediction.fits(packet(6, 71, 3000, b"a", False, LAYOUTS[6], 0))
    assert prediction.fits(packet(6, 71, 3000, b"a", False, LAYOUTS[5], 0))
