"""The sound output in use: the device that was chosen, or silence that says why, and back again."""

import logging
import threading
import time

import numpy as np

from receiver.clock import Clock, MonotonicClock
from receiver.errors import BackendUnavailable
from receiver.sound.api import CHANNELS, Backend, Render, Samples, Sink
from receiver.sound.null import NullBackend
from receiver.sound.portaudio import PortAudioBackend
from receiver.threads import NamedThread

RETRY_S = 5.0
"""When a device that is not there is tried again; each time twice as late, since PortAudio mutes stderr to look."""
MAX_RETRY_S = 60.0
HUNG_S = 5.0
"""A device that asks for nothing for so long is taken for gone."""
_log = logging.getLogger(__name__)


def open_sink(choice: str) -> tuple[Sink, str, str]:
    """The sink for ``choice`` ('auto', 'null' or a device's name), its name, and a sentence on what it is and why.

    Never raises: without a device, sound is consumed in silence, and the device is tried again from time to time.
    """
    clock = MonotonicClock()
    if choice == "null":
        output = Output(None, clock)
    else:
        output = Output(PortAudioBackend(clock, None if choice == "auto" else choice), clock)
    return output, output.name, output.reason


class Output:
    """A Sink over one backend, with the null backend behind it. ``name`` and ``reason`` say what is in use now."""

    def __init__(self, device: Backend | None, clock: Clock, retry_s: float = RETRY_S) -> None:
        self._device = device
        self._null = NullBackend(clock)
        self._renders: tuple[Render, ...] = ()
        self._wake = threading.Condition()
        self._switching = threading.Lock()
        self._lost: str | None = None
        self._again = False
        self._closed = False
        self._retry_s = retry_s
        self._asked = self._opened = 0.0
        self.name = self._null.name
        self.reason = "No sound: it is turned off in the configuration."
        if device is None:
            return
        self._try(device)
        self._thread = NamedThread("sound watch", self._watch, (device,))
        self._thread.start()

    def attach(self, render: Render) -> None:
        with self._wake:
            self._renders = (*self._renders, render)
        self._consume()

    def detach(self, render: Render) -> None:
        with self._wake:
            self._renders = tuple(other for other in self._renders if other != render)
        self._consume()

    def _consume(self) -> None:
        """Without a device the null backend plays, but only what there is: it wakes 100 times a second."""
        with self._switching:
            wanted = self.name == self._null.name and bool(self._renders) and not self._closed
            if wanted and not self._null.running:
                self._null.start(self._mix, self._on_lost)
            elif not wanted and self._null.running:
                self._null.stop()

    def _mix(self, n: int, heard_ns: int) -> Samples:
        self._asked = time.monotonic()
        blocks = [render(n, heard_ns) for render in self._renders]
        if len(blocks) == 1:
            return blocks[0]
        total = sum((block.astype(np.int32) for block in blocks), np.zeros((n, CHANNELS), np.int32))
        return np.clip(total, -32768, 32767).astype(np.int16)

    def _try(self, device: Backend) -> bool:
        self._lost, self._again = None, False
        self._asked = self._opened = time.monotonic()
        try:
            device.start(self._mix, self._on_lost)
        except BackendUnavailable as error:
            self._silent(str(error))
            return False
        self.name = device.name
        self.reason = f"Sound plays on {device.name}."
        _log.info(self.reason)
        return True

    def _silent(self, why: str) -> None:
        self.name = self._null.name
        reason = f"No sound: {why}"
        if reason != self.reason:
            _log.warning(reason)
        self.reason = reason

    def _on_lost(self, why: str, *, again: bool = False) -> None:
        with self._wake:
            self._lost, self._again = why, again
            self._wake.notify()

    def _watch(self, device: Backend) -> None:
        """Swap the device for silence when it goes, and back when it comes. One that asks for it, or that played for a
        while and may be another by now, is opened anew at once."""
        playing = self.name != self._null.name
        retry_s = self._retry_s
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self._lost is not None, 1.0 if playing else retry_s)
                if self._closed:
                    return
            if playing:
                lost = self._lost
                if lost is None and time.monotonic() - self._asked > HUNG_S:
                    lost = f"The sound device {device.name} takes no sound any more. Unplug it and plug it in again."
                if lost is not None:
                    device.stop()
                    _log.info("%s", lost)
                    again = self._again or time.monotonic() - self._opened > self._retry_s
                    if not (again and self._try(device)):
                        self._lost = None
                        self._silent(lost)
                        self._consume()
                        playing, retry_s = False, self._retry_s
            else:
                with self._switching:
                    self._null.stop()
                playing = self._try(device)
                self._consume()
                if not playing:
                    retry_s = min(2 * retry_s, MAX_RETRY_S)

    def close(self) -> None:
        with self._wake:
            if self._closed:
                return
            self._closed = True
            self._wake.notify()
        if self._device is not None:
            self._thread.join()
            self._device.stop()
        self._null.stop()
