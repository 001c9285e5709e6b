"""A stage that takes every frame, and keeps it."""

from receiver.media import EncodedFrame


class Stage:
    ready = True

    def __init__(self) -> None:
        self.frames: list[EncodedFrame] = []

    def send(self, frame: EncodedFrame) -> bool:
        self.frames.append(frame)
        return True
