"""The colours that a sender tells beside the bitstream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest import answer, answer_text, rtp, sdp
from receiver.ingest.colours import MAX_NOTED, ColourTrack, parse
from receiver.media import Colours

from .test_sdp import OFFER

CANVAS = bytes.fromhex("010d0120")
"""Chromium's of a canvas: BT.709 with the sRGB curve, full range."""
TAB = bytes.fromhex("01010110")
FULL, LIMITED = Colours(1, 13, 1, True), Colours(1, 1, 1, False)


def test_what_chromium_says() -> None:
    assert (parse(CANVAS), parse(TAB)) == (FULL, LIMITED)
    assert parse(CANVAS + bytes(24)) == FULL, "with HDR metadata behind it"
    assert parse(bytes.fromhex("02020200")) == Colours(2, 2, 2, None)


@given(st.binary(max_size=40))
def test_any_bytes_are_colours_or_nothing(value: bytes) -> None:
    assert (parse(value) is not None) == (len(value) in (4, 28))


def test_they_hold_until_a_keyframe_or_new_ones() -> None:
    track = ColourTrack()
    track.note(1000, CANVAS)
    assert track.of(1000, keyframe=True) == FULL
    assert track.of(4000, keyframe=False) == FULL
    track.note(7000, TAB)
    assert track.of(5000, keyframe=False) == FULL, "noted for a frame that comes later"
    assert track.of(7000, keyframe=False) == LIMITED
    assert track.of(9000, keyframe=True) is None


def test_a_flood_is_forgotten() -> None:
    track = ColourTrack()
    for timestamp in range(1000):
        track.note(timestamp, CANVAS)
    assert len(track._noted) == MAX_NOTED
    assert track.of(0, keyframe=True) is None
    assert track.of(999, keyframe=True) == FULL


def test_a_packet_carries_them_where_that_was_agreed() -> None:
    head = b"\x90\xe0\x00\x01" + bytes(8)
    data = head + bytes.fromhex("bede0003 311234 83") + CANVAS + bytes(4) + b"x"
    packet = rtp.parse(data, 3, 4, 8)
    assert (packet.transport_sequence, packet.colour_space, packet.payload) == (0x1234, CANVAS, b"x")
    assert rtp.parse(data, 3, 4).colour_space == b""


@pytest.mark.parametrize("offered", [True, False])
def test_the_answer_takes_them_where_they_are_offered(offered: bool) -> None:
    line = f"a=extmap:8 {sdp.COLOUR_SPACE}\r\n"
    offer = sdp.parse(OFFER.replace("a=extmap:3 ", line + "a=extmap:3 ", 1) if offered else OFFER)
    plan, accepted = answer.choose(offer, ("VP8",))
    local = answer_text.LocalTransport("ours", "p" * 22, "AB", ())
    assert plan.colour_space_id == (8 if offered else 0)
    assert answer_text.write(offer, accepted, local).count(line) == offered
