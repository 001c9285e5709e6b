"""Our client of stateless V4L2 decoders: on the kernel's vicodec, which decodes a codec that casts never have, and on
its visl, which checks and tells what it is told of those that they have."""

import ctypes
import os
import time
from collections.abc import Iterator

import msgspec
import pytest

from receiver import prime
from receiver.decode.api import DecodeError, DecoderFailed
from receiver.decode.failover import Failover
from receiver.decode.probe import PROOFS, prove
from receiver.decode.software import Software
from receiver.decode.stateless import h264_abi, vp8_abi, vp9_abi
from receiver.decode.stateless.backend import READERS, V4l2Stateless
from receiver.decode.stateless.h264 import H264Reader
from receiver.decode.stateless.plan import NS, Plan, Reader
from receiver.decode.v4l2 import memory
from receiver.errors import BackendUnavailable
from receiver.media import Codec, EncodedFrame, Picture
from receiver.present.api import Placed, View
from receiver.present.kms import KmsPresenter
from tests.gpu import streams, varied
from tests.vm.devices.test_planes import SIZE, blocks, close_to, screen
from tests.vm.devices.test_v4l2 import CROPPED, clip, descriptors, same, stream
from tests.vm.guest.fwht import CODEC, STATELESS, FwhtReader, bind, vicodec
from tests.vm.guest.virtual import Copy
from tests.vm.guest.visl import looked_back, told, visl

__all__ = ["screen"]

BACKEND = V4l2Stateless({CODEC: (STATELESS, FwhtReader)})


@pytest.fixture
def codec() -> Iterator[None]:
    with vicodec():
        yield


@pytest.mark.parametrize("planes", [False, True], ids=["single-planar", "multi-planar"])
def test_each_picture_comes_with_its_own_frame(planes: bool) -> None:
    with vicodec(planes):
        decoder = BACKEND.open(CODEC)
        assert decoder.name == "fwht (V4L2 stateless, vicodec)"
        number = 0
        for size, pixels in ((SIZE, "nv12"), (CROPPED, "yuv420p"), (SIZE, "nv12")):  # two changes of size in mid-stream
            wanted = clip(size, 8, pixels)
            for frame, expected in zip(stream(wanted, number), wanted, strict=True):
                (given,) = decoder.decode(frame)
                assert (given.timestamp, given.width, given.height) == (frame.timestamp, *size)
                assert given.frame.colorspace == 1
                assert same(given, expected)
                number += 1
        del given
        decoder.close()


def test_pictures_that_wait_are_copied_before_the_device_runs_dry(codec: None) -> None:
    decoder = BACKEND.open(CODEC)
    wanted = clip(CROPPED, 12)
    kept = [given for frame in stream(wanted) for given in decoder.decode(frame)]
    assert [prime.is_prime(one.frame) for one in kept] == [True] * memory.SPARE + [False] * 6
    decoder.close()
    assert all(same(given, expected) for given, expected in zip(kept, wanted, strict=True)), (
        "memory outlives its device"
    )


def test_it_is_shown_from_where_it_is(codec: None, screen: KmsPresenter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prime, "in_memory", lambda frame: pytest.fail("it was copied"))
    decoder = BACKEND.open(CODEC)
    for step, frame in enumerate(stream(clip(SIZE, 10))):
        (given,) = decoder.decode(frame)
        screen.draw(View(None, [Placed(given, (0, 0, *SIZE))]))
        screen.flip()
        assert screen.direct
        if step % 3 == 0:
            assert close_to(Copy(screen).take(), blocks(*SIZE, step))
    decoder.close()


def test_damage_is_the_streams_fault_and_heals_at_a_keyframe(codec: None) -> None:
    decoder = BACKEND.open(CODEC)
    wanted = clip(CROPPED, 2)
    frames = stream(wanted)
    version = 8
    broken = bytearray(frames[1].data)
    broken[version : version + 4] = b"\0\0\0\x63"
    for bad in (b"no header at all", frames[1].data[:60]):
        with pytest.raises(DecodeError):
            decoder.decode(msgspec.structs.replace(frames[1], data=bad))
        for frame, expected in zip(frames, wanted, strict=True):
            (given,) = decoder.decode(frame)
            assert same(given, expected)
    with pytest.raises(DecoderFailed, match="does not take what this frame's header says"):
        decoder.decode(msgspec.structs.replace(frames[1], data=bytes(broken)))  # the kernel takes no such control


def test_a_device_that_is_taken_away_is_a_failure_and_the_next_one_goes_on(codec: None) -> None:
    said: list[str] = []
    wanted = clip(CROPPED, 2)
    first, second = stream(wanted)
    decoder = Failover(CODEC, [BACKEND, BACKEND], said.append)
    alone = BACKEND.open(CODEC)
    for one in (decoder, alone):
        assert same(one.decode(first)[0], wanted[0])
    bind(False)
    with pytest.raises(DecoderFailed, match="the device is gone"):
        alone.decode(second)
    with pytest.raises(BackendUnavailable):
        BACKEND.open(CODEC)
    bind(True)
    assert same(decoder.decode(first)[0], wanted[0]), "by the second backend, which opened the device anew"
    assert said == ["fwht (V4L2 stateless, vicodec) broke: the device is gone; fwht (V4L2 stateless, vicodec) goes on"]
    decoder.close()


def test_nothing_is_left_open(codec: None) -> None:
    frames = stream(clip(CROPPED, 1))
    before = descriptors()
    for number in range(200):
        decoder = BACKEND.open(CODEC)
        if number % 20 == 0:
            assert len(decoder.decode(frames[0])) == 1
        if number % 2:
            decoder.close()
    del decoder
    assert descriptors() == before


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


def decoded(codec: Codec, units: list[tuple[bytes, int]]) -> tuple[list[Plan], list[Picture]]:
    """By visl."""
    code, reader = READERS[codec]
    spy = Spy(reader())
    decoder = V4l2Stateless({codec: (code, lambda: spy)}).open(codec)
    pictures: list[Picture] = []
    for data, number in units:
        given = decoder.decode(EncodedFrame(1, "video", codec, number, data, False, False, 0, 0))
        pictures += [msgspec.structs.replace(one, frame=prime.in_memory(one.frame)) for one in given]
    decoder.close()
    return spy.plans, pictures


KINDS: list[tuple[Codec, str]] = [(codec, kind) for codec, (_, kinds) in varied.VARIED.items() for kind in kinds]


@pytest.mark.parametrize(("codec", "kind"), KINDS, ids=[" ".join(one) for one in KINDS])
def test_the_kernel_takes_what_it_is_told_and_finds_the_pictures(codec: Codec, kind: str) -> None:
    with visl():
        plans, pictures = decoded(codec, varied.encode(codec, kind))
        shown = [one.timestamp for one in pictures]
        assert shown == list(range(len(shown))), "in the order of showing"
        assert (pictures[0].width, pictures[0].height) == (322, 182)
        heard = told()
        for name, number, struct in CONTROLS[codec]:
            given = [fields for event, fields in heard if event == name]
            assert len(given) == len(plans)
            for plan, fields in zip(plans, given, strict=True):
                assert fields | _plain(dict(plan.controls)[number]) == fields, struct
        for plan, found in zip(plans, looked_back(), strict=True):
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
    "tile_rows_log2",
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
    said = dict(plan.controls)
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


def test_a_device_that_is_spoken_to_in_another_way_is_told() -> None:
    """Allwinner's takes H.264 slice by slice; visl takes it in both ways, so it is asked for one that there isn't."""

    class Odd(H264Reader):
        settings = ((h264_abi.DECODE_MODE, 7),)

    with (
        visl(),
        pytest.raises(BackendUnavailable, match="visl takes H264 otherwise than by whole frames with start codes"),
    ):
        V4l2Stateless({"H264": (READERS["H264"][0], Odd)}).open("H264")


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
