"""The display's own keyboards, mice and touch screens, read beside whoever else reads them: the switch that ends all
remote control, and, where it is wanted, what is done at the display itself.

By the kernel's evdev interface itself (linux/input.h), so that the switch needs nothing that may not be installed.
Keyboards are always open, for the switch; the others only while somebody wants to know.
"""

import asyncio
import fcntl
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from receiver.input.devices import NAME
from receiver.input.hand import ABS_X, ABS_Y, EV_ABS, EV_KEY, EV_REL, MT_SLOT, MT_X, MT_Y, SLOTS
from receiver.input.sense import Sense, newest
from receiver.input.traits import Cursor, Traits
from receiver.link import WatchLocal
from receiver.link.hands import LocalInput

FOLDER = Path("/dev/input")
FRONT = Path("/sys/class/tty/tty0/active")
"""The virtual terminal that the machine's screen and keyboards are at."""

LOOK_EVERY_S = 1.0
"""How often devices that were plugged in are looked for, and what is held is told again."""

_EVENT = struct.Struct("llHHi")
FIRST_BUTTON, LAST_BUTTON = 0x100, 0x15F
"""BTN_*: of mice, pads and pens. What lies on both sides are keys."""

_BUS_CEC = 0x1E
"""The TV's remote control, which the kernel offers as a keyboard too: it comes by ``cec_line``, and may answer what the
TV asks, so it is not taken for a hand on the display's own keyboard."""

MOST = 64
_NAME_BYTES, _BITS_BYTES = 256, 96
_AXIS = struct.Struct("6i")
_PROP_DIRECT = 1


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


def _bits(fd: int, number: int) -> frozenset[int]:
    found = int.from_bytes(fcntl.ioctl(fd, _read_ioctl(number, _BITS_BYTES), bytes(_BITS_BYTES)), "little")
    return frozenset(bit for bit in range(_BITS_BYTES * 8) if found >> bit & 1)


def _traits(fd: int) -> Traits:
    """What the device says of itself. Raises OSError."""
    keys, relative, axes = (_bits(fd, 0x20 + kind) for kind in (EV_KEY, EV_REL, EV_ABS))
    ranges, values, slots = {}, {}, {}
    for axis in axes & {ABS_X, ABS_Y, *range(MT_SLOT, 0x3E)}:
        told = fcntl.ioctl(fd, _read_ioctl(0x40 + axis, _AXIS.size), bytes(_AXIS.size))
        values[axis], *ranges[axis] = _AXIS.unpack(told)[:3]
    for axis in axes & {MT_X, MT_Y}:
        asked = struct.pack(f"I{SLOTS}i", axis, *[0] * SLOTS)
        slots[axis] = struct.unpack(f"I{SLOTS}i", fcntl.ioctl(fd, _read_ioctl(0x0A, len(asked)), asked))[1:]
    bounds = {axis: (least, greatest) for axis, (least, greatest) in ranges.items()}
    return Traits(keys, relative, bounds, _PROP_DIRECT in _bits(fd, 0x09), values, slots)


@dataclass
class _Device:
    fd: int
    name: str
    sense: Sense
    is_keyboard: bool


class LocalInputs:
    """Watches every device of ``folder`` that is not ours.

    ``on_key`` is told the name of a keyboard that is used, before ``on_event`` is told how; that only while somebody
    ``watch``es.
    """

    def __init__(
        self,
        on_key: Callable[[str], None],
        on_event: Callable[[LocalInput], None] = lambda event: None,
        folder: Path = FOLDER,
        front: Path = FRONT,
    ) -> None:
        self._on_key = on_key
        self._on_event = on_event
        self._folder = folder
        self._front = front
        self._open: dict[str, _Device] = {}
        self._passed_over: set[str] = set()
        self._watched: WatchLocal | None = None
        self._cursor = Cursor()
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
                self._vouch()
        finally:
            for path in list(self._open):
                self._close(path)

    def watch(self, wanted: WatchLocal) -> None:
        """Begin to tell what is done, or end it."""
        for path in list(self._open):  # each is opened anew, for what it holds by now
            self._close(path)
        self._passed_over.clear()
        self._watched = wanted if wanted.on else None
        self._cursor.width, self._cursor.height, self._cursor.degrees = wanted.width, wanted.height, wanted.degrees
        self.look()

    def look(self) -> None:
        """Take up devices that have come, and forget those that have gone."""
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
            traits = _traits(fd)
        except OSError:
            name, traits, bus = b"", Traits(), 0
        shown = "".join(letter for letter in name.decode(errors="replace") if letter.isprintable())[:64]
        is_keyboard = any(not FIRST_BUTTON <= code <= LAST_BUTTON for code in traits.keys)
        wanted = is_keyboard or (self._watched is not None and traits.kinds)
        if shown.startswith(NAME) or not wanted or bus == _BUS_CEC:
            os.close(fd)
            self._passed_over.add(path)
            return
        sense = Sense(traits, self._cursor, self._watched is not None and self._watched.console != "")
        self._open[path] = _Device(fd, shown or path, sense, is_keyboard)
        asyncio.get_running_loop().add_reader(fd, self._read, path)

    def _read(self, path: str) -> None:
        device = self._open[path]
        try:
            data = os.read(device.fd, _EVENT.size * 64)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(path)
            return
        if device.is_keyboard and pressed(data):
            self._on_key(device.name)
        if self._watched is not None:
            self._follow(device.sense, data)

    def _follow(self, sense: Sense, data: bytes) -> None:
        whole = data[: len(data) - len(data) % _EVENT.size]
        ours = self._is_ours
        if not ours:
            self._tell(sense.release())
        events = [event for _, _, *report in _EVENT.iter_unpack(whole) for event in sense.take(*report)]
        if ours:
            self._tell(newest(events))
        else:
            sense.release()  # not even what goes up is told of

    def _vouch(self) -> None:
        if self._watched is not None:
            for device in self._open.values():
                self._tell(device.sense.still() if self._is_ours else device.sense.release())

    @property
    def _is_ours(self) -> bool:
        """Whether the machine's keyboards are at our virtual terminal, and nobody logs in at another one."""
        console = self._watched.console if self._watched is not None else ""
        try:
            return not console or self._front.read_text().strip() == console
        except OSError:
            return False

    def _tell(self, events: list[LocalInput]) -> None:
        if self._watched is not None:
            for event in events:
                self._on_event(event)

    def _close(self, path: str) -> None:
        device = self._open.pop(path)
        self._tell(device.sense.release())
        asyncio.get_running_loop().remove_reader(device.fd)
        os.close(device.fd)
