"""HDR pictures (PQ, HLG) for a screen that is not HDR: planes of 10 bits in BT.2020 to planes of 8 bits in BT.709.

Greys are mapped exactly: PQ (SMPTE ST 2084) by the roll-off of ITU-R BT.2390 from 1000 to 203 cd/m², which is white
(BT.2408), to a screen of gamma 2.4 (BT.1886); HLG (ARIB STD-B67) as it is, since it was made to be looked at so.
Colours follow to first order: a small step away from grey is scaled by the curve's slope there and turned from the one
set of primaries to the other, which on luminance and two differences is a 2 x 2 matrix. Far from grey they come out a
little less saturated than a full conversion makes them, which takes ten times as long (60 ms instead of 6 at 1080p).
"""

from functools import cache

import av
import numpy as np
import numpy.typing as npt

from receiver.prime import in_memory

PQ, HLG = 16, 18
"""AVColorTransferCharacteristic (ISO/IEC 23091-2)."""
FORMATS = ("yuv420p10le", "p010le")

MASTERED = 1000.0
"""cd/m², the brightest that is told apart: what most films are mastered for."""
WHITE = 203.0
"""cd/m² of reference white (ITU-R BT.2408), which becomes the screen's white."""
GAMMA = 2.4

_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32

_2020_TO_709 = np.array(
    [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]]
)
"""Linear RGB (ITU-R BT.2087)."""
_WEIGHTS = {2020: (0.2627, 0.0593), 709: (0.2126, 0.0722)}
"""Of red and blue in luma."""

Array = npt.NDArray[np.float64]


def to_sdr(frame: av.VideoFrame, transfer: int) -> av.VideoFrame:
    """The same picture for an SDR screen; the frame itself where it is none that can be mapped."""
    if transfer not in (PQ, HLG):
        return frame
    frame = in_memory(frame)
    if frame.format.name not in FORMATS:
        return frame
    luma, slope = tables(transfer)
    width, height = frame.width, frame.height
    rows, columns = (height + 1) // 2, (width + 1) // 2
    y, blue, red = _planes(frame, rows, columns)
    steps = slope[y[::2, ::2]]
    turn = _turn().astype(np.float32)
    blue_709 = (turn[0, 0] * blue + turn[0, 1] * red) * steps
    red_709 = (turn[1, 0] * blue + turn[1, 1] * red) * steps
    out = av.VideoFrame(width, height, "yuv420p")
    _fill(out.planes[0], luma[y])
    for plane, values in zip(out.planes[1:], (blue_709, red_709), strict=True):
        _fill(plane, np.clip(values + 128.5, 0, 255).astype(np.uint8))
    out.pts, out.colorspace, out.color_range = frame.pts, 1, 1
    if frame.time_base:
        out.time_base = frame.time_base
    return out


@cache
def tables(transfer: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """For each 10-bit luma (limited range): the 8-bit one, and the step that a step of chroma becomes."""
    codes = np.arange(1024)
    signal = np.clip((codes - 64) / 876, 0, 1)
    shown = pq_shown(signal) if transfer == PQ else signal
    luma = np.clip(np.round(16 + 219 * shown), 0, 255).astype(np.uint8)
    slope = np.gradient(pq_shown(np.clip(signal, 1 / 876, 1)), 1 / 876) if transfer == PQ else np.ones(1024)
    slope = np.clip(slope, 0, 4)
    return luma, (slope * 224 / 896).astype(np.float32)


def pq_shown(signal: Array) -> Array:
    """A PQ signal (0 to 1) of grey as the signal (0 to 1) for an SDR screen."""
    return np.asarray((pq_light(_roll_off(signal)) / WHITE).clip(0, 1) ** (1 / GAMMA))


def pq_light(signal: Array) -> Array:
    """cd/m² of a PQ signal (ST 2084's EOTF)."""
    root = np.maximum(signal, 0) ** (1 / _M2)
    return np.asarray(10_000 * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1))


def pq_signal(light: float) -> float:
    """The PQ signal of so many cd/m²."""
    power = (light / 10_000) ** _M1
    return float(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2)


def _roll_off(signal: Array) -> Array:
    """BT.2390's EETF, without its black level lift: as it is up to the knee, then a curve that ends at ``WHITE``."""
    most = pq_signal(MASTERED)
    inside = (signal / most).clip(0, 1)
    top = pq_signal(WHITE) / most
    knee = 1.5 * top - 0.5
    t = (inside - knee) / (1 - knee)
    curve = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * top
    return np.asarray(np.where(inside < knee, inside, curve) * most)


@cache
def _turn() -> Array:
    """From Cb and Cr of BT.2020 to those of BT.709, for steps from grey."""
    kr, kb = _WEIGHTS[2020]
    from_2020 = np.array(
        [
            [0, 2 * (1 - kr)],
            [-2 * kb * (1 - kb) / (1 - kr - kb), -2 * kr * (1 - kr) / (1 - kr - kb)],
            [2 * (1 - kb), 0],
        ]
    )
    kr, kb = _WEIGHTS[709]
    to_709 = np.array([[-kr, -(1 - kr - kb), 1 - kb], [1 - kr, -(1 - kr - kb), -kb]])
    return np.asarray((to_709 / [[2 * (1 - kb)], [2 * (1 - kr)]]) @ _2020_TO_709 @ from_2020)


def _planes(
    frame: av.VideoFrame, rows: int, columns: int
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Luma of 10 bits, and both chroma planes around 0."""

    def plane(index: int, height: int, width: int) -> npt.NDArray[np.uint16]:
        given = frame.planes[index]
        return np.frombuffer(memoryview(given), "<u2").reshape(-1, given.line_size // 2)[:height, :width]

    if frame.format.name == "p010le":  # ten bits at the top of sixteen
        both = plane(1, rows, 2 * columns) >> np.uint16(6)
        return plane(0, frame.height, frame.width) >> np.uint16(6), _centred(both[:, ::2]), _centred(both[:, 1::2])
    blue, red = _centred(plane(1, rows, columns)), _centred(plane(2, rows, columns))
    return plane(0, frame.height, frame.width) & np.uint16(1023), blue, red


def _centred(plane: npt.NDArray[np.uint16]) -> npt.NDArray[np.float32]:
    return plane.astype(np.float32) - np.float32(512)


def _fill(plane: "av.video.plane.VideoPlane", values: npt.NDArray[np.uint8]) -> None:
    height, width = values.shape
    np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:height, :width] = values
