"""Pictures that a decoder leaves in its own memory: FFmpeg's DRM PRIME frames, each a set of DMA-BUFs.

A plane of the screen can show such memory as it is (``present.drm.imports``). Who has to read it gets a copy here.
"""

import fcntl
import mmap
from ctypes import Structure, c_int, c_size_t, c_ssize_t, c_uint32, c_uint64
from typing import NamedTuple

import numpy as np
from av import VideoFrame

from receiver.errors import ReceiverError

FORMAT = "drm_prime"
"""FFmpeg's name of their pixel format, which says nothing about their pixels."""
MAX_PARTS = 4
"""AV_DRM_MAX_PLANES"""
LINEAR, UNSAID = 0, (1 << 56) - 1
"""DRM_FORMAT_MOD_LINEAR and DRM_FORMAT_MOD_INVALID: rows one after another, and as the driver has it."""

NAMES = {
    int.from_bytes(code.encode(), "little"): name
    for code, name in (("NV12", "nv12"), ("P010", "p010le"), ("YU12", "yuv420p"))
}
"""Formats of <drm/drm_fourcc.h> as FFmpeg calls them."""

SYNC = 1 << 30 | 8 << 16 | ord("b") << 8
"""DMA_BUF_IOCTL_SYNC of <linux/dma-buf.h>"""
READ, END = 1, 4


class Object(Structure):
    """AVDRMObjectDescriptor of libavutil/hwcontext_drm.h, as are the following."""

    _fields_ = (("fd", c_int), ("size", c_size_t), ("modifier", c_uint64))


class Plane(Structure):
    """AVDRMPlaneDescriptor"""

    _fields_ = (("object", c_int), ("offset", c_ssize_t), ("pitch", c_ssize_t))


class Layer(Structure):
    """AVDRMLayerDescriptor"""

    _fields_ = (("format", c_uint32), ("plane_count", c_int), ("planes", Plane * MAX_PARTS))


class Descriptor(Structure):
    """AVDRMFrameDescriptor, at which ``data[0]`` of the frame points."""

    _fields_ = (
        ("object_count", c_int),
        ("objects", Object * MAX_PARTS),
        ("layer_count", c_int),
        ("layers", Layer * MAX_PARTS),
    )


class Part(NamedTuple):
    """One plane of a picture: rows of ``pitch`` bytes from ``offset`` on in the DMA-BUF ``fd``, which has ``size``."""

    fd: int
    size: int
    offset: int
    pitch: int


class Prime(NamedTuple):
    """``fourcc`` and ``modifier`` of <drm/drm_fourcc.h>: which pixels, and how they lie in memory."""

    fourcc: int
    modifier: int
    parts: tuple[Part, ...]


def is_prime(frame: VideoFrame) -> bool:
    return bool(frame.format.name == FORMAT)


def described(frame: VideoFrame) -> Prime:
    """Where a DRM PRIME frame lies. Raises ReceiverError where it is no picture in one format."""
    found = Descriptor.from_address(frame.planes[0].buffer_ptr)
    layer = found.layers[0]
    if found.layer_count != 1 or not 0 < layer.plane_count <= MAX_PARTS or not 0 < found.object_count <= MAX_PARTS:
        raise ReceiverError(f"a decoder gave a picture of {found.layer_count} layers; one is what can be shown")
    parts = []
    for plane in layer.planes[: layer.plane_count]:
        if not 0 <= plane.object < found.object_count:
            raise ReceiverError("a decoder gave a picture without its memory")
        memory = found.objects[plane.object]
        parts.append(Part(memory.fd, memory.size, plane.offset, plane.pitch))
    return Prime(layer.format, found.objects[layer.planes[0].object].modifier, tuple(parts))


def readable(prime: Prime) -> str:
    """FFmpeg's name of its pixel format. Raises ReceiverError where its pixels don't lie in rows, or are of a format
    that is not known here."""
    name = NAMES.get(prime.fourcc)
    if name is None or prime.modifier not in (LINEAR, UNSAID):
        code = prime.fourcc.to_bytes(4, "little").decode("latin-1")
        raise ReceiverError(f"pictures in {code} with modifier {prime.modifier:#x} can't be read")
    return name


def in_memory(frame: VideoFrame) -> VideoFrame:
    """A copy of a DRM PRIME frame that anyone can read; any other frame as it is.

    Raises ReceiverError as ``readable`` does, OSError where the device does not let it be read.
    """
    if not is_prime(frame):
        return frame
    prime = described(frame)
    copy = VideoFrame(frame.width, frame.height, readable(prime))
    for part, plane in zip(prime.parts, copy.planes, strict=True):
        _copy(part, np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height])
    copy.colorspace, copy.color_range = frame.colorspace, frame.color_range
    copy.pts = frame.pts
    if frame.time_base:
        copy.time_base = frame.time_base
    return copy


def _copy(part: Part, rows: np.ndarray) -> None:
    """Read the rows while the device is kept from writing them."""
    width = min(part.pitch, rows.shape[1])
    with mmap.mmap(part.fd, part.size, mmap.MAP_SHARED, mmap.PROT_READ) as memory:
        fcntl.ioctl(part.fd, SYNC, c_uint64(READ))
        try:
            source = np.frombuffer(memory, np.uint8, part.pitch * (len(rows) - 1) + width, part.offset)
            for index, row in enumerate(rows):
                row[:width] = source[index * part.pitch :][:width]
            del source
        finally:
            fcntl.ioctl(part.fd, SYNC, c_uint64(READ | END))
