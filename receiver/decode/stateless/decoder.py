"""One stream on a stateless V4L2 decoder: a frame and what its headers say go in, and its picture comes out.

Every wait has a bound. What the device says of the stream (a buffer marked as damaged) is the stream's fault; what it
refuses, and that it says nothing, is its own.
"""

import errno
import mmap
import time
from collections.abc import Callable
from typing import NamedTuple

from receiver.decode.api import DecodeError, DecoderFailed
from receiver.decode.ffmpeg import MAX_PIXELS
from receiver.decode.stateless.memory import Frames, Held
from receiver.decode.stateless.plan import Layout, Part, Plan, Reader, Unfit
from receiver.decode.stateless.request import Request, tell
from receiver.decode.v4l2 import abi
from receiver.decode.v4l2.coloured import coloured
from receiver.decode.v4l2.decoder import GIVE_UP_S, PAUSE_S, WORDS
from receiver.decode.v4l2.device import Device
from receiver.decode.v4l2.queue import UNIT_BYTES, Done, Queue
from receiver.errors import ReceiverError
from receiver.media import Codec, EncodedFrame, Picture

SAID = WORDS | {errno.EINVAL: "its driver does not take what this frame's header says"}


class Kept(NamedTuple):
    """A picture that is predicted from or shown later, where it is, and the frame that it came with."""

    held: Held
    frame: EncodedFrame
    frames: Frames


class StatelessDecoder:
    """``device`` and ``request`` are its own, and are closed with it. Raises OSError, and Unfit: the device wants to be
    spoken to in another way than the reader speaks."""

    def __init__(self, codec: Codec, fourcc: int, device: Device, request: Request, reader: Reader) -> None:
        self.codec = codec
        self.name = f"{codec.lower()} (V4L2 stateless, {device.name})"
        self._fourcc = fourcc
        self._device = device
        self._request = request
        self._reader = reader
        self._units = Queue(device, abi.OUTPUT)
        self._room: mmap.mmap | None = None
        self._layout: Layout | None = None
        self._frames: Frames | None = None
        self._kept: dict[int, Kept] = {}
        """By number."""
        self._units.ask(fourcc, (64, 64), UNIT_BYTES)
        if reader.settings:
            try:
                tell(device, reader.settings)
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.ERANGE):
                    raise
                raise Unfit(f"takes {codec} in another way") from error

    def decode(self, frame: EncodedFrame) -> list[Picture]:
        if not frame.data:
            raise DecodeError(f"an empty {frame.codec} frame can't be decoded")
        pictures: list[Picture] = []
        try:
            for plan in self._reader.read(frame.data):
                if plan.parts:
                    self._kept[plan.unit] = self._run(plan, frame)
                again = None if plan.parts else frame
                pictures += [self._shown(unit, plan.layout, again) for unit in plan.shows if unit in self._kept]
                self._kept = {unit: kept for unit, kept in self._kept.items() if unit in plan.kept}
        except OSError as error:
            self.close()
            raise DecoderFailed(f"{self.name} broke: {SAID.get(error.errno or 0, error.strerror)}") from error
        except Unfit as error:
            self.close()
            raise DecoderFailed(f"{self.name} is not asked for {error}") from error
        except ReceiverError as error:
            self.close()
            raise DecoderFailed(f"{self.name}: {error}") from error
        return pictures

    def _run(self, plan: Plan, frame: EncodedFrame) -> Kept:
        """Decode one frame."""
        if self._layout is None or not plan.layout.fits(self._layout):
            self._begin(plan)
        assert self._frames is not None
        assert self._room is not None
        frames = self._frames
        frames.take_back()
        damaged = False
        for part in plan.parts[:-1]:
            damaged |= self._give(part, plan.unit, more=True)
        damaged |= self._give(plan.parts[-1], plan.unit, more=False)
        done = _awaited(frames.get)
        if damaged or done.error:
            frames.drop(done)
            raise DecodeError(f"this {frame.codec} frame can't be decoded, says {self.name}")
        return Kept(frames.hold(done), frame, frames)

    def _give(self, part: Part, unit: int, more: bool) -> bool:
        """Have the device take a part of a frame. ``more``: others follow. Whether it is damaged, says the device."""
        assert self._room is not None
        if len(part.data) > len(self._room):
            raise ReceiverError(f"a frame of {len(part.data)} bytes is more than the {len(self._room)} that it takes")
        self._room[: len(part.data)] = part.data
        tell(self._device, part.controls, self._request.fd)
        self._units.put(0, unit, len(part.data), self._request.fd, more)
        self._request.queue()
        if not self._request.wait(GIVE_UP_S):
            raise ReceiverError(f"the device has not answered for {GIVE_UP_S} s")
        done = _awaited(self._units.get)
        self._request.clear()
        return done.error

    def _begin(self, plan: Plan) -> None:
        """Set the device up for frames of another layout."""
        if self._frames is not None and self._room is not None:
            self._units.stream(False)
            self._frames.close()
            self._room.close()
            self._units.request(0)
        self._frames = self._room = self._layout = None
        self._units.ask(self._fourcc, plan.layout.size, UNIT_BYTES)
        if plan.first:
            tell(self._device, plan.first)
        self._frames = Frames(self._device, plan.layout, MAX_PIXELS)
        if not self._units.request(1):
            raise ReceiverError("the device has no buffer for frames")
        self._room = self._units.map(0)
        self._units.stream(True)
        self._layout = plan.layout

    def _shown(self, unit: int, layout: Layout, again: EncodedFrame | None) -> Picture:
        """``again``: the frame that says no more than that this picture is shown."""
        held, frame, frames = self._kept[unit]
        return coloured(again or frame, frames.frame(held), layout.meaning)

    def close(self) -> None:
        self._kept.clear()
        self._frames = None  # the file's end frees the buffers; pictures that are still shown keep their memory
        if self._room is not None:
            self._room.close()
            self._room = None
        self._request.close()
        self._device.close()


def _awaited(get: Callable[[], Done | None]) -> Done:
    """A buffer that the device is through with, since the request is. Raises ReceiverError where it doesn't come."""
    until = time.monotonic() + GIVE_UP_S
    while (done := get()) is None:
        if time.monotonic() > until:
            raise ReceiverError("the device has answered, but does not give its buffers back")
        time.sleep(PAUSE_S)
    return done
