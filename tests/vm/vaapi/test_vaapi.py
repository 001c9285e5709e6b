"""VA-API as a box has it: Debian's PyAV on the system's FFmpeg, libva, and a driver that stands for the GPU's
(tests/vm/guest/va), which libva finds by the name of the card's kernel driver."""

import asyncio
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from receiver.decode.backends import SOFTWARE
from receiver.decode.hwaccel import VAAPI
from receiver.decode.probe import Proof, prove, prove_all
from receiver.decode.rank import best
from receiver.link import SetTap, StreamStats, TapPicture
from receiver.media import Codec
from tests.gpu import checks, streams
from tests.peers.calm import open_calmly
from tests.peers.stage_process import StageProcess

DRIVER = Path("/usr/lib/x86_64-linux-gnu/dri/virtio_gpu_drv_video.so")
FAULT, HANG = Path("/run/va-fault"), Path("/run/va-hang")
"""While one of them exists, the driver's decoding fails, or does not return."""
TAKEN: tuple[Codec, ...] = ("VP8", "H264", "VP9")
SIZES = ((320, 180), (366, 274))
ORDER = ("vaapi", "software")
GREY = np.full((360, 640), 100, np.uint8)

pytestmark = pytest.mark.skipif(not DRIVER.exists(), reason="the VA-API driver could not be built")


@pytest.fixture(autouse=True)
def sound() -> Iterator[None]:
    yield
    FAULT.unlink(missing_ok=True)
    HANG.unlink(missing_ok=True)


def test_what_the_device_has_is_proven_and_what_it_lacks_is_told() -> None:
    proofs: list[Proof] = prove_all(dict.fromkeys((*TAKEN, "AV1", "H265"), ORDER))
    chosen = best(proofs)
    assert [chosen[codec].backend for codec in TAKEN] == ["vaapi"] * len(TAKEN), [proof.reason for proof in proofs]
    for codec in ("AV1", "H265"):
        refused = next(proof for proof in proofs if (proof.codec, proof.backend) == (codec, "vaapi"))
        assert refused.reason.startswith(f"the device of VA-API does not decode {codec}"), refused.reason


def test_a_box_is_installed_with_it() -> None:
    """PyPI's PyAV, which has no VA-API, is where ``--site`` has it; and nothing starts here, without systemd."""
    told = subprocess.check_output(
        ["/project/scripts/install", "--site", "/opt/site", "--vaapi"], stderr=subprocess.STDOUT
    )
    assert b"by the system's FFmpeg, with VA-API" in told, told.decode()
    python = "/opt/ddp-receiver/current/bin/python"
    look = (
        "from receiver.decode.probe import prove; from receiver.decode.hwaccel import VAAPI; print(prove('VP8', VAAPI))"
    )
    said = subprocess.check_output([python, "-P", "-c", look], cwd="/", env={"PATH": "/usr/bin"}, text=True)
    assert "ok=True" in said, said


@pytest.mark.parametrize("codec", TAKEN)
def test_pictures_are_identical_and_come_at_once(codec: Codec) -> None:
    checks.identical(codec, VAAPI, streams.with_changes_of_size(codec, 3, SIZES))


@pytest.mark.parametrize("full_range", [False, True])
def test_colours_of_the_bitstream_are_kept(full_range: bool) -> None:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = *SIZES[0], "yuv420p", Fraction(1, 30)
    encoder.options = streams.ENCODERS["H264"][1]
    encoder.colorspace, encoder.color_range = 1, 2 if full_range else 1
    open_calmly(encoder)
    packets = [*encoder.encode(streams.picture(0, *SIZES[0])), *encoder.encode(None)]
    (frame,) = streams.frames("H264", ((bytes(packet), True) for packet in packets))
    for backend in (VAAPI, SOFTWARE):
        decoder = backend.open("H264")
        (picture,) = decoder.decode(frame)
        assert (picture.frame.colorspace, picture.frame.color_range) == (1, 2 if full_range else 1), decoder.name
        decoder.close()


@pytest.mark.parametrize("codec", ["H264", "VP9"])
def test_the_cpu_takes_what_is_beyond_the_device(codec: Codec) -> None:
    checks.beyond_the_device(codec, VAAPI)


@pytest.mark.parametrize("codec", TAKEN)
def test_the_cpu_takes_over_from_a_driver_that_fails(codec: Codec) -> None:
    told = checks.outlive_the_device(codec, FAULT.touch, VAAPI)["told"]
    assert "(VA-API) broke: the device does not answer" in str(told)


def test_a_driver_that_fails_at_the_start_is_not_offered() -> None:
    FAULT.touch()
    proof = prove("VP8", VAAPI)
    assert not proof.ok
    assert "its driver fails at it" in proof.reason


@pytest.mark.parametrize(("fault", "told"), [(FAULT, "vp8 (VA-API) broke"), (HANG, "vp8 (VA-API) hangs")])
async def test_a_cast_goes_on_when_the_driver_is_lost(fault: Path, told: str) -> None:
    stage = await StageProcess.start("--output", "kms", "--sound", "null")
    try:
        await stage.is_ready()
        assert stage.ready.codecs[:3] == ("H264", "VP8", "VP9"), "what a device decodes is asked for first"
        stage.link.send(SetTap(True, 0, 0, 2, 2))
        camera = stage.attach(1)
        for number in range(5):
            camera.show(GREY + number, keyframe=not number)
            await stage.expect(TapPicture)
        stats = await stage.expect(StreamStats, lambda stats: stats.frames_presented == 5)
        assert stats.decoder == "vp8 (VA-API)"
        fault.touch()
        shown = asyncio.ensure_future(stage.expect(TapPicture))
        while not shown.done():  # a sender goes on, and gives the keyframe that it is asked for
            camera.show(GREY + 80, keyframe=True)
            await asyncio.sleep(0.2)
        assert abs((await shown).luma[0] - 180) <= 4
        stats = await stage.expect(StreamStats, lambda stats: "software" in stats.decoder)
        assert stats.fallback.startswith(told)
        fault.unlink()
        assert await stage.stop() == 0
    finally:
        await stage.kill()
