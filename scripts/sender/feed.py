"""Between the thread that reads a screen or file and the tracks that send it."""

import asyncio
from collections import deque
from collections.abc import Callable

import av

Frame = av.VideoFrame | av.AudioFrame


class Feed:
    """Frames on their way from a reading thread. Drop rule: the oldest makes room.

    ``begin`` is called when the first frame is wanted: what is read before there is a way to send it would be late.
    """

    def __init__(self, limit: int) -> None:
        self.begin: Callable[[], None] | None = None
        self._loop = asyncio.get_running_loop()
        self._frames: deque[Frame | None] = deque(maxlen=limit)
        self._filled = asyncio.Event()

    def put(self, frame: Frame | None) -> None:
        """From any thread; None is the end."""
        self._loop.call_soon_threadsafe(self._put, frame)

    def _put(self, frame: Frame | None) -> None:
        self._frames.append(frame)
        self._filled.set()

    @property
    def waiting(self) -> int:
        return len(self._frames)

    async def take(self) -> Frame | None:
        if self.begin is not None:
            self.begin()
            self.begin = None
        while not self._frames:
            self._filled.clear()
            await self._filled.wait()
        frame = self._frames.popleft()
        if frame is None:
            self._put(None)  # the end stays the end
        return frame


class Playhead:
    """Where a file is: its time runs from the first frame that is asked for, for picture and sound alike."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._began: float | None = None

    async def reach(self, seconds: float) -> None:
        """Wait until the file's time is ``seconds``."""
        if self._began is None:
            self._began = self._loop.time() - seconds
        await asyncio.sleep(self._began + seconds - self._loop.time())

    def behind(self, seconds: float) -> float:
        """For how long the file's time has been past ``seconds``."""
        return 0.0 if self._began is None else self._loop.time() - self._began - seconds
