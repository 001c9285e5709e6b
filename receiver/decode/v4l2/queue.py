"""One of a device's two queues: OUTPUT, into which access units go, and CAPTURE, out of which pictures come."""

import ctypes
import errno
import mmap
import os
from typing import NamedTuple

from receiver.decode.v4l2 import abi
from receiver.decode.v4l2.device import Device
from receiver.errors import ReceiverError

MICROSECONDS = 1_000_000
SIZE = (1920, 1088)
"""What a device is told of a stream whose headers it has not read; it reads them itself."""
UNIT_BYTES = 2 << 20
"""Room for one access unit: two seconds of a cast at 8 Mbit/s."""
UNITS = 2


class Done(NamedTuple):
    """A ``buffer``, by its index, that the device gives back. ``unit``: the number of the access unit that is, or was,
    in it; ``used``: bytes of it."""

    buffer: int
    unit: int
    used: int
    error: bool
    last: bool


class Shape(NamedTuple):
    """What a queue's buffers hold. ``pitches`` and ``sizes``: bytes of a row, and in all, for each of its memories."""

    fourcc: int
    width: int
    height: int
    pitches: tuple[int, ...]
    sizes: tuple[int, ...]
    colorspace: int
    encoding: int
    quantization: int
    transfer: int


class Queue:
    """``kind``: abi.OUTPUT or abi.CAPTURE. Every method may raise OSError."""

    def __init__(self, device: Device, kind: int) -> None:
        self._device = device
        self._kind = kind + device.planes
        self._memories = 1
        self.streams = False
        self.ended = False
        """Whether the device has said that no buffer comes any more, for the time being."""

    def shape(self) -> Shape:
        return self._shape(self._device.ioctl(abi.G_FMT, abi.Format(type=self._kind)))

    def ask(self, fourcc: int, size: tuple[int, int], room: int = 0) -> Shape:
        """Set the format, with ``room`` bytes for a buffer where it has no shape of its own; what it became."""
        wanted = abi.Format(type=self._kind)
        pix = wanted.fmt.pix_mp if self._device.planes else wanted.fmt.pix
        pix.width, pix.height, pix.pixelformat, pix.field = *size, fourcc, abi.FIELD_NONE
        if self._device.planes:
            pix.num_planes, pix.plane_fmt[0].sizeimage = 1, room
        else:
            pix.sizeimage = room
        return self._shape(self._device.ioctl(abi.S_FMT, wanted))

    def _shape(self, given: abi.Format) -> Shape:
        pix = given.fmt.pix_mp if self._device.planes else given.fmt.pix
        parts = pix.plane_fmt[: pix.num_planes] if self._device.planes else [pix]
        self._memories = len(parts)
        return Shape(
            pix.pixelformat,
            pix.width,
            pix.height,
            tuple(part.bytesperline for part in parts),
            tuple(part.sizeimage for part in parts),
            pix.colorspace,
            pix.ycbcr_enc,
            pix.quantization,
            pix.xfer_func,
        )

    def request(self, count: int) -> int:
        """So many buffers, or as many as it takes; 0 frees them, whoever still uses their memory keeps it."""
        asked = abi.RequestBuffers(count=count, type=self._kind, memory=abi.MEMORY_MMAP)
        return int(self._device.ioctl(abi.REQBUFS, asked).count)

    def stream(self, on: bool) -> None:
        self._device.ioctl(abi.STREAMON if on else abi.STREAMOFF, ctypes.c_int32(self._kind))
        self.streams = on

    def map(self, index: int) -> mmap.mmap:
        """A buffer of one memory, to write to."""
        buffer, planes = self._buffer(index)
        self._device.ioctl(abi.QUERYBUF, buffer)
        length, offset = (planes[0].length, planes[0].m.mem_offset) if planes else (buffer.length, buffer.m.offset)
        return mmap.mmap(self._device.fd, length, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=offset)

    def export(self, index: int) -> tuple[int, ...]:
        """A buffer's memories as descriptors of DMA-BUFs, which the caller closes."""
        found: list[int] = []
        try:
            for plane in range(self._memories):
                asked = abi.ExportBuffer(type=self._kind, index=index, plane=plane, flags=os.O_CLOEXEC | os.O_RDWR)
                found.append(self._device.ioctl(abi.EXPBUF, asked).fd)
        except OSError:
            for fd in found:
                os.close(fd)
            raise
        return tuple(found)

    def put(self, index: int, unit: int = 0, used: int = 0, request: int | None = None, more: bool = False) -> None:
        """Give a buffer to the device; as part of a ``request`` (its descriptor) it waits until that is queued.
        ``more``: the picture has other parts, and is kept by the device until then."""
        buffer, planes = self._buffer(index)
        if request is not None:
            buffer.flags, buffer.request_fd = abi.FLAG_REQUEST | more * abi.FLAG_HOLD, request
        buffer.sec, buffer.usec = divmod(unit, MICROSECONDS)
        if planes:
            planes[0].bytesused = used
        else:
            buffer.bytesused = used
        self._device.ioctl(abi.QBUF, buffer)

    def get(self) -> Done | None:
        """A buffer that the device is through with, if there is one."""
        if not self.streams:
            return None
        buffer, planes = self._buffer(0)
        try:
            self._device.ioctl(abi.DQBUF, buffer)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EPIPE):
                raise
            self.ended = error.errno == errno.EPIPE
            return None
        used = planes[0].bytesused if planes else buffer.bytesused
        unit = buffer.sec * MICROSECONDS + buffer.usec
        flags = buffer.flags
        return Done(buffer.index, unit, used, bool(flags & abi.FLAG_ERROR), bool(flags & abi.FLAG_LAST))

    def _buffer(self, index: int) -> tuple[abi.Buffer, "ctypes.Array[abi.Plane] | None"]:
        buffer = abi.Buffer(index=index, type=self._kind, memory=abi.MEMORY_MMAP, field=abi.FIELD_NONE)
        if not self._device.planes:
            return buffer, None
        planes = (abi.Plane * abi.MAX_PLANES)()
        buffer.m.planes, buffer.length = planes, self._memories
        return buffer, planes


class Units:
    """The OUTPUT queue: room for access units of one stream."""

    def __init__(self, device: Device, fourcc: int) -> None:
        self._queue = Queue(device, abi.OUTPUT)
        self._queue.ask(fourcc, SIZE, UNIT_BYTES)
        self._room = [self._queue.map(index) for index in range(self._queue.request(UNITS))]
        self._free = list(range(len(self._room)))

    @property
    def full(self) -> bool:
        return not self._free

    def put(self, data: bytes, unit: int) -> None:
        """Raises ReceiverError where it is too large."""
        room = self._room[self._free[-1]]
        if len(data) > len(room):
            raise ReceiverError(f"a frame of {len(data)} bytes is more than the {len(room)} that it takes")
        room[: len(data)] = data
        self._queue.put(self._free[-1], unit, len(data))
        self._free.pop()
        if not self._queue.streams:
            self._queue.stream(True)

    def get(self) -> Done | None:
        """An access unit that the device has read."""
        done = self._queue.get()
        if done is not None:
            self._free.append(done.buffer)
        return done

    def close(self) -> None:
        for room in self._room:
            room.close()
