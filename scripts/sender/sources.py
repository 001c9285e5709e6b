"""What can be cast: the test pattern, this machine's screen, a file."""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from aiortc import MediaStreamTrack
from av.container import InputContainer

from scripts.sender.errors import NoSource
from scripts.sender.feed import Feed, Playhead
from scripts.sender.tracks import (
    BLOCK,
    RATE,
    FilePictures,
    FileSound,
    PatternPictures,
    PatternSound,
    PictureTrack,
    ScreenPictures,
)

MAX_SIZE = (1920, 1080)
TEST_SIZE = (1280, 720)
FPS = 30
DRI = Path("/dev/dri")
AHEAD_S = 0.5
"""How far a file is decoded ahead of its time."""
MAX_WAITING = 256
"""Frames of a file that wait for their time; see Feed for what is dropped."""


@dataclass(frozen=True)
class Wish:
    """What was asked for; None leaves it to the source. ``size``: at most, in pixels."""

    size: tuple[int, int] | None = None
    fps: int | None = None


class Source:
    """Tracks to cast, and the thread that feeds them, if one does."""

    def __init__(self, video: PictureTrack, audio: MediaStreamTrack | None, reader: "Reader | None" = None) -> None:
        self.video = video
        self.audio = audio
        self._reader = reader

    @property
    def problem(self) -> str:
        """Why the source ended before its time, as a sentence, or empty."""
        return self._reader.problem if self._reader else ""

    def close(self) -> None:
        """Let go of the screen or file."""
        if self._reader is not None:
            self._reader.close()


def fit(size: tuple[int, int], limit: tuple[int, int]) -> tuple[int, int]:
    """``size`` made to fit ``limit`` in the same shape, and even, as 4:2:0 asks; never made larger."""
    scale = min(1.0, limit[0] / size[0], limit[1] / size[1])
    width, height = (max(2, round(side * scale) // 2 * 2) for side in size)
    return width, height


class Reader:
    """Decodes a container in a thread of its own, into a feed for pictures and perhaps one for sound.

    ``paced``: a file, read by its own time; a screen paces itself.
    """

    def __init__(self, container: InputContainer, wish: Wish, pictures: Feed, sound: Feed | None, paced: bool) -> None:
        self.problem = ""
        self._container = container
        self._wish = wish
        self._pictures = pictures
        self._sound = sound
        self._paced = paced
        self._stop = threading.Event()
        self._next_at = 0.0
        self._resampler = av.AudioResampler("s16", "stereo", RATE, BLOCK)
        self._sound_pts: int | None = None
        self._thread = threading.Thread(target=self._run, name="sender-reader", daemon=True)
        pictures.begin = self._thread.start

    def close(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._container.close()

    def _run(self) -> None:
        streams = [*self._container.streams.video[:1], *(self._container.streams.audio[:1] if self._sound else [])]
        began: float | None = None
        first = 0.0
        try:
            for frame in self._container.decode(*streams):
                if not isinstance(frame, av.VideoFrame | av.AudioFrame):
                    continue
                at = frame.time or 0.0
                if began is None:
                    began, first = time.monotonic(), at
                wait = began + at - first - AHEAD_S - time.monotonic() if self._paced else 0.0
                if self._stop.wait(max(0.0, wait)) if wait > 0 else self._stop.is_set():
                    return
                if isinstance(frame, av.VideoFrame):
                    self._picture(frame, at)
                else:
                    self._hear(frame)
        except (av.FFmpegError, OSError, ValueError) as error:
            self.problem = f"It can't be read any further: {error}."
        finally:
            self._pictures.put(None)
            if self._sound is not None:
                self._sound.put(None)

    def _picture(self, frame: av.VideoFrame, at: float) -> None:
        if self._paced and self._wish.fps:
            if at < self._next_at - 0.001:
                return
            self._next_at = max(at, self._next_at) + 1 / self._wish.fps
        width, height = fit((frame.width, frame.height), self._wish.size or MAX_SIZE)
        self._pictures.put(frame.reformat(width, height, "yuv420p"))

    def _hear(self, frame: av.AudioFrame) -> None:
        assert self._sound is not None
        if self._sound_pts is None:
            self._sound_pts = round((frame.time or 0.0) * RATE)
        frame.pts = None  # the resampler would carry a file's gaps and jitter into the encoder
        for block in self._resampler.resample(frame):
            block.pts, block.time_base = self._sound_pts, Fraction(1, RATE)
            self._sound_pts += block.samples
            self._sound.put(block)


def test(wish: Wish) -> Source:
    """The test pattern with its tone."""
    width, height = wish.size or TEST_SIZE
    return Source(PatternPictures((width // 2 * 2, height // 2 * 2), wish.fps or FPS), PatternSound())


def file(path: str, wish: Wish) -> Source:
    """A file, or whatever else FFmpeg opens by its URL, at its own speed. Raises NoSource."""
    try:
        container = av.open(path)
    except (av.FFmpegError, OSError) as error:
        raise NoSource(f"{path} can't be played: {error.strerror or error}.") from error
    if not container.streams.video:
        container.close()
        raise NoSource(f"{path} has no picture, which is what a display shows. Cast a video.")
    playhead, pictures = Playhead(), Feed(MAX_WAITING)
    sound = Feed(MAX_WAITING) if container.streams.audio else None
    reader = Reader(container, wish, pictures, sound, paced=True)
    return Source(FilePictures(pictures, playhead), FileSound(sound, playhead) if sound else None, reader)


def screen(wish: Wish, environment: Mapping[str, str] = os.environ) -> Source:
    """This machine's screen: of the X server, else of the kernel's display driver. Raises NoSource."""
    fps = wish.fps or FPS
    reasons = []
    for attempt in (_x11, _kms):
        try:
            container = attempt(environment, fps)
        except NoSource as error:
            reasons.append(str(error))
        else:
            feed = Feed(1)
            reader = Reader(container, wish, feed, None, paced=False)
            return Source(ScreenPictures(feed, fps), None, reader)
    raise NoSource(f"No screen can be captured here. {' '.join(reasons)}")


def _x11(environment: Mapping[str, str], fps: int) -> InputContainer:
    if "WAYLAND_DISPLAY" in environment:
        raise NoSource("This is a Wayland desktop, which shows X11 programs nothing; cast it from a browser.")
    display = environment.get("DISPLAY")
    if not display:
        raise NoSource("DISPLAY is not set, so there is no X server to ask.")
    return _open(display, "x11grab", fps, f"The X server {display} can't be read; is XAUTHORITY right?")


def _kms(environment: Mapping[str, str], fps: int) -> InputContainer:
    cards = sorted(DRI.glob("card*"))
    if not cards:
        raise NoSource(f"There is no display driver ({DRI}/card*).")
    reasons = []
    for card in cards:
        try:
            return _open("-", "kmsgrab", fps, f"{card} can't be read; that takes root.", device=str(card))
        except NoSource as error:
            reasons.append(str(error))
    raise NoSource(" ".join(reasons))


def _open(name: str, format: str, fps: int, remedy: str, **options: str) -> InputContainer:
    try:
        return av.open(name, format=format, options={"framerate": str(fps), **options})
    except (av.FFmpegError, OSError) as error:
        raise NoSource(f"{remedy} ({error.strerror or error})") from error
