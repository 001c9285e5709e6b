"""The kernel's vicodec, a codec in software behind V4L2's interfaces, its encoder, and a reader of its headers for the
decoder of it that is stateless."""

import ctypes
import mmap
import select
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from av import VideoFrame

from receiver.decode.api import DecodeError
from receiver.decode.stateless.abi import BASE, Control
from receiver.decode.stateless.plan import NS, Layout, Part, Plan
from receiver.decode.v4l2 import abi
from receiver.decode.v4l2.device import Device
from receiver.decode.v4l2.formats import fourcc, meaning
from receiver.decode.v4l2.queue import Queue
from receiver.media import Codec, EncodedFrame

FWHT, STATELESS = fourcc("FWHT"), fourcc("SFWH")
CODEC: Codec = "FWHT"  # type: ignore[assignment]
"""Which casts never have."""
DRIVER = Path("/sys/bus/platform/drivers/vicodec")
S_CTRL = 3 << 30 | 8 << 16 | ord("V") << 8 | 28
S_SELECTION = 3 << 30 | 64 << 16 | ord("V") << 8 | 95
GOP_SIZE, I_FRAME_QP, P_FRAME_QP = 0x9909CB, 0x990A22, 0x990A23
TARGET_CROP = 0
STEP = 3000
"""Of RTP's clock, from one picture to the next."""

PARAMS = BASE + 100
"""V4L2_CID_STATELESS_FWHT_PARAMS"""
HEADER = struct.Struct(">8s9I")
"""fwht_cframe_hdr"""
MAGIC = b"\x4f" * 4 + b"\xff" * 4
INTRA = 1 << 10


class Params(ctypes.Structure):
    """v4l2_ctrl_fwht_params"""

    _fields_ = (
        ("backward_ref_ts", ctypes.c_uint64),
        *[
            (name, ctypes.c_uint32)
            for name in ("version", "width", "height", "flags", "colorspace", "xfer_func", "ycbcr_enc", "quantization")
        ],
    )


class FwhtReader:
    """Each frame is predicted from the one before."""

    settings: tuple[Control, ...] = ()

    def __init__(self) -> None:
        self._unit = 0

    def read(self, data: bytes) -> list[Plan]:
        if len(data) < HEADER.size or data[:8] != MAGIC:
            raise DecodeError("a frame without a header")
        _, *said, size = HEADER.unpack_from(data)
        _, width, height, flags, colorspace, transfer, encoding, quantization = said
        reference = 0 if flags & INTRA else self._unit * NS
        self._unit += 1
        layout = Layout(
            (width, height), (0, 0, width, height), 1, meaning(colorspace, encoding, quantization, transfer)
        )
        controls = ((PARAMS, Params(reference, *said)),)
        parts = (Part(data[HEADER.size :][:size], controls),)
        return [Plan(self._unit, layout, parts, (self._unit,), frozenset({self._unit}))]


@contextmanager
def vicodec(planes: bool = False) -> Iterator[None]:
    """Its devices. ``planes``: with the multi-planar calls."""
    if subprocess.run(["modprobe", "vicodec", f"multiplanar={int(planes)}"], check=False).returncode:
        pytest.skip("this guest has no vicodec; its image could not be built with it")
    subprocess.run(["udevadm", "settle"], check=True)
    try:
        yield
    finally:
        subprocess.run(["rmmod", "vicodec"], check=True)


def bind(bound: bool) -> None:
    """Take the devices away from whoever uses them, and bring them back."""
    (DRIVER / ("bind" if bound else "unbind")).write_text("vicodec.0")
    subprocess.run(["udevadm", "settle"], check=True)


def encode(pictures: list[VideoFrame], first: int = 0) -> list[EncodedFrame]:
    """Pictures of one size, which may be cropped: a group of them, each predicted from the one before."""
    device = next(found for found in map(Device, sorted(Path("/dev").glob("video*"))) if _encodes(found))
    size = pictures[0].width, pictures[0].height
    raw = {"nv12": "NV12", "yuv420p": "YU12"}[pictures[0].format.name]
    for control, value in ((GOP_SIZE, 16), (I_FRAME_QP, 1), (P_FRAME_QP, 1)):
        device.ioctl(S_CTRL, abi.Control(control, value))
    into, out = Queue(device, abi.OUTPUT), Queue(device, abi.CAPTURE)
    shape = into.ask(fourcc(raw), size)
    crop = abi.Selection(type=abi.OUTPUT, target=TARGET_CROP, width=size[0], height=size[1])
    device.ioctl(S_SELECTION, crop)
    out.ask(FWHT, (shape.width, shape.height))
    into.request(2)
    out.request(2)
    with into.map(0) as source, out.map(0) as target:
        into.stream(True)
        out.stream(True)
        found = []
        for number, picture in enumerate(pictures, first):
            _fill(source, picture, shape.pitches[0], shape.height)
            into.put(0, number, shape.sizes[0])
            out.put(0)
            assert select.select([device.fd], [], [], 30)[0], "vicodec does not encode"
            done = out.get()
            assert done is not None
            assert into.get() is not None
            data = bytes(target[: done.used])
            found.append(EncodedFrame(1, "video", CODEC, number * STEP, data, number == first, False, 0, 0))
    device.close()
    return found


def _encodes(device: Device) -> bool:
    return device.is_codec and FWHT in device.formats(abi.CAPTURE)


def _fill(memory: mmap.mmap, picture: VideoFrame, pitch: int, height: int) -> None:
    offset = 0
    for index, plane in enumerate(picture.planes):
        own = pitch if index == 0 or picture.format.name == "nv12" else pitch // 2
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height]
        target = np.frombuffer(memory, np.uint8, own * len(rows), offset).reshape(len(rows), own)
        width = min(own, plane.line_size)
        target[:, :width] = rows[:, :width]
        offset += own * (height if index == 0 else height // 2)
