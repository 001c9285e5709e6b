"""Our client of stateless V4L2 decoders, on the kernel's vicodec."""

from collections.abc import Iterator

import pytest

from receiver import prime
from receiver.decode.stateless.backend import V4l2Stateless
from receiver.decode.v4l2 import memory
from tests.vm.devices.test_planes import SIZE, screen
from tests.vm.devices.test_v4l2 import CROPPED, clip, same, stream
from tests.vm.guest.fwht import CODEC, STATELESS, FwhtReader, vicodec

__all__ = ["screen"]

BACKEND = V4l2Stateless({CODEC: (STATELESS, FwhtReader)})


@pytest.fixture
def codec() -> Iterator[None]:
    with vicodec():
        yield


@pytest.mark.parametrize("planes", [False, True], ids=["single-planar", "multi-planar"])
def test_each_picture_comes_at_once(planes: bool) -> None:
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
