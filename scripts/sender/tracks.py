"""The tracks that aiortc sends: generated, from a screen, or from a file, each at its own time."""

import asyncio
from fractions import Fraction

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from scripts.sender import pattern
from scripts.sender.feed import Feed, Playhead

RATE = 48_000
BLOCK = 960
"""Samples of one sound frame: 20 ms."""
CLOCK = 90_000
LATE_S = 0.1
"""A file's picture this late gives way to the next, if that is there: the encoder is slower than the film."""


class PictureTrack(MediaStreamTrack):
    """A video track that counts what it gives out. ``size``: of the newest picture; ``ended``: there are no more."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0
        self.size = (0, 0)
        self.ended = asyncio.Event()

    async def recv(self) -> av.VideoFrame:
        """Called by aiortc whenever it can encode another one."""
        picture = await self.next() if self.readyState == "live" else None
        if picture is None:
            self.ended.set()
            raise MediaStreamError
        self.sent += 1
        self.size = picture.width, picture.height
        return picture

    async def next(self) -> av.VideoFrame | None:
        """The next picture when its time has come, or None at the end."""
        raise NotImplementedError


class _Ticks:
    """Numbers that count at ``fps`` with the clock and never come twice, as the encoders ask of time stamps."""

    def __init__(self, fps: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._fps = fps
        self._last = -1

    def now(self) -> int:
        self._last = max(self._last + 1, round((self._loop.time() - self._began) * self._fps))
        return self._last

    async def next(self) -> int:
        """Wait for the next number's time; those that are past are left out."""
        await asyncio.sleep(self._began + (self._last + 1) / self._fps - self._loop.time())
        return self.now()


class PatternPictures(PictureTrack):
    """The test pattern, drawn when it is due."""

    def __init__(self, size: tuple[int, int], fps: int) -> None:
        super().__init__()
        self._pattern = pattern.Pattern(*size)
        self._ticks = _Ticks(fps)
        self._time_base = Fraction(1, fps)

    async def next(self) -> av.VideoFrame | None:
        tick = await self._ticks.next()
        picture = av.VideoFrame.from_ndarray(self._pattern.picture(self.sent, pattern.now()), format="yuv420p")
        picture.pts, picture.time_base = tick, self._time_base
        return picture


class PatternSound(MediaStreamTrack):
    """A tone at every whole second."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._time = asyncio.get_running_loop().time
        self._began: tuple[float, int] | None = None
        self._samples = 0

    async def recv(self) -> av.AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        if self._began is None:
            self._began = self._time(), pattern.now()
        began, wall_ns = self._began
        await asyncio.sleep(began + (self._samples + BLOCK) / RATE - self._time())
        samples = pattern.tone(self._samples, BLOCK, wall_ns, RATE)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.pts, frame.sample_rate, frame.time_base = self._samples, RATE, Fraction(1, RATE)
        self._samples += BLOCK
        return frame


class ScreenPictures(PictureTrack):
    """What the screen shows, as it comes."""

    def __init__(self, feed: Feed, fps: int) -> None:
        super().__init__()
        self._feed = feed
        self._ticks = _Ticks(fps)
        self._time_base = Fraction(1, fps)

    async def next(self) -> av.VideoFrame | None:
        picture = await self._feed.take()
        if isinstance(picture, av.VideoFrame):
            picture.pts, picture.time_base = self._ticks.now(), self._time_base
            return picture
        return None


class FilePictures(PictureTrack):
    """A file's pictures at their times."""

    def __init__(self, feed: Feed, playhead: Playhead) -> None:
        super().__init__()
        self._feed = feed
        self._playhead = playhead

    async def next(self) -> av.VideoFrame | None:
        while isinstance(picture := await self._feed.take(), av.VideoFrame):
            if self._feed.waiting and self._playhead.behind(picture.time or 0.0) > LATE_S:
                continue
            await self._playhead.reach(picture.time or 0.0)
            return picture
        return None


class FileSound(MediaStreamTrack):
    """A file's sound at its times."""

    kind = "audio"

    def __init__(self, feed: Feed, playhead: Playhead) -> None:
        super().__init__()
        self._feed = feed
        self._playhead = playhead

    async def recv(self) -> av.AudioFrame:
        frame = await self._feed.take() if self.readyState == "live" else None
        if not isinstance(frame, av.AudioFrame):
            raise MediaStreamError
        await self._playhead.reach(frame.time or 0.0)
        return frame
