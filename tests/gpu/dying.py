"""``python -m tests.gpu.dying H264``: a real NVDEC whose CUDA context is destroyed under it in mid-stream.

Only this process's own context goes; the GPU and its other users don't notice.
"""

import ctypes
import json
import sys

from tests.gpu.checks import CODECS, outlive_the_device

MOST_REFERENCES = 64


def destroy_context() -> None:
    """Give back every reference that this process holds on its CUDA context, so that the driver frees it."""
    driver = ctypes.CDLL("libcuda.so.1")
    device = ctypes.c_int()
    assert driver.cuInit(0) == 0
    assert driver.cuDeviceGet(ctypes.byref(device), 0) == 0
    for _ in range(MOST_REFERENCES):
        if driver.cuDevicePrimaryCtxRelease_v2(device) != 0:
            return


if __name__ == "__main__":
    (name,) = sys.argv[1:]
    (codec,) = (codec for codec in CODECS if codec == name)
    print(json.dumps(outlive_the_device(codec, destroy_context)))
