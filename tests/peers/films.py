"""Films whose every picture says which one it is, with a beep at each full second."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT, FPS, RATE = 320, 180, 25, 48_000
BITS = 8
LOW, HIGH = 50, 200
BEEP_S = 0.1


def picture(index: int) -> np.ndarray:
    """The number in eight bars, lowest bit left."""
    bars = [HIGH if index >> bit & 1 else LOW for bit in range(BITS)]
    return np.repeat(np.array(bars, np.uint8), WIDTH // BITS)[None, :].repeat(HEIGHT, 0)


def number(luma: np.ndarray) -> int:
    """Which picture this is, modulo 256, from one row or more of its luma."""
    row = luma.reshape(-1, luma.shape[-1]).astype(float).mean(axis=0)
    bars = row.reshape(BITS, -1).mean(axis=1)
    return sum(1 << bit for bit, value in enumerate(bars) if value > (LOW + HIGH) / 2)


def make(
    path: Path,
    seconds: float = 4.0,
    video: str = "libx264",
    audio: str | None = "aac",
    container: str | None = None,
    options: dict[str, str] | None = None,
    b_frames: int = 2,
    gop: int = FPS,
    rate: int = RATE,
) -> Path:
    """Write the film; ``b_frames`` are shown in another order than they are decoded in."""
    with av.open(str(path), "w", format=container, options=options or {}) as output:
        pictures = output.add_stream(video, rate=FPS)
        assert isinstance(pictures, av.VideoStream)
        pictures.width, pictures.height, pictures.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        pictures.time_base = Fraction(1, FPS)
        pictures.gop_size, pictures.max_b_frames = gop, b_frames
        if video == "libx264":
            pictures.options = {"preset": "ultrafast", "x264-params": f"bframes={b_frames}:scenecut=0:keyint={gop}"}
        elif video.startswith("libvpx"):
            pictures.options = {"deadline": "realtime", "cpu-used": "8", "b": "1M"}
        sound = None if audio is None else output.add_stream(audio, rate=rate, layout="stereo")
        assert sound is None or isinstance(sound, av.AudioStream)
        for index in range(int(seconds * FPS)):
            frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
            plane = np.zeros((HEIGHT, frame.planes[0].line_size), np.uint8)
            plane[:, :WIDTH] = picture(index)
            frame.planes[0].update(plane.tobytes())
            for chroma in frame.planes[1:]:
                chroma.update(bytes([128]) * chroma.buffer_size)
            frame.pts = index
            output.mux(pictures.encode(frame))
            if sound is not None:
                output.mux(sound.encode(_beeps(index, rate, sound.format.name)))
        output.mux(pictures.encode(None))
        if sound is not None:
            output.mux(sound.encode(None))
    return path


def _beeps(index: int, rate: int, sample_format: str) -> av.AudioFrame:
    count = rate // FPS
    at = (np.arange(count) + index * count) / rate
    wave = np.where(at % 1 < BEEP_S, 0.5 * np.sin(2 * np.pi * 1000 * at), 0)
    if sample_format == "fltp":
        frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]).astype(np.float32), "fltp", "stereo")
    else:
        both = np.repeat((wave * 32767).astype(np.int16), 2).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(both, "s16", "stereo")
    frame.sample_rate = rate
    frame.pts = index * count
    frame.time_base = Fraction(1, rate)
    return frame
