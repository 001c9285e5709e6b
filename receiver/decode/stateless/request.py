"""A request: one frame's bytes and controls, which a device takes together (kernel: Media Request API)."""

import ctypes
import errno
import fcntl
import os
import select
from collections.abc import Sequence
from pathlib import Path

from receiver.decode.stateless import abi
from receiver.decode.stateless.abi import Control
from receiver.decode.v4l2.device import Device

SYSFS = Path("/sys/class/video4linux")


def media_node(video: Path, sysfs: Path = SYSFS, dev: Path = Path("/dev")) -> Path | None:
    """The media device that a video device belongs to: both hang on the same piece of hardware."""
    found = sorted((sysfs / video.name / "device").glob("media[0-9]*"))
    return dev / found[0].name if found else None


def tell(device: Device, controls: Sequence[Control], request: int | None = None) -> None:
    """Set controls, at once or as part of a request. Raises OSError."""
    said = abi.packed(controls)
    which = abi.NOW if request is None else abi.IN_REQUEST
    device.ioctl(abi.S_EXT_CTRLS, abi.ExtControls(which, len(controls), 0, request or 0, 0, said))


class Request:
    """Used for one frame after the other. Every method may raise OSError."""

    def __init__(self, media: Path) -> None:
        self._media = os.open(media, os.O_RDWR | os.O_CLOEXEC)
        self.fd = -1
        try:
            given = ctypes.c_int32(-1)
            fcntl.ioctl(self._media, abi.REQUEST_ALLOC, given, True)
            self.fd = given.value
        except OSError:
            self.close()
            raise
        self._poll = select.poll()
        self._poll.register(self.fd, select.POLLPRI)

    def queue(self) -> None:
        """Give all that is in it to the device."""
        fcntl.ioctl(self.fd, abi.REQUEST_QUEUE)

    def wait(self, seconds: float) -> bool:
        """Whether the device is through with it, after that long at most."""
        happened = self._poll.poll(seconds * 1000)
        if happened and happened[0][1] & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return bool(happened)

    def clear(self) -> None:
        """For the next frame."""
        fcntl.ioctl(self.fd, abi.REQUEST_REINIT)

    def close(self) -> None:
        for fd in (self.fd, self._media):
            if fd >= 0:
                os.close(fd)
        self.fd = self._media = -1

    def __del__(self) -> None:
        self.close()
