"""Our devices as the kernel gives them to any program that reads them."""

import asyncio
import subprocess
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

import evdev
from evdev import ecodes

PATIENCE_S = 90.0
T = TypeVar("T")

Report = tuple[int, int, int]
"""Type, code and value."""


async def until(find: Callable[[], T | None]) -> T:
    """What ``find`` finds, once it does."""
    end = time.monotonic() + PATIENCE_S
    while not (found := find()):
        assert time.monotonic() < end, "it does not come"
        await asyncio.sleep(0.05)
    return found


def ours(name: str, besides: evdev.InputDevice | None = None) -> evdev.InputDevice | None:
    """Our device of that name, once udev has made its node; ``besides``: another than this one."""
    for path in evdev.list_devices():
        try:
            device = evdev.InputDevice(path)
        except OSError:
            continue
        if device.name == f"ddp-receiver {name}" and not (besides and besides.path == path):
            return device
        device.close()
    return None


def all_ours(name: str, count: int) -> list[evdev.InputDevice]:
    """Our devices of that name, the display's and a sender's, once there are so many; else none."""
    first = ours(name)
    second = ours(name, besides=first) if first is not None else None
    found = [device for device in (first, second) if device is not None]
    return found if len(found) == count else []


def taken_for(device: evdev.InputDevice) -> set[str]:
    """What udev says that it is, and so what every desktop takes it for."""
    asked = subprocess.run(
        ["udevadm", "info", "-q", "property", device.path], check=True, capture_output=True, text=True
    )
    return {line.split("=")[0].removeprefix("ID_INPUT_") for line in asked.stdout.splitlines() if "ID_INPUT_" in line}


def key(code: int, value: int) -> Report:
    return ecodes.EV_KEY, code, value


def wheel(code: int, value: int) -> Report:
    return ecodes.EV_REL, code, value


def axis(code: int, value: int) -> Report:
    return ecodes.EV_ABS, code, value


class Reader:
    """Reads a device frame by frame: what SYN_REPORT ends. What came early waits for the next who asks."""

    def __init__(self, device: evdev.InputDevice) -> None:
        self.device = device
        self._events: deque[evdev.InputEvent] = deque()
        self.times: list[float] = []
        """When each frame that was asked for was reported, in seconds."""

    async def frame(self) -> list[Report]:
        """The next frame. Raises OSError once the device has gone."""
        frame: list[Report] = []
        while True:
            while self._events:
                event = self._events.popleft()
                if event.type != ecodes.EV_SYN:
                    frame.append((event.type, event.code, event.value))
                    continue
                assert event.code == ecodes.SYN_REPORT, "the kernel's queue ran over"
                self.times.append(event.timestamp())
                return frame
            self._events.extend(await asyncio.wait_for(self.device.async_read(), PATIENCE_S))

    async def pressed(self, code: int) -> None:
        """The next is that key, however long it was held: on a slow machine it repeats."""
        assert await self.frame() == [key(code, 1)]
        while (frame := await self.frame()) != [key(code, 0)]:
            assert frame == [key(code, 2)]

    async def frames(self, count: int) -> list[list[Report]]:
        return [await self.frame() for _ in range(count)]
