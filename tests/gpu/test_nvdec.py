"""NVDEC beside the CPU, on a machine that has one; see README.md."""

import pytest

from receiver.media import Codec
from tests.gpu import capabilities, checks

pytestmark = pytest.mark.skipif(bool(checks.absence()), reason=checks.absence())
DRIVER = {} if checks.absence() else capabilities.of_the_driver()


@pytest.mark.parametrize("codec", checks.CODECS)
def test_pictures_are_identical_and_come_at_once(codec: Codec) -> None:
    if capabilities.lacks(DRIVER, codec):
        pytest.skip(DRIVER[codec])
    checks.identical(codec)


@pytest.mark.parametrize("codec", ["H264"])
def test_the_cpu_takes_what_is_beyond_the_device(codec: Codec) -> None:
    checks.beyond_the_device(codec)


@pytest.mark.parametrize("codec", ["H264", "VP9"])
def test_the_cpu_takes_over_from_a_device_that_died(codec: Codec) -> None:
    checks.dying(codec)
