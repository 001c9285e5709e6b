"""Pictures of a stateless decoder where it left them: each is needed by frames that are predicted from it, by who shows
it, or by both, and its buffer goes back when neither has it any more."""

from collections import deque
from typing import cast

from av import VideoFrame

from receiver.decode.stateless.plan import Layout
from receiver.decode.v4l2 import abi
from receiver.decode.v4l2.device import Device
from receiver.decode.v4l2.memory import SPARE, Buffers, DeviceFrame, asked
from receiver.decode.v4l2.queue import Done, Queue
from receiver.prime import in_memory


class Held:
    """A buffer with a picture in it. It goes back when nobody has this any more."""

    def __init__(self, index: int, away: deque[int]) -> None:
        self.index = index
        self._away = away

    def __del__(self) -> None:
        self._away.append(self.index)


class Frames(Buffers):
    """The CAPTURE queue, for one layout: as many buffers as frames may look back to, one that is decoded, and those on
    their way to the screen. Raises OSError, and ReceiverError: why they are of no use."""

    def __init__(self, device: Device, layout: Layout, max_pixels: int) -> None:
        queue = Queue(device, abi.CAPTURE)
        shape = asked(device, queue, max_pixels)
        super().__init__(queue, shape, layout.visible, layout.pictures + 1 + SPARE)
        self._spare = len(self._buffers) - layout.pictures - 1
        self._shown: deque[None] = deque()
        """As many as the screen has; any thread may take one off."""

    def hold(self, done: Done) -> Held:
        """The picture in this buffer."""
        return Held(done.buffer, self._away)

    def frame(self, held: Held) -> VideoFrame:
        """For who shows it: where it is, or a copy where the screen has as many as there are to spare."""
        index, shown = held.index, self._shown
        shown.append(None)
        memory = self._buffers[index], held
        given = cast(VideoFrame, DeviceFrame(self.size, self._descriptors[index], memory, lambda: shown.pop()))
        return given if len(shown) <= self._spare else in_memory(given)
