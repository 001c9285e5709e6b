"""What a device (NVDEC, where no other ``backend`` is given) is held to: the same pictures as the CPU's, bit for bit,
each with its own frame. Each check returns what it measured, and raises AssertionError where the device falls short."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

import numpy as np

from receiver.decode.api import Backend, DecodeError
from receiver.decode.backends import SOFTWARE
from receiver.decode.decoders import Decoders
from receiver.decode.hwaccel import NVDEC
from receiver.decode.probe import prove
from receiver.media import Codec, EncodedFrame, Picture
from tests.gpu import streams

CODECS: tuple[Codec, ...] = ("H264", "H265", "VP8", "VP9", "AV1")
Result = dict[str, object]


def absence() -> str:
    """Why there is nothing to check here; empty: there is."""
    proof = prove("H264", NVDEC)
    return "" if proof.ok else proof.reason


def planes(picture: Picture) -> tuple[np.ndarray, ...]:
    """Y, U and V, each (rows, columns), 8 bit, from NV12 or planar 4:2:0."""
    frame, width, height = picture.frame, picture.width, picture.height
    half = ((height + 1) // 2, (width + 1) // 2)

    def rows(index: int, count: int, length: int) -> np.ndarray:
        plane = frame.planes[index]
        return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:count, :length]

    luma = rows(0, height, width)
    if frame.format.name == "nv12":
        chroma = rows(1, half[0], 2 * half[1])
        return luma, chroma[:, 0::2], chroma[:, 1::2]
    assert frame.format.name in ("yuv420p", "yuvj420p"), frame.format.name
    return luma, rows(1, *half), rows(2, *half)


def same(ours: Picture, theirs: Picture) -> bool:
    return (ours.width, ours.height) == (theirs.width, theirs.height) and all(
        np.array_equal(a, b) for a, b in zip(planes(ours), planes(theirs), strict=True)
    )


def identical(codec: Codec, backend: Backend = NVDEC, stream: Sequence[EncodedFrame] = ()) -> Result:
    """Bit for bit, through changes of size, and each picture with its own frame."""
    stream = stream or streams.with_changes_of_size(codec)
    device, reference = backend.open(codec), SOFTWARE.open(codec)
    unlike, late = [], []
    for number, frame in enumerate(stream):
        found, wanted = device.decode(frame), reference.decode(frame)
        assert len(wanted) == 1, f"the CPU gave {len(wanted)} pictures for frame {number}"
        if len(found) != 1 or found[0].timestamp != frame.timestamp:
            late.append(number)
        elif not same(found[0], wanted[0]):
            unlike.append(number)
    device.close()
    reference.close()
    result: Result = {"frames": len(stream), "not_identical": len(unlike), "not_at_once": len(late)}
    assert not unlike and not late, f"{result}; first {unlike[:5]} and {late[:5]}"  # noqa: PT018 - one sentence
    return result


def timed(backend: Backend, stream: Sequence[EncodedFrame]) -> list[float]:
    """How long each frame took until its picture was in memory, in ms, without the first five."""
    decoder = backend.open(stream[0].codec)
    spent = []
    for frame in stream:
        began = time.perf_counter()
        assert len(decoder.decode(frame)) == 1
        spent.append(1e3 * (time.perf_counter() - began))
    decoder.close()
    return spent[5:]


def speed(codec: Codec) -> Result:
    """Frame in to picture out at 1080p, beside the CPU with its threads, in turns."""
    stream = streams.frames(codec, streams.encode(codec, 1920, 1080, 90))
    device: list[float] = []
    cpu: list[float] = []
    for _ in range(3):
        device += timed(NVDEC, stream)
        cpu += timed(SOFTWARE, stream)

    def figures(spent: list[float]) -> dict[str, float]:
        ordered = sorted(spent)
        return {
            "p50_ms": round(statistics.median(ordered), 2),
            "p95_ms": round(ordered[len(ordered) * 95 // 100], 2),
            "frames_per_s": round(1e3 * len(ordered) / sum(ordered), 1),
        }

    ratio = round(sum(device) / sum(cpu), 3)
    return {"nvdec": figures(device), "cpu": figures(cpu), "time_ratio_nvdec_to_cpu": ratio}


def opening(codec: Codec) -> Result:
    """How long a decoder takes to open, to its first picture: part of the start of a cast."""
    stream = streams.frames(codec, streams.encode(codec, 1280, 720, 1))
    spent = []
    for _ in range(3):
        began = time.perf_counter()
        decoder = NVDEC.open(codec)
        assert len(decoder.decode(stream[0])) == 1
        spent.append(round(1e3 * (time.perf_counter() - began), 1))
        decoder.close()
    return {"open_to_first_picture_ms": spent}


def beyond_the_device(codec: Codec, backend: Backend = NVDEC) -> Result:
    """In mid-stream comes what it doesn't take (4:4:4); the CPU shows that very keyframe, and the reason is told."""
    stream = streams.frames(codec, streams.encode(codec, 640, 360, 5))
    stream += streams.frames(codec, streams.encode(codec, 640, 360, 5, "yuv444p"), 5)
    told: list[str] = []
    decoder = Decoders([prove(codec, backend), prove(codec, SOFTWARE)]).open(codec, told.append)
    shown = [len(decoder.decode(frame)) for frame in stream]
    assert shown == [1] * len(stream), shown
    assert len(told) == 1, told
    assert "software" in decoder.name, decoder.name
    return {"told": told[0]}


def dying(codec: Codec) -> Result:
    """The device's context is taken away in mid-stream: in a process of its own, as a driver may take that down."""
    ran = subprocess.run([sys.executable, "-m", "tests.gpu.dying", codec], capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, f"status {ran.returncode}: {ran.stdout[-500:]} {ran.stderr[-1500:]}"
    result: Result = json.loads(ran.stdout.splitlines()[-1])
    return result


def outlive_the_device(codec: Codec, kill: object, backend: Backend = NVDEC) -> Result:
    """``kill()`` breaks the device after ten frames; the CPU must take over at the next keyframe, identically."""
    assert callable(kill)
    stream = streams.frames(codec, streams.encode(codec, 640, 360, 20))
    stream += streams.frames(codec, streams.encode(codec, 640, 360, 20), 20)
    told: list[str] = []
    decoder = Decoders([prove(codec, backend), prove(codec, SOFTWARE)]).open(codec, told.append)
    reference = SOFTWARE.open(codec)
    waiting, healed, lost = False, 0, 0
    for number, frame in enumerate(stream):
        wanted = reference.decode(frame)
        if number == 10:
            kill()
        if waiting and not frame.keyframe:
            lost += 1
            continue
        waiting = False
        try:
            (found,) = decoder.decode(frame)
        except DecodeError:
            waiting, lost = True, lost + 1
            continue
        assert same(found, wanted[0]), f"frame {number} differs"
        healed += number >= 20
    assert len(told) == 1, told
    assert healed == 20, healed
    return {"told": told[0], "frames_lost_until_the_keyframe": lost}
