"""A picture in memory that a device shares (DMA-BUF), as FFmpeg's decoders describe it: here it is udmabuf's."""

import ctypes
import fcntl
import mmap
import os
from types import SimpleNamespace
from typing import cast

import numpy as np
from av import VideoFrame

from receiver.media import Picture, Stamps
from receiver.prime import FORMAT, LINEAR, Descriptor

UDMABUF = "/dev/udmabuf"


class _Create(ctypes.Structure):
    """udmabuf_create of <linux/udmabuf.h>"""

    _fields_ = (
        ("memfd", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("offset", ctypes.c_uint64),
        ("size", ctypes.c_uint64),
    )


UDMABUF_CREATE = 1 << 30 | ctypes.sizeof(_Create) << 16 | ord("u") << 8 | 0x42


class DeviceFrame(SimpleNamespace):
    """PyAV's frame, as far as it is looked at."""


class SharedPicture:
    """NV12 of ``size``, with rows of ``pitch`` bytes, and a margin between luma and colours, as devices have it."""

    def __init__(self, size: tuple[int, int], pitch: int, modifier: int = LINEAR) -> None:
        self._size, self._pitch = size, pitch
        self._colours = pitch * (size[1] + 16)
        length = (self._colours + pitch * size[1] // 2 + mmap.PAGESIZE - 1) // mmap.PAGESIZE * mmap.PAGESIZE
        self._memory = os.memfd_create("picture", os.MFD_ALLOW_SEALING)
        os.ftruncate(self._memory, length)
        fcntl.fcntl(self._memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
        device = os.open(UDMABUF, os.O_RDWR)
        self.fd = fcntl.ioctl(device, UDMABUF_CREATE, _Create(self._memory, 0, 0, length))
        os.close(device)
        self.descriptor = described = Descriptor(object_count=1, layer_count=1)
        described.objects[0].fd, described.objects[0].size, described.objects[0].modifier = self.fd, length, modifier
        layer = described.layers[0]
        layer.format, layer.plane_count = int.from_bytes(b"NV12", "little"), 2
        for plane, offset in zip(layer.planes, (0, self._colours), strict=False):
            plane.object, plane.offset, plane.pitch = 0, offset, pitch
        self._map = mmap.mmap(self._memory, length)

    def write(self, picture: Picture) -> None:
        """As the device does: this picture's planes, which are NV12."""
        width, height = self._size
        for plane, offset, rows in zip(picture.frame.planes, (0, self._colours), (height, height // 2), strict=True):
            source = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            target = np.frombuffer(self._map, np.uint8, rows * self._pitch, offset).reshape(rows, self._pitch)
            target[:, :width] = source[:rows, :width]

    def picture(self, like: Picture) -> Picture:
        """What a decoder would give."""
        frame = DeviceFrame(
            format=SimpleNamespace(name=FORMAT),
            planes=[SimpleNamespace(buffer_ptr=ctypes.addressof(self.descriptor))],
            width=self._size[0],
            height=self._size[1],
            colorspace=like.frame.colorspace,
            color_range=like.frame.color_range,
            pts=None,
            time_base=like.frame.time_base,
        )
        return Picture(like.stream, like.timestamp, *self._size, cast(VideoFrame, frame), Stamps(None, 0, 0))

    def close(self) -> None:
        self._map.close()
        os.close(self.fd)
        os.close(self._memory)
