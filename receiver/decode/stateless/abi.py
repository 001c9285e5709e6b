"""What a stateless decoder needs beyond <v4l2.abi>: requests (<linux/media.h>) and controls of a frame
(<linux/videodev2.h>, <linux/v4l2-controls.h>). Pure."""

import ctypes
from collections.abc import Sequence
from ctypes import Structure, Union

from receiver.decode.v4l2.abi import i32, i64, u32

REQUEST_ALLOC = 2 << 30 | 4 << 16 | ord("|") << 8 | 5
"""MEDIA_IOC_REQUEST_ALLOC, of a media device; the next two are of the request that it gives."""
REQUEST_QUEUE = ord("|") << 8 | 0x80
REQUEST_REINIT = ord("|") << 8 | 0x81


class _Value(Union):
    _pack_ = 1
    _fields_ = (("value", i32), ("value64", i64), ("ptr", ctypes.c_void_p))


class ExtControl(Structure):
    """v4l2_ext_control"""

    _pack_ = 1
    _fields_ = (("id", u32), ("size", u32), ("reserved2", u32), ("u", _Value))


class ExtControls(Structure):
    """v4l2_ext_controls"""

    _fields_ = (
        *[(name, u32) for name in ("which", "count", "error_idx")],
        ("request_fd", i32),
        ("reserved", u32),
        ("controls", ctypes.POINTER(ExtControl)),
    )


S_EXT_CTRLS = 3 << 30 | ctypes.sizeof(ExtControls) << 16 | ord("V") << 8 | 72
NOW, IN_REQUEST = 0, 0x0F010000
"""V4L2_CTRL_WHICH_CUR_VAL and V4L2_CTRL_WHICH_REQUEST_VAL."""
BASE = 0xA40900
"""V4L2_CID_CODEC_STATELESS_BASE"""

Control = tuple[int, Structure | int]
"""What is said of a frame: a control's number, and its value."""


def packed(controls: Sequence[Control]) -> "ctypes.Array[ExtControl]":
    """For S_EXT_CTRLS. The values must outlive it."""
    said = (ExtControl * len(controls))()
    for one, (number, value) in zip(said, controls, strict=True):
        one.id = number
        if isinstance(value, int):
            one.u.value = value
        else:
            one.size, one.u.ptr = ctypes.sizeof(value), ctypes.addressof(value)
    return said
