"""The display's own keyboards, read beside whoever else reads them: the switch that ends all remote control.

By the kernel's evdev interface itself (linux/input.h), so that the switch needs nothing that may not be installed.
"""

import asyncio
import fcntl
import os
import struct
from collections.abc import Callable
from pathlib import Path

from receiver.input.devices import NAME

FOLDER = Path("/dev/input")
LOOK_EVERY_S = 2.0
"""How often keyboards that were plugged in are looked for."""

_EVENT = struct.Struct("llHHi")
EV_KEY = 1
FIRST_BUTTON, LAST_BUTTON = 0x100, 0x15F
"""BTN_*: of mice, pads and pens. What lies on both sides are keys."""

_BUS_CEC = 0x1E
"""The TV's remote control, which the kernel offers as a keyboard too: it comes by ``cec_line``, and may answer what the
TV asks, so it is not taken for a hand on the display's own keyboard."""

MOST = 64
_NAME_BYTES, _KEY_BYTES = 256, 96


def _read_ioctl(number: int, size: int) -> int:
    """EVIOC*'s number for reading ``size`` bytes: _IOC(_IOC_READ, 'E', number, size)."""
    return (2 << 30) | (size << 16) | (ord("E") << 8) | number


def pressed(data: bytes) -> bool:
    """Whether a key goes down in what evdev gave. Buttons do not count, and neither do repetitions."""
    whole = len(data) - len(data) % _EVENT.size
    return any(
        kind == EV_KEY and value == 1 and not FIRST_BUTTON <= code <= LAST_BUTTON
        for _, _, kind, code, value in _EVENT.iter_unpack(data[:whole])
    )


class LocalKeys:
    """Watches every keyboard of ``folder`` that is not ours; ``on_key`` is told the name of one that is used."""

    def __init__(self, on_key: Callable[[str], None], folder: Path = FOLDER) -> None:
        self._on_key = on_key
        self._folder = folder
        self._open: dict[str, tuple[int, str]] = {}
        self._passed_over: set[str] = set()
        self.refused = False

    @property
    def count(self) -> int:
        return len(self._open)

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                self.look()
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            for path in list(self._open):
                self._close(path)

    def look(self) -> None:
        """Take up keyboards that have come, and forget devices that have gone."""
        there = {str(path) for path in self._folder.glob("event*")}
        self._passed_over &= there
        for path in sorted(there - self._open.keys() - self._passed_over):
            if len(self._open) < MOST:
                self._take_up(path)

    def _take_up(self, path: str) -> None:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except PermissionError:
            self.refused = True  # looked at again: udev gives a device its group a moment after it came
            return
        except OSError:
            return
        try:
            name = fcntl.ioctl(fd, _read_ioctl(0x06, _NAME_BYTES), bytes(_NAME_BYTES)).partition(b"\0")[0]
            (bus,) = struct.unpack_from("H", fcntl.ioctl(fd, _read_ioctl(0x02, 8), bytes(8)))
            keys = int.from_bytes(fcntl.ioctl(fd, _read_ioctl(0x20 + EV_KEY, _KEY_BYTES), bytes(_KEY_BYTES)), "little")
        except OSError:
            name, keys, bus = b"", 0, 0
        shown = "".join(letter for letter in name.decode(errors="replace") if letter.isprintable())[:64]
        buttons = ((1 << (LAST_BUTTON - FIRST_BUTTON + 1)) - 1) << FIRST_BUTTON
        if shown.startswith(NAME) or not keys & ~buttons or bus == _BUS_CEC:
            os.close(fd)
            self._passed_over.add(path)
            return
        self._open[path] = fd, shown or path
        asyncio.get_running_loop().add_reader(fd, self._read, path)

    def _read(self, path: str) -> None:
        fd, name = self._open[path]
        try:
            data = os.read(fd, _EVENT.size * 64)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(path)
        elif pressed(data):
            self._on_key(name)

    def _close(self, path: str) -> None:
        fd, _ = self._open.pop(path)
        asyncio.get_running_loop().remove_reader(fd)
        os.close(fd)
