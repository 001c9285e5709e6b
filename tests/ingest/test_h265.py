"""H.265 from RTP: units, aggregation, fragments, parameter sets, and packets of FFmpeg's muxer."""

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest.access_unit import DepacketizeError
from receiver.ingest.h265 import H265Depacketizer
from receiver.ingest.parameter_sets import MAX_PARAMETER_SETS
from tests.peers.rtp_muxer import payloads

VPS, PPS = b"\x40\x01\x0c\x01", b"\x44\x01\xc1\x72"
SPS = b"\x42\x01\x01\x01\x60\x00\x00\x03\x00\x90\x00\x00\x03\x00\x00\x03\x00\x1e\xa0\x20\x81"
IDR, CRA, SLICE, SEI = b"\x26\x01\xaf\x09", b"\x2a\x01\xaf\x09", b"\x02\x01\xd0\x09", b"\x4e\x01\x05\x80"
START = b"\0\0\0\1"
SETS = START + VPS + START + SPS + START + PPS


def aggregate(*units: bytes) -> bytes:
    return b"\x60\x01" + b"".join(len(unit).to_bytes(2) + unit for unit in units)


def fragments(unit: bytes) -> list[bytes]:
    """One byte in each."""
    head, kind, last = bytes((unit[0] & 0x81 | 49 << 1, unit[1])), unit[0] >> 1 & 63, len(unit) - 1
    return [
        head + bytes((kind | 0x80 * (at == 2) | 0x40 * (at == last),)) + unit[at : at + 1] for at in range(2, len(unit))
    ]


@pytest.mark.parametrize("picture", [IDR, CRA])
def test_parameter_sets_are_repeated_before_a_keyframe_that_lacks_them(picture: bytes) -> None:
    depacketizer = H265Depacketizer()
    assert not depacketizer.starts_keyframe(picture)
    with pytest.raises(DepacketizeError, match="before its parameter sets"):
        depacketizer.assemble([picture])
    assert depacketizer.assemble([aggregate(VPS, SPS, PPS), *fragments(picture)]) == (SETS + START + picture, True)
    assert depacketizer.assemble([SEI, picture]) == (SETS + START + SEI + START + picture, True)
    assert depacketizer.assemble([SLICE]) == (START + SLICE, False)
    assert depacketizer.starts_keyframe(picture)


def test_starts_of_keyframes() -> None:
    depacketizer = H265Depacketizer()
    for opening in (VPS, SPS, aggregate(VPS, SPS, PPS), aggregate(SEI, VPS), fragments(VPS)[0]):
        assert depacketizer.starts_keyframe(opening)
    for other in (b"", b"\x26", SLICE, SEI, PPS, IDR, aggregate(SLICE), *fragments(IDR), b"\x60\x01\x00\x09\x26"):
        assert not depacketizer.starts_keyframe(other)
    depacketizer.assemble([VPS, SPS, PPS])
    first, *rest = fragments(IDR)
    assert depacketizer.starts_keyframe(first)
    assert not any(depacketizer.starts_keyframe(one) for one in rest)
    later_slice = b"\x26\x01\x2f"
    assert not depacketizer.starts_keyframe(later_slice)
    with pytest.raises(DepacketizeError, match="first slice"):
        depacketizer.assemble([later_slice])


def test_a_new_set_replaces_the_old_one_of_its_number() -> None:
    depacketizer = H265Depacketizer()
    newer = SPS[:-1] + b"\x93"
    second = b"\x44\x01\x40\x72"  # another number: 1
    depacketizer.assemble([VPS, SPS, PPS, newer, second])
    assert depacketizer.assemble([IDR]).data == b"".join(START + unit for unit in (VPS, newer, second, PPS, IDR))


def test_parameter_sets_are_bounded() -> None:
    sets = [b"\x44\x01" + (number << (24 - 2 * number.bit_length() + 1)).to_bytes(3) for number in range(1, 40)]
    depacketizer = H265Depacketizer()
    assert depacketizer.assemble(sets[:MAX_PARAMETER_SETS])
    with pytest.raises(DepacketizeError, match="more than"):
        depacketizer.assemble(sets)
    with pytest.raises(DepacketizeError, match="parameter set of"):
        H265Depacketizer().assemble([VPS + bytes(5000)])


@pytest.mark.parametrize(
    "packets",
    [
        *(fragments(IDR)[:1], fragments(IDR)[1:], [fragments(IDR)[0], SLICE], [fragments(IDR)[0]] * 2),
        [b"\x62\x01\x93"],
        [b"\x60\x01\x00\x09\x26"],
        [b"\x60\x01\x00\x01\x26"],
        [b"\x60\x01\x00"],
        [b"\x64\x01\x00"],
        [b"\x26"],
        [b""],
        [],
    ],
)
def test_broken_packets_are_refused(packets: list[bytes]) -> None:
    with pytest.raises(DepacketizeError):
        H265Depacketizer().assemble(packets)


@given(
    st.lists(
        st.sampled_from([VPS, SPS, PPS, IDR, SLICE, aggregate(VPS, SPS, PPS), *fragments(IDR)])
        | st.builds(lambda kind, rest: bytes((kind << 1, 1)) + rest, st.integers(0, 63), st.binary(max_size=40))
    )
)
def test_any_mix_of_packets_raises_only_depacketize_errors(packets: list[bytes]) -> None:
    depacketizer = H265Depacketizer()
    for packet in packets:
        depacketizer.starts_keyframe(packet)
    try:
        unit = depacketizer.assemble(packets)
    except DepacketizeError:
        return
    assert unit.data.startswith(START)


def test_another_senders_packets_become_pictures() -> None:
    depacketizer, context = H265Depacketizer(), av.CodecContext.create("hevc", "r")
    shown = 0
    for packets, keyframe in payloads("H265", 7, keyframe_every=5):
        assert depacketizer.starts_keyframe(packets[0]) == keyframe
        unit = depacketizer.assemble(packets)
        assert unit.keyframe == keyframe
        shown += len(context.decode(av.Packet(unit.data)))
    assert shown + len(context.decode(None)) == 7
