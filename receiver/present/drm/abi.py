"""Structs, ioctl numbers and constants of the kernel's <drm/drm.h> and <drm/drm_mode.h>. Pure.

Each struct has the fields of the one named in its docstring, in order. ``*_ptr`` fields are addresses that the kernel
writes to or reads from; the caller keeps what they point at alive during the call.
"""

import ctypes
from ctypes import Structure

u16, u32, u64, i32, i64 = ctypes.c_uint16, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int32, ctypes.c_int64
NAME_BYTES = 32


class Version(Structure):
    """drm_version"""

    _fields_ = (
        *[(name, i32) for name in ("major", "minor", "patch")],
        *[(f"{name}_{part}", ctypes.c_size_t) for name in ("name", "date", "desc") for part in ("len", "ptr")],
    )


class Capability(Structure):
    """drm_get_cap and drm_set_client_cap"""

    _fields_ = (("capability", u64), ("value", u64))


class Sequence(Structure):
    """drm_crtc_get_sequence"""

    _fields_ = (("crtc", u32), ("active", u32), ("sequence", u64), ("ns", i64))


class Resources(Structure):
    """drm_mode_card_res"""

    _fields_ = (
        *[(f"{name}_ptr", u64) for name in ("fb", "crtc", "connector", "encoder")],
        *[(f"{name}_count", u32) for name in ("fb", "crtc", "connector", "encoder")],
        *[(name, u32) for name in ("min_width", "max_width", "min_height", "max_height")],
    )


class ModeInfo(Structure):
    """drm_mode_modeinfo"""

    _fields_ = (
        ("clock", u32),
        *[(name, u16) for name in ("hdisplay", "hsync_start", "hsync_end", "htotal", "hskew")],
        *[(name, u16) for name in ("vdisplay", "vsync_start", "vsync_end", "vtotal", "vscan")],
        *[(name, u32) for name in ("vrefresh", "flags", "type")],
        ("name", ctypes.c_char * NAME_BYTES),
    )


class Connector(Structure):
    """drm_mode_get_connector"""

    _fields_ = (
        *[(f"{name}_ptr", u64) for name in ("encoder", "mode", "prop", "value")],
        *[(f"{name}_count", u32) for name in ("mode", "prop", "encoder")],
        *[(name, u32) for name in ("encoder", "id", "type", "type_id", "connection")],
        *[(name, u32) for name in ("mm_width", "mm_height", "subpixel", "pad")],
    )


class Encoder(Structure):
    """drm_mode_get_encoder"""

    _fields_ = tuple((name, u32) for name in ("id", "type", "crtc", "possible_crtcs", "possible_clones"))


class Crtc(Structure):
    """drm_mode_crtc"""

    _fields_ = (
        ("connector_ptr", u64),
        *[(name, u32) for name in ("connector_count", "id", "fb", "x", "y", "gamma_size", "mode_valid")],
        ("mode", ModeInfo),
    )


class PlaneResources(Structure):
    """drm_mode_get_plane_res"""

    _fields_ = (("plane_ptr", u64), ("plane_count", u32))


class Plane(Structure):
    """drm_mode_get_plane"""

    _fields_ = (
        *[(name, u32) for name in ("id", "crtc", "fb", "possible_crtcs", "gamma_size", "format_count")],
        ("format_ptr", u64),
    )


class ObjectProperties(Structure):
    """drm_mode_obj_get_properties"""

    _fields_ = (("prop_ptr", u64), ("value_ptr", u64), ("prop_count", u32), ("object", u32), ("object_type", u32))


class SetProperty(Structure):
    """drm_mode_obj_set_property"""

    _fields_ = (("value", u64), *[(name, u32) for name in ("prop", "object", "object_type")])


class Property(Structure):
    """drm_mode_get_property"""

    _fields_ = (
        *[(name, u64) for name in ("value_ptr", "enum_ptr")],
        *[(name, u32) for name in ("id", "flags")],
        ("name", ctypes.c_char * NAME_BYTES),
        *[(name, u32) for name in ("value_count", "enum_count")],
    )


class PropertyEnum(Structure):
    """drm_mode_property_enum"""

    _fields_ = (("value", u64), ("name", ctypes.c_char * NAME_BYTES))


class PrimeHandle(Structure):
    """drm_prime_handle"""

    _fields_ = (("handle", u32), ("flags", u32), ("fd", i32))


class GemClose(Structure):
    """drm_gem_close"""

    _fields_ = (("handle", u32), ("pad", u32))


class CreateBlob(Structure):
    """drm_mode_create_blob"""

    _fields_ = (("data_ptr", u64), ("length", u32), ("id", u32))


class CreateDumb(Structure):
    """drm_mode_create_dumb"""

    _fields_ = (*[(name, u32) for name in ("height", "width", "bpp", "flags", "handle", "pitch")], ("size", u64))


class MapDumb(Structure):
    """drm_mode_map_dumb"""

    _fields_ = (("handle", u32), ("pad", u32), ("offset", u64))


class Framebuffer(Structure):
    """drm_mode_fb_cmd2"""

    _fields_ = (
        *[(name, u32) for name in ("id", "width", "height", "pixel_format", "flags")],
        *[(name, u32 * 4) for name in ("handles", "pitches", "offsets")],
        ("modifiers", u64 * 4),
    )


class PageFlip(Structure):
    """drm_mode_crtc_page_flip"""

    _fields_ = (*[(name, u32) for name in ("crtc", "fb", "flags", "reserved")], ("user_data", u64))


class Atomic(Structure):
    """drm_mode_atomic"""

    _fields_ = (
        *[(name, u32) for name in ("flags", "object_count")],
        *[(f"{name}_ptr", u64) for name in ("object", "prop_count", "prop", "value")],
        *[(name, u64) for name in ("reserved", "user_data")],
    )


def _number(direction: int, number: int, size: int) -> int:
    return direction << 30 | size << 16 | ord("d") << 8 | number


def _io(number: int) -> int:
    return _number(0, number, 0)


def _iow(number: int, kind: type[Structure]) -> int:
    return _number(1, number, ctypes.sizeof(kind))


def _iowr(number: int, kind: type[Structure] | type[ctypes.c_uint32]) -> int:
    return _number(3, number, ctypes.sizeof(kind))


VERSION = _iowr(0x00, Version)
GET_CAP = _iowr(0x0C, Capability)
SET_CLIENT_CAP = _iow(0x0D, Capability)
GEM_CLOSE = _iow(0x09, GemClose)
SET_MASTER = _io(0x1E)
DROP_MASTER = _io(0x1F)
PRIME_FD_TO_HANDLE = _iowr(0x2E, PrimeHandle)
CRTC_GET_SEQUENCE = _iowr(0x3B, Sequence)
GET_RESOURCES = _iowr(0xA0, Resources)
GET_CRTC = _iowr(0xA1, Crtc)
SET_CRTC = _iowr(0xA2, Crtc)
GET_ENCODER = _iowr(0xA6, Encoder)
GET_CONNECTOR = _iowr(0xA7, Connector)
GET_PROPERTY = _iowr(0xAA, Property)
REMOVE_FB = _iowr(0xAF, u32)
PAGE_FLIP = _iowr(0xB0, PageFlip)
CREATE_DUMB = _iowr(0xB2, CreateDumb)
MAP_DUMB = _iowr(0xB3, MapDumb)
DESTROY_DUMB = _iowr(0xB4, u32)
GET_PLANE_RESOURCES = _iowr(0xB5, PlaneResources)
GET_PLANE = _iowr(0xB6, Plane)
ADD_FB2 = _iowr(0xB8, Framebuffer)
GET_OBJECT_PROPERTIES = _iowr(0xB9, ObjectProperties)
SET_OBJECT_PROPERTY = _iowr(0xBA, SetProperty)
ATOMIC = _iowr(0xBC, Atomic)
CREATE_BLOB = _iowr(0xBD, CreateBlob)
DESTROY_BLOB = _iowr(0xBE, u32)

CAP_DUMB_BUFFER = 1
CAP_ADDFB2_MODIFIERS = 0x10
CLIENT_CAP_UNIVERSAL_PLANES = 2
CLIENT_CAP_ATOMIC = 3

OBJECT_CRTC = 0xCCCCCCCC
OBJECT_CONNECTOR = 0xC0C0C0C0
OBJECT_PLANE = 0xEEEEEEEE

CONNECTED = 1
PLANE_PRIMARY = 1
PLANE_CURSOR = 2
PROPERTY_ENUM = 1 << 3
PROPERTY_BITMASK = 1 << 5
DPMS_ON = 0
DPMS_OFF = 3
MODE_PREFERRED = 1 << 3
MODE_INTERLACED = 1 << 4
MODE_DOUBLE_SCAN = 1 << 5

FB_MODIFIERS = 1 << 1
FLIP_EVENT = 0x01
ATOMIC_TEST_ONLY = 0x100
ATOMIC_ALLOW_MODESET = 0x400

CONNECTOR_NAMES = (
    *("Unknown", "VGA", "DVI-I", "DVI-D", "DVI-A", "Composite", "SVIDEO", "LVDS", "Component", "DIN", "DP"),
    *("HDMI-A", "HDMI-B", "TV", "eDP", "Virtual", "DSI", "DPI", "Writeback", "SPI", "USB"),
)
"""By DRM_MODE_CONNECTOR_*, as /sys/class/drm spells them."""
