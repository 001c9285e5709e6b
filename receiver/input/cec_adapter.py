"""A CEC adapter by the kernel's interface (linux/cec.h, Documentation/userspace-api/media/cec)."""

import contextlib
import errno
import fcntl
import os
import struct
from pathlib import Path
from typing import NamedTuple

from receiver.errors import BackendUnavailable
from receiver.input.cec import BROADCAST, MAX_FRAME, CecError, Frame

_CAPS = struct.Struct("32s32sIII")
_ADDRESSES = struct.Struct("4sHBBII15s4s4s4s48sx")
_MESSAGE = struct.Struct("QQIIII16sBBBBBBBx")
_EVENT = struct.Struct("QIIHHH58x")


def _ioctl(direction: int, number: int, size: int) -> int:
    """_IOC of asm-generic/ioctl.h; direction 1 writes, 2 reads."""
    return direction << 30 | size << 16 | ord("a") << 8 | number


_G_CAPS = _ioctl(3, 0, _CAPS.size)
_G_PHYS_ADDR = _ioctl(2, 1, 2)
_G_LOG_ADDRS = _ioctl(2, 3, _ADDRESSES.size)
_S_LOG_ADDRS = _ioctl(3, 4, _ADDRESSES.size)
_TRANSMIT = _ioctl(3, 5, _MESSAGE.size)
_RECEIVE = _ioctl(3, 6, _MESSAGE.size)
_DQEVENT = _ioctl(3, 7, _EVENT.size)
_S_MODE = _ioctl(1, 9, 4)

_CAN_LOG_ADDRS, _CAN_TRANSMIT = 1 << 1, 1 << 2
_INITIATOR, _FOLLOWER = 1, 1 << 4
_STATE_CHANGE = 1
_VERSION_1_4 = 5
_TYPE_PLAYBACK, _DEVICE_PLAYBACK, _ALL_PLAYBACK = 3, 4, 0x10
_ALLOW_UNREGISTERED = 1 << 0
_GONE = (errno.ENODEV, errno.EBADF)


class Where(NamedTuple):
    """Our addresses on the bus: logical (15: none) and physical (0xFFFF: not connected)."""

    address: int
    path: int


class AdapterGone(BackendUnavailable):
    """It was unplugged."""


class CecAdapter:
    """One adapter, opened as a playback device named ``name``. Nothing here waits; ``fileno`` is readable when ``read``
    has something, and in exceptional condition (POLLPRI) when ``where`` may have changed."""

    def __init__(self, device: Path, name: str) -> None:
        """Raises BackendUnavailable, in words for a person."""
        try:
            self._fd = os.open(device, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except PermissionError:
            raise BackendUnavailable(f"{device} may not be used: add this user to the group video") from None
        except OSError as error:
            raise BackendUnavailable(f"{device} can't be opened: {error.strerror}") from error
        try:
            self._begin(name)
        except (OSError, BackendUnavailable) as error:
            os.close(self._fd)
            if isinstance(error, BackendUnavailable):
                raise
            raise BackendUnavailable(f"{device} does not work as a CEC adapter: {error.strerror}") from error
        self.device = device

    def _begin(self, name: str) -> None:
        driver, _, _, capabilities, _ = _CAPS.unpack(fcntl.ioctl(self._fd, _G_CAPS, bytes(_CAPS.size)))
        if not capabilities & _CAN_TRANSMIT:
            raise BackendUnavailable(f"the CEC adapter of {driver.rstrip(bytes(1)).decode()} can't send")
        fcntl.ioctl(self._fd, _S_MODE, struct.pack("I", _INITIATOR | _FOLLOWER))
        if capabilities & _CAN_LOG_ADDRS:
            self._claim(name)

    def _claim(self, name: str) -> None:
        """Ask for a playback device's logical address. The kernel claims it when a cable is there, and again after
        each change; an adapter that has addresses of somebody else's loses them first, as the interface wants it."""
        none = _ADDRESSES.pack(bytes(4), 0, 0, 0, 0, 0, b"", bytes(4), bytes(4), bytes(4), bytes(48))
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._fd, _S_LOG_ADDRS, none)
        wanted = _ADDRESSES.pack(
            *(bytes((BROADCAST,) * 4), 0, _VERSION_1_4, 1, 0xFFFFFF, _ALLOW_UNREGISTERED),
            *(_osd(name), bytes((_DEVICE_PLAYBACK, 0, 0, 0)), bytes((_TYPE_PLAYBACK, 0, 0, 0))),
            *(bytes((_ALL_PLAYBACK, 0, 0, 0)), bytes(48)),
        )
        fcntl.ioctl(self._fd, _S_LOG_ADDRS, wanted)

    def fileno(self) -> int:
        return self._fd

    @property
    def where(self) -> Where:
        """Raises AdapterGone."""
        try:
            (path,) = struct.unpack("H", fcntl.ioctl(self._fd, _G_PHYS_ADDR, bytes(2)))
            addresses = _ADDRESSES.unpack(fcntl.ioctl(self._fd, _G_LOG_ADDRS, bytes(_ADDRESSES.size)))
        except OSError as error:
            raise AdapterGone(f"{self.device} is gone: {error.strerror}") from error
        mask = addresses[1]
        return Where(addresses[0][0] if mask else BROADCAST, path)

    def send(self, frame: Frame) -> bool:
        """Queue it; whether it was taken. A TV that does not acknowledge it is not waited for. Raises AdapterGone."""
        data = frame.write()
        message = _MESSAGE.pack(0, 0, len(data), 0, 0, 0, data.ljust(MAX_FRAME, b"\0"), 0, 0, 0, 0, 0, 0, 0)
        try:
            fcntl.ioctl(self._fd, _TRANSMIT, message)
        except OSError as error:
            if error.errno in _GONE:
                raise AdapterGone(f"{self.device} is gone: {error.strerror}") from error
            return False  # busy, or nothing is plugged in
        return True

    def read(self) -> list[Frame]:
        """Frames that came. What can't be read is passed over. Raises AdapterGone."""
        frames: list[Frame] = []
        while True:
            try:
                message = _MESSAGE.unpack(fcntl.ioctl(self._fd, _RECEIVE, bytes(_MESSAGE.size)))
            except BlockingIOError:
                return frames
            except OSError as error:
                if error.errno in _GONE:
                    raise AdapterGone(f"{self.device} is gone: {error.strerror}") from error
                return frames
            length, data, tx_status = message[2], message[6], message[9]
            if tx_status:
                continue  # how one of ours fared
            with contextlib.suppress(CecError):
                if (frame := Frame.read(data[:length])) is not None:
                    frames.append(frame)

    def changed(self) -> bool:
        """Take the events off; whether addresses may have changed."""
        found = False
        while True:
            try:
                event = _EVENT.unpack(fcntl.ioctl(self._fd, _DQEVENT, bytes(_EVENT.size)))
            except OSError:
                return found
            found |= event[1] == _STATE_CHANGE

    def close(self) -> None:
        os.close(self._fd)


def _osd(name: str) -> bytes:
    """The name that TVs list: 14 characters of ASCII."""
    return name.encode("ascii", "replace")[:14]


def path_of(device: Path) -> int:
    """The physical address that the cable in an adapter gives: 0xFFFF where there is none, 0 where the adapter is a
    TV's own. Touches nothing. Raises BackendUnavailable."""
    try:
        fd = os.open(device, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        raise BackendUnavailable(f"{device} may not be used: add this user to the group video") from None
    except OSError as error:
        raise BackendUnavailable(f"{device} can't be opened: {error.strerror}") from error
    try:
        (path,) = struct.unpack("H", fcntl.ioctl(fd, _G_PHYS_ADDR, bytes(2)))
        return int(path)
    except OSError as error:
        raise BackendUnavailable(f"{device} does not work as a CEC adapter: {error.strerror}") from error
    finally:
        os.close(fd)


def adapters(folder: Path = Path("/dev")) -> list[Path]:
    """Those of this machine."""
    return sorted(folder.glob("cec[0-9]*"))
