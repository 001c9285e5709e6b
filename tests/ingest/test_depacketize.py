from fractions import Fraction

import pytest
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from av import CodecContext, Packet, VideoCodecContext, VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from receiver.ingest.access_unit import DepacketizeError
from receiver.ingest.depacketize import DEPACKETIZERS
from receiver.ingest.h264 import H264Depacketizer
from receiver.ingest.parameter_sets import MAX_PARAMETER_SETS
from receiver.ingest.vp8 import Vp8Depacketizer
from receiver.media import Codec

SPS, PPS, IDR, SLICE = b"\x67\x42\xe0\x1f\x8c", b"\x68\xce\x3c\x80", b"\x65\x88\x84", b"\x41\x9a\x02"
START = b"\0\0\0\1"
payload_lists = st.lists(st.binary(max_size=24), max_size=6)


def stap(*units: bytes) -> bytes:
    return b"\x78" + b"".join(len(unit).to_bytes(2) + unit for unit in units)


def fragments(unit: bytes, size: int) -> list[bytes]:
    parts = [unit[at : at + size] for at in range(1, len(unit), size)]
    flags = [0x80 * (n == 0) | 0x40 * (n == len(parts) - 1) for n in range(len(parts))]
    return [bytes((unit[0] & 0xE0 | 28, flag | unit[0] & 0x1F)) + part for flag, part in zip(flags, parts, strict=True)]


@pytest.mark.parametrize("codec", sorted(DEPACKETIZERS))
@given(payloads=payload_lists)
def test_arbitrary_payloads_raise_only_depacketize_errors(codec: Codec, payloads: list[bytes]) -> None:
    depacketizer = DEPACKETIZERS[codec]()
    for payload in payloads:
        depacketizer.starts_keyframe(payload)
    try:
        depacketizer.assemble(payloads)
    except DepacketizeError:
        return


@given(st.lists(st.sampled_from([SPS, PPS, IDR, SLICE, stap(SPS, PPS), *fragments(IDR, 1), b"\x67", b"\x68", b"\x65"])))
def test_any_mix_of_h264_units_raises_only_depacketize_errors(payloads: list[bytes]) -> None:
    depacketizer = H264Depacketizer()
    try:
        unit = depacketizer.assemble(payloads)
    except DepacketizeError:
        return
    assert unit.data.startswith(START)


@pytest.mark.parametrize(("codec", "encoder", "decoder"), [("VP8", Vp8Encoder, "vp8"), ("H264", H264Encoder, "h264")])
def test_another_librarys_packets_become_decodable_frames(
    codec: Codec, encoder: type[H264Encoder | Vp8Encoder], decoder: str
) -> None:
    encode, depacketizer, context = encoder(), DEPACKETIZERS[codec](), CodecContext.create(decoder, "r")
    assert isinstance(context, VideoCodecContext)
    decoded = 0
    for number in range(6):
        picture = VideoFrame(320, 240, "yuv420p")
        for plane in picture.planes:
            plane.update(bytes([number * 30]) * plane.buffer_size)
        picture.pts, picture.time_base = number * 3000, Fraction(1, 90000)
        payloads, _ = encode.encode(picture, force_keyframe=number in (0, 4))
        assert depacketizer.starts_keyframe(payloads[0]) == (number in (0, 4))
        unit = depacketizer.assemble(payloads)
        assert unit.keyframe == (number in (0, 4))
        decoded += len(context.decode(Packet(unit.data)))
    assert decoded + len(context.decode(None)) == 6


@pytest.mark.parametrize(
    ("descriptor", "length"),
    [
        (b"\x10", 1),
        (b"\x90\x80\x11", 3),
        (b"\x90\x80\x91\x22", 4),
        (b"\x90\xf0\x91\x22\x01\x02", 6),
        (b"\x90\x40\x01", 3),
        (b"\x90\x20\x01", 3),
        (b"\x90\x10\x01", 3),
        (b"\x90\x00", 2),
    ],
)
def test_vp8_descriptors_of_every_length(descriptor: bytes, length: int) -> None:
    frame = b"\x10\x02\x00\x9d\x01\x2a" + bytes(8)
    unit = Vp8Depacketizer().assemble([descriptor + frame])
    assert unit == (frame, True)
    assert len(descriptor) == length
    for cut in range(1, length):
        with pytest.raises(DepacketizeError, match=r"descriptor|empty"):
            Vp8Depacketizer().assemble([descriptor[:cut]])


def test_a_vp8_frame_without_its_beginning_is_refused() -> None:
    with pytest.raises(DepacketizeError, match="beginning"):
        Vp8Depacketizer().assemble([b"\x00\x11data"])
    with pytest.raises(DepacketizeError, match="start code"):
        Vp8Depacketizer().assemble([b"\x10\x10\x00\x00junk"])


def test_h264_parameter_sets_are_repeated_before_a_keyframe_that_lacks_them() -> None:
    depacketizer = H264Depacketizer()
    assert depacketizer.assemble([stap(SPS, PPS), *fragments(IDR, 1)]) == (
        START + SPS + START + PPS + START + IDR,
        True,
    )
    assert depacketizer.assemble([IDR]) == (START + SPS + START + PPS + START + IDR, True)
    assert depacketizer.assemble([SLICE]) == (START + SLICE, False)


def test_an_h264_keyframe_needs_its_parameter_sets_and_its_first_slice() -> None:
    with pytest.raises(DepacketizeError, match="before its parameter sets"):
        H264Depacketizer().assemble([IDR])
    with pytest.raises(DepacketizeError, match="first slice"):
        H264Depacketizer().assemble([stap(SPS, PPS), b"\x65\x08\x84"])


def test_h264_starts_of_keyframes() -> None:
    depacketizer = H264Depacketizer()
    assert [depacketizer.starts_keyframe(one) for one in (SPS, stap(SPS, PPS), IDR, SLICE, b"", b"\x7c")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]
    depacketizer.assemble([SPS, PPS])
    assert depacketizer.starts_keyframe(IDR)
    first, *rest = fragments(IDR, 1)
    assert depacketizer.starts_keyframe(first)
    assert not any(depacketizer.starts_keyframe(one) for one in rest)
    assert not depacketizer.starts_keyframe(b"\x65\x40\x84")  # a later slice


def test_h264_parameter_sets_are_bounded() -> None:
    depacketizer = H264Depacketizer()
    sets = []
    for number in range(1, MAX_PARAMETER_SETS + 2):
        code = number << (16 - 2 * number.bit_length() + 1)  # ue(number - 1), left-aligned
        sets.append(b"\x68" + code.to_bytes(2))
    assert depacketizer.assemble(sets[:-1])
    with pytest.raises(DepacketizeError, match="more than"):
        depacketizer.assemble(sets[-1:])
    with pytest.raises(DepacketizeError, match="parameter set of"):
        H264Depacketizer().assemble([SPS + bytes(5000)])


@pytest.mark.parametrize(
    "payloads",
    [
        fragments(IDR, 1)[:1],
        fragments(IDR, 1)[1:],
        [*fragments(IDR, 1)[:1], SLICE],
        [b"\x78\x00\x09\x41"],
        [b"\x78\x00\x00"],
        [b"\x79\x00"],
        [b""],
        [],
    ],
)
def test_broken_h264_is_refused(payloads: list[bytes]) -> None:
    with pytest.raises(DepacketizeError):
        H264Depacketizer().assemble(payloads)
