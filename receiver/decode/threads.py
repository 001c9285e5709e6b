"""As many threads for a stream's pictures on the CPU as they need: one, or all.

Threads that share a picture cost 5 to 30 % more processor time, for they wake, and wait for one another; and only
pictures that their encoder has cut into parts come any sooner by them (VP9's tiles do, by a tenth). So a stream has one
while that is quick enough. Where it is not, all take over at a keyframe: that very one, where it is what took so long.
"""

import time
from collections.abc import Callable

from receiver.decode.api import Decoder
from receiver.media import Codec, EncodedFrame, Picture

SLOW_NS = 8_000_000
"""Of a thread's time, for a picture: half of what there is for one at 60 a second."""
SLOW_KEYFRAME_NS = 30_000_000
"""A keyframe takes two to six times as long as the pictures after it."""
MEAN_WEIGHT = 16


class AsNeeded:
    """One stream's ``Decoder``. ``open_with`` makes one that uses so many threads, at most ``most``.

    ``heavy``: the codecs of which a stream needed all, for the streams after it. ``spent_ns``: the processor time of
    this thread.
    """

    def __init__(
        self,
        codec: Codec,
        open_with: Callable[[int], Decoder],
        most: int,
        heavy: set[Codec],
        spent_ns: Callable[[], int] = time.thread_time_ns,
    ) -> None:
        self._codec = codec
        self._open_with = open_with
        self._most = most
        self._heavy = heavy
        self._spent_ns = spent_ns
        self._all = most == 1 or codec in heavy
        self._decoder = open_with(most if self._all else 1)
        self.name = self._decoder.name
        self._mean_ns = 0

    def decode(self, frame: EncodedFrame) -> list[Picture]:
        if self._all:
            return self._decoder.decode(frame)
        if frame.keyframe and self._mean_ns > SLOW_NS:
            return self._with_all(frame)
        began = self._spent_ns()
        pictures = self._decoder.decode(frame)
        spent = self._spent_ns() - began
        if frame.keyframe and spent > SLOW_KEYFRAME_NS:
            return self._with_all(frame)
        if not frame.keyframe:
            self._mean_ns += (spent - self._mean_ns) // MEAN_WEIGHT
        return pictures

    def _with_all(self, keyframe: EncodedFrame) -> list[Picture]:
        self._heavy.add(self._codec)
        self._decoder.close()
        self._decoder, self._all = self._open_with(self._most), True
        return self._decoder.decode(keyframe)

    def close(self) -> None:
        self._decoder.close()
