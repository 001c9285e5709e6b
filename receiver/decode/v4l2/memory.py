"""Pictures where a device left them: its buffers as DMA-BUFs, which go back to it when nobody has the picture any more.

Buffers are few. Where the device would have too few to go on with, as many wait to be shown, a picture is copied and
its buffer goes back at once.
"""

import ctypes
import os
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import cast

from av import VideoFormat, VideoFrame

from receiver.decode.v4l2 import abi
from receiver.decode.v4l2.device import Device
from receiver.decode.v4l2.formats import RAW, Meaning, meaning, places, preferred, spelled
from receiver.decode.v4l2.queue import Done, Queue, Shape
from receiver.errors import ReceiverError
from receiver.prime import FORMAT, LINEAR, Descriptor, in_memory

SPARE = 6
"""Buffers beyond what the device needs: one on the screen, one on its way there, and those that wait for their time."""


class DmaBuf:
    """Descriptors of one buffer's memories. They are closed when neither the device nor a picture has it any more."""

    def __init__(self, fds: tuple[int, ...]) -> None:
        self.fds = fds

    def __del__(self) -> None:
        for fd in self.fds:
            os.close(fd)


class _Pointer:
    """As the plane of a DRM PRIME frame: its address is that of the descriptor."""

    def __init__(self, descriptor: Descriptor) -> None:
        self.buffer_ptr = ctypes.addressof(descriptor)


class DeviceFrame:
    """What PyAV's DRM PRIME frames are to those who look at them; PyAV has no way to make one. ``returned`` is called
    when nobody has it any more, from whichever thread was the last; ``memory`` is kept until then."""

    format = VideoFormat(FORMAT)

    def __init__(
        self, size: tuple[int, int], descriptor: Descriptor, memory: object, returned: Callable[[], None]
    ) -> None:
        self.width, self.height = size
        self.colorspace = self.color_range = 0
        self.pts: int | None = None
        self.time_base: Fraction | None = None
        self.planes = (_Pointer(descriptor),)
        self._kept = descriptor, memory
        self._returned = returned

    def __del__(self) -> None:
        self._returned()


class Buffers:
    """The CAPTURE queue with ``count`` buffers of one shape. ``visible``: left, top, width and height of what is
    picture in them. Raises OSError, and ReceiverError: why they are of no use."""

    def __init__(self, queue: Queue, shape: Shape, visible: tuple[int, int, int, int], count: int) -> None:
        raw = RAW.get(shape.fourcc)
        if raw is None or len(shape.pitches) != (len(raw.parts) if raw.apart else 1):
            raise ReceiverError(f"nothing here shows its pictures, which are {spelled(shape.fourcc)}")
        self._queue = queue
        left, top, *size = visible
        self.size = size[0], size[1]
        self._buffers: list[DmaBuf] = []
        self._descriptors: list[Descriptor] = []
        for index in range(queue.request(count)):
            self._buffers.append(DmaBuf(queue.export(index)))
            described = Descriptor(object_count=len(shape.sizes), layer_count=1)
            for memory, fd, length in zip(described.objects, self._buffers[-1].fds, shape.sizes, strict=False):
                memory.fd, memory.size, memory.modifier = fd, length, LINEAR
            layer = described.layers[0]
            layer.format, layer.plane_count = raw.drm, len(raw.parts)
            for plane, place in zip(layer.planes, places(raw, shape.pitches, shape.height, (left, top)), strict=False):
                plane.object, plane.offset, plane.pitch = place
            self._descriptors.append(described)
        self._away: deque[int] = deque(range(len(self._buffers)))
        """Buffers that nobody has; any thread may add to them."""
        self._with_device = 0
        self.take_back()
        queue.stream(True)

    def take_back(self) -> None:
        """Give the device what nobody has."""
        while self._away:
            self._queue.put(self._away.popleft())
            self._with_device += 1

    def get(self) -> Done | None:
        """A buffer with a picture, or with nothing in it."""
        done = self._queue.get()
        if done is not None:
            self._with_device -= 1
        return done

    def drop(self, done: Done) -> None:
        """It has no picture that is of use."""
        self._away.append(done.buffer)

    def close(self) -> None:
        """Stop, and free all buffers but those in use."""
        self._queue.stream(False)
        self._queue.request(0)


class Pictures(Buffers):
    """A stateful device's, for pictures of one size."""

    def __init__(self, device: Device, max_pixels: int) -> None:
        queue = Queue(device, abi.CAPTURE)
        shape = asked(device, queue, max_pixels)
        self.meaning: Meaning = meaning(shape.colorspace, shape.encoding, shape.quantization, shape.transfer)
        self._needed = device.control(abi.CONTROL_MIN_BUFFERS, 1)
        super().__init__(queue, shape, _visible(device, shape.width, shape.height), self._needed + SPARE)

    @property
    def ended(self) -> bool:
        """Whether no more pictures of this size come."""
        return self._queue.ended

    def frame(self, done: Done) -> VideoFrame:
        """The picture in this buffer: where it is, or a copy."""
        index, away = done.buffer, self._away
        frame = DeviceFrame(self.size, self._descriptors[index], self._buffers[index], lambda: away.append(index))
        given = cast(VideoFrame, frame)
        return given if self._with_device + len(away) >= self._needed else in_memory(given)


def asked(device: Device, queue: Queue, max_pixels: int) -> Shape:
    """What its pictures will be, in a format that can be shown where it has one. Raises OSError, ReceiverError."""
    shape = queue.shape()
    if shape.fourcc not in RAW and (wanted := preferred(device.formats(abi.CAPTURE))) is not None:
        shape = queue.ask(wanted, (shape.width, shape.height))
    if shape.width * shape.height > max_pixels:
        raise ReceiverError(f"pictures of {shape.width}x{shape.height} are too large")
    return shape


def _visible(device: Device, width: int, height: int) -> tuple[int, int, int, int]:
    """What is picture in a buffer; all of it where the device doesn't say."""
    try:
        found = device.ioctl(abi.G_SELECTION, abi.Selection(type=abi.CAPTURE, target=abi.TARGET_COMPOSE))
    except OSError:
        return 0, 0, width, height
    if not (0 < found.width <= width - found.left and 0 < found.height <= height - found.top):
        return 0, 0, width, height
    return found.left, found.top, found.width, found.height
