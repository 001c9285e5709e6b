import struct

import pytest

from receiver.ingest import answer, answer_text, playout, sdp
from receiver.ingest.answer import Plan
from receiver.ingest.reception import Reception
from tests.ingest.stage import Stage
from tests.ingest.test_sdp import OFFER

MS = 1_000_000
KEY = b"\x10\x10\x02\x00\x9d\x01\x2a"


@pytest.mark.parametrize(
    ("value", "limits"),
    [
        ("000000", (0, 0)),
        ("00f028", (150 * MS, 400 * MS)),
        ("ffffff", (40_950 * MS,) * 2),
        ("002001", None),
        ("", None),
    ],
)
def test_limits_as_they_are_written(value: str, limits: tuple[int, int] | None) -> None:
    assert playout.read(bytes.fromhex(value)) == limits


def test_they_hold_until_others_come_and_end_with_their_source() -> None:
    reception, stage = Reception(1, Plan({96: "VP8"}, playout_delay_id=5), 42), Stage()
    reception.attach(stage)

    def send(sequence: int, value: str, ssrc: int = 9) -> None:
        extension = b"\xbe\xde\x00\x01\x52" + bytes.fromhex(value) if value else b""
        head = struct.pack("!BBHII", 0x90 if value else 0x80, 96 | 0x80, sequence, sequence * 3000, ssrc)
        reception.rtp(head + extension + KEY, sequence * 33 * MS)

    for packet in ((1, ""), (2, "00f028"), (3, ""), (4, "002001"), (5, "000000"), (6, "", 10)):
        send(*packet)
    wished = (150 * MS, 400 * MS)
    assert [frame.playout for frame in stage.frames] == [None, wished, wished, wished, (0, 0), None]


def test_they_are_asked_for_where_they_are_offered() -> None:
    line = f"a=extmap:5 {sdp.PLAYOUT_DELAY}\r\n"
    offer = sdp.parse(OFFER.replace("a=rtpmap:96 VP8/90000", f"{line}a=rtpmap:96 VP8/90000"))
    plan, accepted = answer.choose(offer, ("VP8",))
    assert plan.playout_delay_id == 5
    assert line in answer_text.write(offer, accepted, answer_text.LocalTransport("u", "p", "f", ()))
