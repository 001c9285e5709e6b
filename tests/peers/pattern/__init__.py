"""Reads back what the test pattern's page (index.html beside this) wrote into picture and sound."""

from pathlib import Path

import numpy as np

PAGE = Path(__file__).parent
TITLE = "DDP test pattern"
BLOCKS = 56
SIZE = 16
"""Pixels: each block is SIZE x SIZE, in one row at the top left."""

WIDTH = BLOCKS * SIZE
TONE_HZ = 1000
RATE = 48_000


def read_picture(luma: bytes, width: int, scale: float = 1.0) -> tuple[float, int] | None:
    """Wall-clock ms (modulo 2**32 / 10) and frame number from the top rows of a luma plane, or None if unreadable.

    ``width``: of a luma row in pixels; ``scale``: the picture's size relative to the page's canvas.
    """
    plane = np.frombuffer(luma, np.uint8)
    row = int(SIZE * scale / 2)
    return read_row(plane[row * width : (row + 1) * width], scale)


def read_row(row: np.ndarray, scale: float = 1.0) -> tuple[float, int] | None:
    """The same from the one row of luma that goes through the middle of the blocks."""
    centres = ((np.arange(BLOCKS) + 0.5) * SIZE * scale).astype(int)
    if centres[-1] >= len(row):
        return None
    octets = np.packbits(row[centres] > 128).tolist()
    if (sum(octets[:6]) ^ 0x5A) & 255 != octets[6]:
        return None
    return int.from_bytes(octets[:4], "big") / 10, int.from_bytes(octets[4:6], "big")


def age_ms(written_ms: float, wall_ns: int) -> float:
    """How long before ``wall_ns`` (time.time_ns) the pattern's time was written."""
    period = 2**32 / 10
    age = (wall_ns / 1e6 - written_ms) % period
    return age if age < period / 2 else age - period


def tone_onsets(samples: np.ndarray, threshold: float = 0.05) -> list[int]:
    """Sample numbers at which a tone begins after at least 0.3 s of quiet. ``samples``: mono, -1 to 1, at 48 kHz."""
    hop = 48
    power = np.sqrt(np.mean(samples[: len(samples) // hop * hop].reshape(-1, hop) ** 2, axis=1))
    loud = np.flatnonzero(power > threshold)
    quiet = RATE * 3 // 10 // hop
    return [int(i) * hop for n, i in enumerate(loud) if i > quiet and (n == 0 or i - loud[n - 1] > quiet)]
