"""Our clients of stateful and of stateless V4L2 decoders, on the kernel's vicodec, which has one of each."""

import contextlib
import gc
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from receiver import prime
from receiver.decode.api import DecodeError, DecoderFailed
from receiver.decode.failover import Failover
from receiver.decode.stateless.backend import V4l2Stateless
from receiver.decode.v4l2 import memory
from receiver.decode.v4l2.backend import V4l2M2m
from receiver.decode.v4l2.decoder import GIVE_UP_S
from receiver.decode.v4l2.nodes import SYSFS, nodes
from receiver.errors import BackendUnavailable
from receiver.media import EncodedFrame, Picture
from receiver.present.api import Placed, View
from receiver.present.kms import KmsPresenter
from tests.vm.devices.test_planes import SIZE, blocks, close_to, picture, screen
from tests.vm.guest.fwht import CODEC, FWHT, STATELESS, FwhtReader, bind, encode, vicodec
from tests.vm.guest.virtual import Copy, imported

__all__ = ["screen"]

STATEFUL = V4l2M2m({CODEC: FWHT})
STATELESS_ONE = V4l2Stateless({CODEC: (STATELESS, (FwhtReader,))})
BACKENDS: tuple[V4l2M2m | V4l2Stateless, ...] = (STATEFUL, STATELESS_ONE)
CROPPED = (640, 360)
"""Which lies in a buffer of 368 rows."""


@pytest.fixture
def codec() -> Iterator[None]:
    with vicodec():
        yield


@pytest.fixture(params=BACKENDS, ids=lambda backend: backend.name)
def backend(request: pytest.FixtureRequest) -> V4l2M2m | V4l2Stateless:
    given: V4l2M2m | V4l2Stateless = request.param
    return given


def clip(size: tuple[int, int], count: int, pixels: str = "nv12") -> list[Picture]:
    return [picture(blocks(*size, step), pixels, 1) for step in range(count)]


def stream(pictures: list[Picture], first: int = 0) -> list[EncodedFrame]:
    return encode([one.frame for one in pictures], first)


def luma(one: Picture) -> np.ndarray:
    plane = prime.in_memory(one.frame).planes[0]
    return (
        np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: one.height, : one.width].astype(int)
    )


def same(given: Picture, wanted: Picture) -> bool:
    """PSNR of luma above 35 dB."""
    return float(10 * np.log10(255**2 / max(np.mean((luma(given) - luma(wanted)) ** 2), 1e-9))) > 35


def descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("planes", [False, True], ids=["single-planar", "multi-planar"])
def test_each_picture_comes_with_its_own_access_unit(planes: bool, backend: V4l2M2m | V4l2Stateless) -> None:
    with vicodec(planes):
        decoder = backend.open(CODEC)
        assert decoder.name in ("fwht (V4L2, vicodec)", "fwht (V4L2 stateless, vicodec)")
        number = 0
        for size, pixels in ((SIZE, "nv12"), (CROPPED, "yuv420p"), (SIZE, "nv12")):  # two changes of size in mid-stream
            wanted = clip(size, 4, pixels)
            for frame, expected in zip(stream(wanted, number), wanted, strict=True):
                (given,) = decoder.decode(frame)
                assert (given.timestamp, given.width, given.height) == (frame.timestamp, *size)
                assert given.frame.colorspace == 1
                assert same(given, expected)
                number += 1
        del given
        decoder.close()


def test_cameras_are_left_alone(codec: None) -> None:
    """vivid's, beside vicodec: they are known by what udev has asked them."""
    if subprocess.run(["modprobe", "vivid"], check=False).returncode:
        pytest.skip("this guest has no vivid")
    subprocess.run(["udevadm", "settle"], check=True)
    try:
        names = {path.name: (path / "name").read_text() for path in SYSFS.glob("video*")}
        cameras = {node for node, name in names.items() if "vid-cap" in name}
        asked = {node.name for node in nodes()}
        assert cameras
        assert asked <= names.keys() - cameras
        assert {node for node, name in names.items() if "vicodec" in name} <= asked
        STATEFUL.open(CODEC).close()
    finally:
        subprocess.run(["rmmod", "vivid"], check=True)


def test_pictures_that_wait_are_copied_before_the_device_runs_dry(
    codec: None, backend: V4l2M2m | V4l2Stateless
) -> None:
    decoder = backend.open(CODEC)
    wanted = clip(CROPPED, 12)
    kept = [given for frame in stream(wanted) for given in decoder.decode(frame)]
    assert [prime.is_prime(one.frame) for one in kept] == [True] * memory.SPARE + [False] * 6
    decoder.close()
    assert all(same(given, expected) for given, expected in zip(kept, wanted, strict=True)), (
        "memory outlives its device"
    )


def test_it_is_shown_from_where_it_is(
    codec: None, backend: V4l2M2m | V4l2Stateless, screen: KmsPresenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prime, "in_memory", lambda frame: pytest.fail("it was copied"))
    monkeypatch.setattr(memory, "in_memory", lambda frame: pytest.fail("it was copied"))
    decoder = backend.open(CODEC)
    wanted = clip(SIZE, 10)
    for step, frame in enumerate(stream(wanted)):
        (given,) = decoder.decode(frame)
        screen.draw(View(None, [Placed(given, (0, 0, *SIZE))]))
        screen.flip()
        assert screen.direct
        if step % 3 == 0:
            assert close_to(Copy(screen).take(), blocks(*SIZE, step))
    assert imported(screen) <= memory.SPARE + 2, "a frame buffer for each of the device's"
    decoder.close()


def test_damage_is_the_streams_fault_and_heals_at_a_keyframe(codec: None) -> None:
    decoder = STATEFUL.open(CODEC)
    wanted = clip(CROPPED, 2)
    frames = stream(wanted)
    version = 8
    broken = bytearray(frames[1].data)
    broken[version : version + 4] = b"\0\0\0\x63"
    nothing = msgspec.structs.replace(frames[0], data=b"no header at all")
    for bad in (nothing, msgspec.structs.replace(frames[1], data=bytes(broken))):
        with pytest.raises(DecodeError):
            decoder.decode(bad)
        for frame, expected in zip(frames, wanted, strict=True):
            (given,) = decoder.decode(frame)
            assert same(given, expected)
    del given
    decoder.close()


def test_damage_is_told_at_once_where_headers_are_read_here(codec: None) -> None:
    decoder = STATELESS_ONE.open(CODEC)
    wanted = clip(CROPPED, 2)
    frames = stream(wanted)
    for bad in (b"no header at all", frames[1].data[:60]):
        with pytest.raises(DecodeError):
            decoder.decode(msgspec.structs.replace(frames[1], data=bad))
        for frame, expected in zip(frames, wanted, strict=True):
            (given,) = decoder.decode(frame)
            assert same(given, expected)
    del given
    version = 8
    broken = bytearray(frames[1].data)
    broken[version : version + 4] = b"\0\0\0\x63"
    with pytest.raises(DecoderFailed, match="does not take what this frame's header says"):
        decoder.decode(msgspec.structs.replace(frames[1], data=bytes(broken)))


def test_an_access_unit_that_is_cut_short_stops_nothing(codec: None) -> None:
    decoder = STATEFUL.open(CODEC)
    wanted = clip(CROPPED, 2)
    first, second = stream(wanted)
    assert len(decoder.decode(first)) == 1
    began = time.monotonic()
    assert decoder.decode(msgspec.structs.replace(second, data=second.data[:-100])) == [], "vicodec waits for the rest"
    assert time.monotonic() - began < GIVE_UP_S
    with contextlib.suppress(DecodeError):
        decoder.decode(first)  # some of it is taken for that rest
    for frame, expected in ((first, wanted[0]), (second, wanted[1])):
        (given,) = decoder.decode(frame)
        assert same(given, expected)
    del given
    decoder.close()


def test_a_device_that_is_taken_away_is_a_failure_and_the_next_one_goes_on(
    codec: None, backend: V4l2M2m | V4l2Stateless
) -> None:
    told: list[str] = []
    wanted = clip(CROPPED, 2)
    first, second = stream(wanted)
    decoder = Failover(CODEC, [backend, backend], told.append)
    alone = backend.open(CODEC)
    for one in (decoder, alone):
        assert same(one.decode(first)[0], wanted[0])
    bind(False)
    with pytest.raises(DecoderFailed, match="the device is gone"):
        alone.decode(second)
    with pytest.raises(BackendUnavailable):
        backend.open(CODEC)
    bind(True)
    assert same(decoder.decode(first)[0], wanted[0]), "by the second backend, which opened the device anew"
    assert told == [f"{decoder.name} broke: the device is gone; {decoder.name} goes on"]
    decoder.close()


def test_nothing_is_left_open(codec: None, backend: V4l2M2m | V4l2Stateless) -> None:
    frames = stream(clip(CROPPED, 1))
    before = descriptors()
    for number in range(200):
        decoder = backend.open(CODEC)
        if number % 20 == 0:
            assert len(decoder.decode(frames[0])) == 1
        if number % 2:
            decoder.close()
    del decoder
    assert descriptors() == before
    assert not [path for path in Path("/proc/self/fd").iterdir() if "video" in os.path.realpath(path)]
