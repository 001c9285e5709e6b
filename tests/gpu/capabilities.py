"""What the driver itself says that NVDEC decodes (8 bit, 4:2:0): cuvidGetDecoderCaps, without FFmpeg in between."""

import contextlib
import ctypes

from receiver.media import Codec

CUDA_CODEC: dict[Codec, int] = {"H264": 4, "H265": 8, "VP8": 9, "VP9": 10, "AV1": 11}
CHROMA_420 = 1
UNSUPPORTED = "not supported by this GPU"


class Caps(ctypes.Structure):
    """CUVIDDECODECAPS of cuviddec.h."""

    _fields_ = (
        ("codec", ctypes.c_int),
        ("chroma", ctypes.c_int),
        ("bits_minus_8", ctypes.c_uint),
        ("reserved1", ctypes.c_uint * 3),
        ("supported", ctypes.c_ubyte),
        ("decoders", ctypes.c_ubyte),
        ("formats", ctypes.c_ushort),
        ("most_width", ctypes.c_uint),
        ("most_height", ctypes.c_uint),
        ("most_blocks", ctypes.c_uint),
        ("least_width", ctypes.c_ushort),
        ("least_height", ctypes.c_ushort),
        ("rest", ctypes.c_ubyte * 64),
    )


def of_the_driver() -> dict[str, str]:
    """For each codec a phrase; empty where there is no driver to ask."""
    with contextlib.suppress(OSError):
        cuda, nvdec = ctypes.CDLL("libcuda.so.1"), ctypes.CDLL("libnvcuvid.so.1")
        device, context = ctypes.c_int(), ctypes.c_void_p()
        if cuda.cuInit(0) or cuda.cuDeviceGet(ctypes.byref(device), 0):
            return {}
        if cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), device) or cuda.cuCtxPushCurrent_v2(context):
            return {}
        try:
            return {codec: _ask(nvdec, number) for codec, number in CUDA_CODEC.items()}
        finally:
            cuda.cuCtxPopCurrent_v2(ctypes.byref(ctypes.c_void_p()))
            cuda.cuDevicePrimaryCtxRelease_v2(device)
    return {}


def lacks(driver: dict[str, str], codec: Codec) -> bool:
    """Whether this GPU has no decoder for it."""
    return driver.get(codec) == UNSUPPORTED


def _ask(nvdec: ctypes.CDLL, number: int) -> str:
    caps = Caps(codec=number, chroma=CHROMA_420)
    if error := nvdec.cuvidGetDecoderCaps(ctypes.byref(caps)):
        return f"not told (CUDA error {error})"
    if not caps.supported:
        return UNSUPPORTED
    sizes = f"{caps.least_width}x{caps.least_height} to {caps.most_width}x{caps.most_height}"
    return f"{sizes}, {caps.decoders} decoders"
