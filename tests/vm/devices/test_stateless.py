"""Our client of stateless V4L2 decoders, with the codecs that casts have: on the kernel's visl, which decodes nothing,
but checks and tells what it is told. What the client does with pictures is in test_v4l2."""

import ctypes
import os
import time

import msgspec
import pytest

from receiver import prime
from receiver.decode.failover import Failover
from receiver.decode.probe import PROOFS, prove
from receiver.decode.software import Software
from receiver.decode.stateless import h264_abi, vp8_abi, vp9_abi
from receiver.decode.stateless.backend import READERS, V4l2Stateless
from receiver.decode.stateless.h264 import H264Reader
from receiver.decode.stateless.plan import NS, Plan, Reader
from receiver.errors import BackendUnavailable
from receiver.media import Codec, EncodedFrame, Picture
from tests.gpu import streams
from tests.peers import varied
from tests.vm.devices.test_v4l2 import descriptors
from tests.vm.guest.visl import looked_back, told, visl


class Spy:
    """A reader, and what it says."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.settings = reader.settings
        self.plans: list[Plan] = []

    def read(self, data: bytes) -> list[Plan]:
        found = self._reader.read(data)
        self.plans += found
        return found


def decoded(codec: Codec, units: list[tuple[bytes, int]], way: int = 0) -> tuple[list[Plan], list[Picture]]:
    """By visl. ``way``: in which of those that a reader has."""
    code, readers = READERS[codec]
    spy = Spy(readers[way]())
    decoder = V4l2Stateless({codec: (code, (lambda: spy,))}).open(codec)
    pictures: list[Picture] = []
    for data, number in units:
        given = decoder.decode(EncodedFrame(1, "video", codec, number, data, False, False, 0, 0))
        pictures += [msgspec.structs.replace(one, frame=prime.in_memory(one.frame)) for one in given]
    decoder.close()
    return spy.plans, pictures


KINDS: list[tuple[Codec, str, int]] = [
    (codec, kind, way)
    for codec, (_, kinds) in varied.VARIED.items()
    for kind in kinds
    for way in range(len(READERS[codec][1]))
]


@pytest.mark.parametrize(("codec", "kind", "way"), KINDS, ids=[" ".join(map(str, one)) for one in KINDS])
def test_the_kernel_takes_what_it_is_told_and_finds_the_pictures(codec: Codec, kind: str, way: int) -> None:
    with visl():
        count = 12 if way else 24  # the kernel's log holds so many requests: a slice each, or a frame
        plans, pictures = decoded(codec, varied.encode(codec, kind, count), way)
        shown = [one.timestamp for one in pictures]
        assert shown == list(range(len(shown))), "in the order of showing"
        assert (pictures[0].width, pictures[0].height) == (322, 182)
        heard = told()
        parts = [(plan, part) for plan in plans for part in plan.parts]
        for name, number, struct in CONTROLS[codec]:
            given = [fields for event, fields in heard if event == name]
            assert len(given) == len(parts)
            for (_, part), fields in zip(parts, given, strict=True):
                if number in dict(part.controls):
                    assert fields | _plain(dict(part.controls)[number]) == fields, struct
        for (plan, _), found in zip(parts, looked_back(), strict=True):
            for unit in _looks_back(plan):
                assert found[unit][0] >= 0, f"frame {plan.unit} is predicted from {unit}, whose buffer is there"
                assert found[unit][1] == "Dequeued", "and is not given to the device to write over"


def test_a_picture_that_is_shown_again_comes_with_the_frame_that_says_so() -> None:
    key, following = PROOFS["VP9"]
    with visl():
        again = b"\x88"
        _, pictures = decoded("VP9", [(key, 0), (again, 1), (following, 2), (again, 3)])
        assert [one.timestamp for one in pictures] == [0, 1, 2, 3]


CONTROLS: dict[Codec, list[tuple[str, int, type[ctypes.Structure]]]] = {
    "H264": [
        ("v4l2_ctrl_h264_sps", h264_abi.SPS, h264_abi.Sps),
        ("v4l2_ctrl_h264_pps", h264_abi.PPS, h264_abi.Pps),
        ("v4l2_ctrl_h264_slice_params", h264_abi.SLICE, h264_abi.SliceParams),
        ("v4l2_ctrl_h264_decode_params", h264_abi.DECODE, h264_abi.DecodeParams),
    ],
    "VP8": [("v4l2_ctrl_vp8_frame", vp8_abi.FRAME, vp8_abi.Frame)],
    "VP9": [
        ("v4l2_ctrl_vp9_frame", vp9_abi.FRAME, vp9_abi.Frame),
        ("v4l2_ctrl_vp9_compressed_hdr", vp9_abi.CHANGES, vp9_abi.Changes),
    ],
}
"""By the name that visl has for it."""
IN_WORDS = (
    *("flags", "constraint_set_flags", "reserved", "padding"),
    *("reference_mode", "ref_frame_sign_bias", "interpolation_filter", "reset_frame_context", "tx_mode"),
    *("tile_rows_log2", "slice_type"),
)
"""What visl writes in words, or by another name."""


def _plain(said: object, before: str = "") -> dict[str, str]:
    """Its numbers as visl writes them."""
    assert isinstance(said, ctypes.Structure)
    found: dict[str, str] = {}
    for name, *_ in said._fields_:
        value = getattr(said, name)
        if isinstance(value, ctypes.Structure):
            found |= _plain(value, f"{name}.")
        elif isinstance(value, int) and name not in IN_WORDS:
            found[before + name] = str(value)
    return found


def _looks_back(plan: Plan) -> set[int]:
    """To which frames."""
    said = dict(plan.parts[0].controls)
    if h264_abi.DECODE in said:
        decode = said[h264_abi.DECODE]
        assert isinstance(decode, h264_abi.DecodeParams)
        return {entry.reference_ts // NS for entry in decode.dpb if entry.flags}
    frame = said[vp8_abi.FRAME if vp8_abi.FRAME in said else vp9_abi.FRAME]
    assert isinstance(frame, vp8_abi.Frame | vp9_abi.Frame)
    return {time // NS for time in (frame.last_frame_ts, frame.golden_frame_ts, frame.alt_frame_ts)} - {0}


@pytest.mark.parametrize("codec", READERS)
def test_a_device_that_gives_wrong_pictures_is_not_offered(codec: Codec) -> None:
    with visl():
        proof = prove(codec, V4l2Stateless())
        assert not proof.ok
        assert "the built-in frame came out with luma" in proof.reason


class Odd(H264Reader):
    """In a way that there isn't."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = ((h264_abi.DECODE_MODE, 7),)


def test_a_device_is_spoken_to_in_the_way_that_it_takes() -> None:
    code, ways = READERS["H264"]
    with visl():
        with pytest.raises(BackendUnavailable, match="visl takes H264 in a way that is not known here"):
            V4l2Stateless({"H264": (code, (Odd,))}).open("H264")
        decoder = V4l2Stateless({"H264": (code, (Odd, *ways[1:]))}).open("H264")
        (frame,) = streams.frames("H264", streams.encode("H264", 320, 180, 1))
        assert len(decoder.decode(frame)) == 1
        decoder.close()
        assert [event for event, _ in told()].count("v4l2_ctrl_h264_slice_params") >= 1


def test_the_cpu_goes_on_with_what_a_device_is_not_asked_for() -> None:
    with visl():
        said: list[str] = []
        decoder = Failover("H264", [V4l2Stateless(), Software()], said.append)
        first = streams.frames("H264", streams.encode("H264", 320, 180, 2))
        second = streams.frames("H264", streams.encode("H264", 320, 180, 2, "yuv444p"), 2)
        assert [len(decoder.decode(frame)) for frame in (*first, *second)] == [1] * 4
        assert said == [
            "h264 (V4L2 stateless, visl) is not asked for H264 in other than 4:2:0 with 8 bits; h264 (FFmpeg, software)"
            " goes on"
        ]
        decoder.close()


def test_a_cast_takes_a_bounded_number_of_buffers_through_changes_of_size() -> None:
    with visl():
        before = descriptors()
        decoder = V4l2Stateless().open("VP8")
        counts = set()
        for frame in streams.with_changes_of_size("VP8", 12, ((320, 180), (640, 360), (320, 180))):
            (given,) = decoder.decode(frame)
            del given
            counts.add(len(os.listdir("/proc/self/fd")))
        assert max(counts) <= before + 16
        began = time.monotonic()
        decoder.close()
        assert time.monotonic() - began < 1
        assert descriptors() == before
