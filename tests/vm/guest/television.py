"""A TV with CEC, by the kernel's vivid: its HDMI input is the TV's, its output, joined to it by a cable, is ours."""

import fcntl
import os
import select
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from receiver.input import cec_adapter
from receiver.input.cec import BROADCAST, Frame, Opcode
from receiver.input.cec_adapter import CecAdapter, Where, adapters, path_of

PATIENCE_S = 20.0
VIVID = ("n_devs=1", "num_inputs=1", "input_types=0x3", "num_outputs=1", "output_types=0x1")
PATH = 0x1000
"""What a TV's first input gives as its address."""
_QUERYCTRL, _QUERYMENU, _S_CTRL = 0xC0445624, 0xC02C5625, 0xC008561C
_NEXT = 0x80000000
_TYPE_TV, _ALL_TV = 0, 0x80


class Television(CecAdapter):
    """The same interface from the other end of the cable."""

    def _claim(self, name: str) -> None:
        wanted = cec_adapter._ADDRESSES.pack(
            *(bytes((BROADCAST,) * 4), 0, 5, 1, 0xFFFFFF, 0, name.encode(), bytes(4), bytes((_TYPE_TV, 0, 0, 0))),
            *(bytes((_ALL_TV, 0, 0, 0)), bytes(48)),
        )
        fcntl.ioctl(self, cec_adapter._S_LOG_ADDRS, wanted)


def plug(joined: bool) -> None:
    """Join vivid's input to its output, or take the cable out: a menu among the input's controls (V4L2)."""
    fd = os.open("/dev/video0", os.O_RDWR)
    try:
        control, name = 0, b""
        while b"Is Connected To" not in name:
            found = bytearray(struct.pack("II32s4iI2I", control | _NEXT, 0, b"", 0, 0, 0, 0, 0, 0, 0))
            fcntl.ioctl(fd, _QUERYCTRL, found)
            control, _, name, low, high, *_ = struct.unpack("II32s4iI2I", found)
        for choice in range(low, high + 1):
            entry = bytearray(struct.pack("II32sI", control, choice, b"", 0))
            fcntl.ioctl(fd, _QUERYMENU, entry)
            if bytes(entry[8:40]).startswith(b"Output HDMI" if joined else b"None"):
                fcntl.ioctl(fd, _S_CTRL, struct.pack("Ii", control, choice))
    finally:
        os.close(fd)


def television() -> tuple[Television, Path]:
    """The TV, whose cable is out, and our adapter's path."""
    if subprocess.run(["modprobe", "vivid", *VIVID], check=False).returncode:
        pytest.skip("this kernel has no vivid, which emulates HDMI with CEC")
    subprocess.run(["udevadm", "settle"], check=True)
    on_tv, on_box = adapters()
    return Television(on_tv, "TV"), on_box


def join(on_box: Path) -> None:
    """Put the cable in, and in again where vivid, which sees to it beside, has missed it."""
    for joined in (True, False) * 5 + (True,):
        plug(joined)
        time.sleep(1)
        if path_of(on_box) == PATH:
            return
    raise AssertionError("the cable leads nowhere")


def until(adapter: CecAdapter, reached: Callable[[Where], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not reached(adapter.where):
        assert time.monotonic() < deadline, adapter.where
        time.sleep(0.1)


def frames(adapter: CecAdapter, opcode: Opcode) -> Frame:
    """The next frame of that kind."""
    deadline = time.monotonic() + PATIENCE_S
    while (left := deadline - time.monotonic()) > 0:
        select.select([adapter], [], [], left)
        for frame in adapter.read():
            if frame.opcode == opcode:
                return frame
    raise AssertionError(f"no {opcode.name} came")
