"""Structs, ioctl numbers and constants of the kernel's <linux/videodev2.h>, as far as a stateful decoder needs. Pure.

Each struct has the fields of the one named in its docstring, in order. They are ctypes' own, so they are laid out for
the machine that we run on. Times have 64 bits on any: the kernel has other ioctls for programs with 32.

linuxpy, the only Python binding that is kept up, is for cameras and GPLv3; ``videodev2`` has these structs only, made
from the header of one machine, and would spare us this file alone.
"""

import ctypes
from ctypes import Structure, Union

u8, u16, u32, i32, i64 = ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_int32, ctypes.c_int64
MAX_PLANES = 8
"""VIDEO_MAX_PLANES"""


class Capability(Structure):
    """v4l2_capability"""

    _fields_ = (
        *[(name, ctypes.c_char * size) for name, size in (("driver", 16), ("card", 32), ("bus_info", 32))],
        *[(name, u32) for name in ("version", "capabilities", "device_caps")],
        ("reserved", u32 * 3),
    )


class FormatDescription(Structure):
    """v4l2_fmtdesc"""

    _fields_ = (
        *[(name, u32) for name in ("index", "type", "flags")],
        ("description", ctypes.c_char * 32),
        *[(name, u32) for name in ("pixelformat", "mbus_code")],
        ("reserved", u32 * 3),
    )


class PixFormat(Structure):
    """v4l2_pix_format"""

    _fields_ = tuple(
        (name, u32)
        for name in (
            *("width", "height", "pixelformat", "field", "bytesperline", "sizeimage", "colorspace", "priv", "flags"),
            *("ycbcr_enc", "quantization", "xfer_func"),
        )
    )


class PlaneFormat(Structure):
    """v4l2_plane_pix_format"""

    _fields_ = (("sizeimage", u32), ("bytesperline", u32), ("reserved", u16 * 6))


class PixFormatPlanes(Structure):
    """v4l2_pix_format_mplane"""

    _fields_ = (
        *[(name, u32) for name in ("width", "height", "pixelformat", "field", "colorspace")],
        ("plane_fmt", PlaneFormat * MAX_PLANES),
        *[(name, u8) for name in ("num_planes", "flags", "ycbcr_enc", "quantization", "xfer_func")],
        ("reserved", u8 * 7),
    )


class _AnyFormat(Union):
    """``aligned``: its largest member, a struct with pointers, is not one of ours."""

    _fields_ = (("pix", PixFormat), ("pix_mp", PixFormatPlanes), ("raw", u8 * 200), ("aligned", ctypes.c_void_p))


class Format(Structure):
    """v4l2_format"""

    _fields_ = (("type", u32), ("fmt", _AnyFormat))


class RequestBuffers(Structure):
    """v4l2_requestbuffers"""

    _fields_ = (
        *[(name, u32) for name in ("count", "type", "memory", "capabilities")],
        ("flags", u8),
        ("reserved", u8 * 3),
    )


class _PlaneMemory(Union):
    _fields_ = (("mem_offset", u32), ("userptr", ctypes.c_ulong), ("fd", i32))


class Plane(Structure):
    """v4l2_plane"""

    _fields_ = (
        *[(name, u32) for name in ("bytesused", "length")],
        ("m", _PlaneMemory),
        ("data_offset", u32),
        ("reserved", u32 * 11),
    )


class _BufferMemory(Union):
    _fields_ = (
        ("offset", u32),
        ("userptr", ctypes.c_ulong),
        ("planes", ctypes.POINTER(Plane)),
        ("fd", i32),
    )


class Buffer(Structure):
    """v4l2_buffer. The decoder copies ``sec`` and ``usec`` from an access unit to its picture, whatever they say."""

    _fields_ = (
        *[(name, u32) for name in ("index", "type", "bytesused", "flags", "field")],
        *[(name, i64) for name in ("sec", "usec")],
        ("timecode", u32 * 4),
        *[(name, u32) for name in ("sequence", "memory")],
        ("m", _BufferMemory),
        *[(name, u32) for name in ("length", "reserved2")],
        ("request_fd", i32),
    )


class ExportBuffer(Structure):
    """v4l2_exportbuffer"""

    _fields_ = (
        *[(name, u32) for name in ("type", "index", "plane", "flags")],
        ("fd", i32),
        ("reserved", u32 * 11),
    )


class Control(Structure):
    """v4l2_control"""

    _fields_ = (("id", u32), ("value", i32))


class Selection(Structure):
    """v4l2_selection"""

    _fields_ = (
        *[(name, u32) for name in ("type", "target", "flags")],
        *[(name, i32) for name in ("left", "top")],
        *[(name, u32) for name in ("width", "height")],
        ("reserved", u32 * 9),
    )


class Subscription(Structure):
    """v4l2_event_subscription"""

    _fields_ = (*[(name, u32) for name in ("type", "id", "flags")], ("reserved", u32 * 5))


class _EventData(Union):
    _fields_ = (("changes", u32), ("raw", u8 * 64), ("aligned", i64))


class Event(Structure):
    """v4l2_event"""

    _fields_ = (
        ("type", u32),
        ("u", _EventData),
        *[(name, u32) for name in ("pending", "sequence")],
        *[(name, i64) for name in ("sec", "nsec")],
        ("id", u32),
        ("reserved", u32 * 8),
    )


def _number(direction: int, number: int, kind: type[Structure] | type[ctypes.c_int32]) -> int:
    return direction << 30 | ctypes.sizeof(kind) << 16 | ord("V") << 8 | number


_W, _R, _WR = 1, 2, 3

QUERYCAP = _number(_R, 0, Capability)
ENUM_FMT = _number(_WR, 2, FormatDescription)
G_FMT = _number(_WR, 4, Format)
S_FMT = _number(_WR, 5, Format)
REQBUFS = _number(_WR, 8, RequestBuffers)
QUERYBUF = _number(_WR, 9, Buffer)
QBUF = _number(_WR, 15, Buffer)
EXPBUF = _number(_WR, 16, ExportBuffer)
DQBUF = _number(_WR, 17, Buffer)
STREAMON = _number(_W, 18, i32)
STREAMOFF = _number(_W, 19, i32)
G_CTRL = _number(_WR, 27, Control)
DQEVENT = _number(_R, 89, Event)
SUBSCRIBE_EVENT = _number(_W, 90, Subscription)
G_SELECTION = _number(_WR, 94, Selection)

CAP_M2M_PLANES, CAP_M2M, CAP_STREAMING, CAP_DEVICE_CAPS = 0x4000, 0x8000, 0x04000000, 0x80000000
"""V4L2_CAP_VIDEO_M2M_MPLANE, V4L2_CAP_VIDEO_M2M and so on."""

CAPTURE, OUTPUT, PLANES = 1, 2, 8
"""V4L2_BUF_TYPE_VIDEO_CAPTURE and _OUTPUT; with PLANES added they are the _MPLANE ones."""
MEMORY_MMAP = 1
FIELD_NONE = 1
FLAG_ERROR, FLAG_HOLD, FLAG_LAST, FLAG_REQUEST = 0x40, 0x200, 0x100000, 0x800000
"""V4L2_BUF_FLAG_*"""
TARGET_COMPOSE = 0x100
"""V4L2_SEL_TGT_COMPOSE: of a CAPTURE buffer, what is picture."""
EVENT_SOURCE_CHANGE = 5
CONTROL_MIN_BUFFERS = 0x980927
"""V4L2_CID_MIN_BUFFERS_FOR_CAPTURE"""
