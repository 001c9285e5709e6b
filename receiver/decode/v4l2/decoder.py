"""One stream on a stateful V4L2 decoder: an access unit in, and its own picture out before the next one goes in.

Every wait has a bound. What the device says of the stream (a buffer marked as damaged) is the stream's fault; what it
refuses, and that it says nothing, is its own.
"""

import errno
import time

from receiver.decode.api import DecodeError, DecoderFailed
from receiver.decode.ffmpeg import MAX_PIXELS
from receiver.decode.v4l2 import abi
from receiver.decode.v4l2.coloured import coloured
from receiver.decode.v4l2.device import Device
from receiver.decode.v4l2.memory import Pictures
from receiver.decode.v4l2.pending import Pending, is_shown
from receiver.decode.v4l2.queue import Done, Units
from receiver.decode.v4l2.states import Event, State, move
from receiver.errors import ReceiverError
from receiver.media import Codec, EncodedFrame, Picture

GIVE_UP_S = 1.5
"""In which a device has read an access unit, or given its picture. The stage gives up on a thread after 2 s."""
KEPT_S = 0.1
"""After it has read one: then it keeps the picture on purpose."""
UNSAID_S = 0.3
"""For it to say how large pictures are, and to give the last one of another size."""
PAUSE_S = 0.001
STEP_S = 0.01
"""How soon a buffer goes back to the device that the screen has let go of meanwhile."""
IN_ORDER: tuple[Codec, ...] = ("VP8", "VP9")
"""Codecs whose pictures are shown in the order in which they are decoded."""

WORDS = {
    errno.ENODEV: "the device is gone",
    errno.ENOMEM: "the device has no memory left",
    errno.EIO: "the device does not answer",
    errno.EBUSY: "the device is in use",
}


class V4l2Decoder:
    """``device`` is its own, and is closed with it. Raises OSError."""

    def __init__(self, codec: Codec, fourcc: int, device: Device) -> None:
        self.codec = codec
        self.name = f"{codec.lower()} (V4L2, {device.name})"
        self._device = device
        device.subscribe(abi.EVENT_SOURCE_CHANGE)
        self._units = Units(device, fourcc)
        self._pictures: Pictures | None = None
        self._state: State = "header"
        self._unit = 0
        self._read = 0
        """The last access unit that the device has given back."""
        self._heard = 0.0
        """When the device last did something, by time.monotonic."""
        self._pending: Pending[EncodedFrame] = Pending(codec in IN_ORDER)
        self._ready: list[Picture] = []
        self._damaged = False

    def decode(self, frame: EncodedFrame) -> list[Picture]:
        if not frame.data:
            raise DecodeError(f"an empty {frame.codec} frame can't be decoded")
        try:
            self._put(frame)
            self._await()
        except OSError as error:
            self.close()
            raise DecoderFailed(f"{self.name} broke: {WORDS.get(error.errno or 0, error.strerror)}") from error
        except ReceiverError as error:
            self.close()
            raise DecoderFailed(f"{self.name}: {error}") from error
        ready, self._ready = self._ready, []
        if self._damaged:
            self._damaged = False
            self._pending.clear()
            raise DecodeError(f"this {frame.codec} frame can't be decoded, says {self.name}")
        return ready

    def _put(self, frame: EncodedFrame) -> None:
        self._look()
        began = time.monotonic()
        while self._units.full:
            self._step(began)
        self._unit += 1
        self._pending.add(self._unit, frame, is_shown(frame.codec, frame.data))
        self._units.put(frame.data, self._unit)

    def _await(self) -> None:
        """Until the picture of the last access unit has come, or it is known that it won't for now."""
        began = self._heard = time.monotonic()
        while self._pending.missing and not self._damaged:
            quiet = time.monotonic() - self._heard
            if self._state in ("header", "changing"):
                if quiet > UNSAID_S:
                    self._move("unsaid")
            elif self._read == self._unit and quiet > KEPT_S:
                if not self._pending.keep():
                    raise ReceiverError("the device keeps all pictures")
                return
            self._step(began)

    def _step(self, began: float) -> None:
        """Wait a little for the device, and take what it has. Raises ReceiverError: it has been waited for too long."""
        if time.monotonic() - began > GIVE_UP_S:
            raise ReceiverError(f"the device has not answered for {GIVE_UP_S} s")
        self._device.wait(STEP_S)
        if self._look():
            self._heard = time.monotonic()
        else:
            time.sleep(PAUSE_S)  # poll returns at once where a queue has nothing to wait for

    def _look(self) -> bool:
        """Take what the device has, without waiting. Whether it had anything."""
        had = False
        for event in self._device.events():
            if event == abi.EVENT_SOURCE_CHANGE:
                self._move("sized")
                had = True
        while (done := self._units.get()) is not None:
            self._read = done.unit
            if done.error and self._pending.take(done.unit) is not None:
                self._damaged = True
            had = True
        while self._pictures is not None and (done := self._pictures.get()) is not None:
            self._take(done)
            had = True
        if self._pictures is not None and self._state == "changing" and self._pictures.ended:
            self._move("last")  # bcm2835-codec marks no buffer as the last
            had = True
        if self._pictures is not None and self._state == "decoding":
            self._pictures.take_back()
        return had

    def _take(self, done: Done) -> None:
        """A buffer came back. Its picture is of use where it was waited for."""
        assert self._pictures is not None
        pictures = self._pictures
        frame = self._pending.take(done.unit) if done.used or done.error else None
        if frame is None or done.error:
            self._damaged |= frame is not None
            pictures.drop(done)
        else:
            self._ready.append(coloured(frame, pictures.frame(done), pictures.meaning))
        if done.last:
            self._move("last")

    def _move(self, event: Event) -> None:
        before, self._state = self._state, move(self._state, event)
        if self._state == "decoding" and before != "decoding":
            self._free_pictures()
            self._pictures = Pictures(self._device, MAX_PIXELS)

    def _free_pictures(self) -> None:
        pictures, self._pictures = self._pictures, None
        if pictures is not None:
            pictures.close()

    def close(self) -> None:
        self._pictures = None  # the file's end frees the buffers; pictures that are still shown keep their memory
        self._pending.clear()
        self._ready.clear()
        self._units.close()
        self._device.close()
