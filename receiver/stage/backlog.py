"""Encoded frames that wait for a decoder. Pure.

Drop rules, both counted as ``decoder_behind``: with more than ``CATCH_UP`` frames waiting and a keyframe among them,
all before the newest keyframe go; with ``LIMIT`` waiting and none, all go and the decoder needs a keyframe.
"""

from collections import deque

from receiver.media import EncodedFrame

CATCH_UP = 4
LIMIT = 30
"""Half a second at 60 frames a second: beyond it the decoder will not catch up by itself."""


class Backlog:
    """A queue of one stream's video frames, oldest first."""

    def __init__(self) -> None:
        self._frames: deque[EncodedFrame] = deque()
        self.dropped = 0
        self.overrun = False
        """Frames that later ones need were dropped; the owner resets it when it has asked for a keyframe."""

    def __len__(self) -> int:
        return len(self._frames)

    def push(self, frame: EncodedFrame) -> None:
        self._frames.append(frame)
        if frame.keyframe and len(self._frames) > CATCH_UP:
            self._keep(1)
            self.overrun = False
        elif len(self._frames) > LIMIT:
            self._keep(0)
            self.overrun = True

    def pop(self) -> EncodedFrame | None:
        return self._frames.popleft() if self._frames else None

    def _keep(self, newest: int) -> None:
        while len(self._frames) > newest:
            self._frames.popleft()
            self.dropped += 1
