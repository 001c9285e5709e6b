"""A V4L2 device file: its calls, its events, and which one decodes a codec."""

import contextlib
import errno
import fcntl
import os
import select
from collections.abc import Iterator
from ctypes import Structure, c_int32
from pathlib import Path
from typing import TypeVar

from receiver.decode.v4l2 import abi
from receiver.decode.v4l2.nodes import nodes

S = TypeVar("S", bound=Structure | c_int32)


class Device:
    """One open file of it, which is a decoder of its own. Raises OSError."""

    fd = -1

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            found = self.ioctl(abi.QUERYCAP, abi.Capability())
        except OSError:
            self.close()
            raise
        self.name = found.card.decode("utf-8", "replace")
        can = found.device_caps if found.capabilities & abi.CAP_DEVICE_CAPS else found.capabilities
        self.planes = abi.PLANES if can & abi.CAP_M2M_PLANES else 0
        """What the buffer types of this device have more than the plain ones."""
        self.is_codec = bool(can & (abi.CAP_M2M | abi.CAP_M2M_PLANES) and can & abi.CAP_STREAMING)
        self._poll = select.poll()
        self._poll.register(self.fd, select.POLLIN | select.POLLOUT | select.POLLPRI)

    def ioctl(self, number: int, data: S) -> S:
        """One call; ``data`` is written over by the kernel's answer."""
        while True:
            try:
                fcntl.ioctl(self.fd, number, data, True)
                return data
            except InterruptedError:
                continue

    def formats(self, kind: int) -> list[int]:
        """Fourccs of a queue, CAPTURE or OUTPUT."""
        found: list[int] = []
        with contextlib.suppress(OSError):
            while True:
                asked = abi.FormatDescription(index=len(found), type=kind + self.planes)
                found.append(self.ioctl(abi.ENUM_FMT, asked).pixelformat)
        return found

    def control(self, number: int, otherwise: int) -> int:
        """The value of a control that not every device has."""
        try:
            return int(self.ioctl(abi.G_CTRL, abi.Control(number)).value)
        except OSError:
            return otherwise

    def subscribe(self, event: int) -> None:
        self.ioctl(abi.SUBSCRIBE_EVENT, abi.Subscription(type=event))

    def events(self) -> Iterator[int]:
        """Types of those that came."""
        while True:
            try:
                yield self.ioctl(abi.DQEVENT, abi.Event()).type
            except FileNotFoundError:
                return

    def wait(self, seconds: float) -> int:
        """What there is to look after, as poll says it; nothing after that long. Raises OSError: the device is gone."""
        found = self._poll.poll(seconds * 1000)
        happened = found[0][1] if found else 0
        if happened & (select.POLLHUP | select.POLLNVAL):
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return happened

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __del__(self) -> None:
        self.close()


def find(code: int) -> tuple[Device | None, str]:
    """A device that decodes streams of this fourcc, and what kept others from being asked; empty: nothing did."""
    refused = ""
    for path in nodes():
        try:
            device = Device(path)
        except OSError as error:
            refused = f"{path} does not open ({error.strerror})"
            continue
        if device.is_codec and code in device.formats(abi.OUTPUT):
            return device, ""
        device.close()
    return None, refused
