"""VP9 from RTP: RFC 9628's descriptors, layers, and packets of FFmpeg's muxer."""

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest.access_unit import DepacketizeError
from receiver.ingest.vp9 import MAX_LAYERS, Vp9Depacketizer
from tests.peers.rtp_muxer import payloads

KEY, DELTA = b"\x82\x49\x83\x42" + bytes(8), b"\x86" + bytes(8)
WHOLE, FIRST, MIDDLE, LAST = 0x0C, 0x08, 0x00, 0x04


def layer(frame: bytes, number: int, flags: int = WHOLE) -> bytes:
    """With picture id, layer indices and TL0PICIDX: non-flexible mode."""
    return bytes((0xA0 | flags, 0x11, number << 1, 7)) + frame


@pytest.mark.parametrize(
    ("descriptor", "keyframe"),
    [
        (b"\x0c", True),
        (b"\x8c\x11", True),
        (b"\x8c\x91\x22", True),
        (b"\xac\x11\x00\x07", True),  # layer indices, TL0PICIDX
        (b"\xbc\x91\x22\x00", True),  # flexible: no TL0PICIDX
        (b"\x8e\x11\x08\x02\x00\x04\x03", True),  # structure: two pictures, one of them with a reference
        (b"\x0e\x30\x01\x40\x00\xb4\x02\x80\x01\x68", True),  # structure: two layers' sizes
        (b"\xdc\x91\x22\x02", False),  # one reference
        (b"\xdc\x91\x22\x03\x05\x06", False),  # three
    ],
)
def test_descriptors_of_every_kind(descriptor: bytes, keyframe: bool) -> None:
    frame = KEY if keyframe else DELTA
    depacketizer = Vp9Depacketizer()
    assert depacketizer.assemble([descriptor + frame]) == (frame, keyframe)
    assert depacketizer.starts_keyframe(descriptor + frame) == keyframe
    for cut in range(len(descriptor)):
        assert not depacketizer.starts_keyframe(descriptor[:cut])
        with pytest.raises(DepacketizeError):
            depacketizer.assemble([descriptor[:cut]])


def test_more_references_than_the_format_knows_are_refused() -> None:
    with pytest.raises(DepacketizeError, match="more than 3 references"):
        Vp9Depacketizer().assemble([b"\xdc\x91\x22\x03\x03\x03\x02" + DELTA])


def test_a_frame_in_pieces() -> None:
    pieces = [bytes((flags,)) + KEY[at : at + 4] for flags, at in ((FIRST, 0), (MIDDLE, 4), (LAST, 8))]
    assert Vp9Depacketizer().assemble(pieces) == (KEY, True)
    for broken, why in ((pieces[1:], "beginning"), (pieces[:2], "no end"), ([*pieces[:2], *pieces], "no end")):
        with pytest.raises(DepacketizeError, match=why):
            Vp9Depacketizer().assemble(broken)


def test_layers_leave_as_one_superframe() -> None:
    depacketizer = Vp9Depacketizer()
    packets = [layer(KEY, 0), layer(DELTA[:4], 1, FIRST), layer(DELTA[4:], 1, LAST)]
    sizes = len(KEY).to_bytes(4, "little") + len(DELTA).to_bytes(4, "little")
    assert depacketizer.assemble(packets) == (KEY + DELTA + b"\xd9" + sizes + b"\xd9", True)
    assert [depacketizer.starts_keyframe(packet) for packet in packets] == [True, False, False]
    assert not depacketizer.starts_keyframe(layer(KEY, 1)), "an upper layer alone starts nothing"
    with pytest.raises(DepacketizeError, match=f"1 to {MAX_LAYERS} frames, this one has 9"):
        depacketizer.assemble([layer(DELTA, 0)] * 9)


@pytest.mark.parametrize(
    ("first", "key"), [(0x82, True), (0x92, True), (0xB0, True), (0xB4, False), (0x8A, False), (0x42, False)]
)
def test_keyframes_of_every_profile_are_told_by_their_first_byte(first: int, key: bool) -> None:
    assert Vp9Depacketizer().starts_keyframe(bytes((WHOLE, first)) + KEY[1:]) == key


def test_a_keyframe_without_its_sync_code_is_refused() -> None:
    with pytest.raises(DepacketizeError, match="sync code"):
        Vp9Depacketizer().assemble([b"\x0c\x82junk"])
    with pytest.raises(DepacketizeError, match="this one has 0"):
        Vp9Depacketizer().assemble([b"\x0c"])


@given(st.lists(st.builds(layer, st.binary(max_size=6), st.integers(0, 7), st.integers(0, 255)), max_size=10))
def test_any_mix_of_packets_raises_only_depacketize_errors(packets: list[bytes]) -> None:
    try:
        unit = Vp9Depacketizer().assemble(packets)
    except DepacketizeError:
        return
    assert unit.data


def test_another_senders_packets_become_pictures() -> None:
    depacketizer, context = Vp9Depacketizer(), av.CodecContext.create("vp9", "r")
    shown = 0
    for packets, keyframe in payloads("VP9", 7, keyframe_every=5):
        assert [depacketizer.starts_keyframe(packet) for packet in packets] == [keyframe] + [False] * (len(packets) - 1)
        unit = depacketizer.assemble(packets)
        assert unit.keyframe == keyframe
        shown += len(context.decode(av.Packet(unit.data)))
    assert shown + len(context.decode(None)) == 7
