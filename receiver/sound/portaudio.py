"""Sound by PortAudio, on Linux through ALSA."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from receiver.clock import Clock
from receiver.errors import BackendUnavailable
from receiver.sound.api import CHANNELS, RATE, Render

LATENCY_S = 0.03
"""What we ask the card for; it says itself what it takes. Less breaks up when Python is late by a period."""
_PLAUSIBLE_S = 1.0


def load() -> ModuleType:
    """The sounddevice module. Raises BackendUnavailable where PortAudio's library is missing."""
    try:
        import sounddevice
    except OSError as error:
        raise BackendUnavailable(
            "PortAudio, the library that plays sound, is not installed. Run 'apt install libportaudio2'."
        ) from error
    module: ModuleType = sounddevice
    return module


class PortAudioBackend:
    """One output device. ``device``: PortAudio's name or a part of it; None takes the system's default."""

    def __init__(self, clock: Clock, device: str | None = None) -> None:
        self.name = device or "default"
        self._clock = clock
        self._device = device
        self._stream: Any = None

    def start(self, render: Render, lost: Callable[[str], None]) -> None:
        """Open the device and play. Raises BackendUnavailable with what is missing and the remedy."""
        self.stop()
        sd = load()
        # PortAudio lists devices once; one that was plugged in later needs a fresh list.
        sd._terminate()
        sd._initialize()
        self._check(sd)

        def ask(out: npt.NDArray[np.int16], n: int, time: Any, status: Any) -> None:
            now = self._clock.now()
            ahead = time.outputBufferDacTime - time.currentTime
            # Some ALSA plug-ins give no times; then the stream's own latency is the best known.
            if not 0.0 < ahead < _PLAUSIBLE_S:
                ahead = stream.latency
            out[:] = render(n, now + round(ahead * 1e9))

        def finished() -> None:
            if self._stream is stream:  # else it is our own stop
                lost(f"The sound device {self.name} stopped. Is it still plugged in and switched on?")

        try:
            stream = sd.OutputStream(
                samplerate=RATE,
                channels=CHANNELS,
                dtype="int16",
                device=self._device,
                latency=LATENCY_S,
                callback=ask,
                finished_callback=finished,
            )
            self.name = str(sd.query_devices(stream.device)["name"])
            stream.start()
        except (sd.PortAudioError, ValueError) as error:
            raise BackendUnavailable(
                f"The sound device {self.name} can't be opened: {error}. Is another program using it, "
                "and may this user use it (group 'audio')?"
            ) from error
        self._stream = stream

    def _check(self, sd: ModuleType) -> None:
        outputs = [device["name"] for device in sd.query_devices() if device["max_output_channels"] > 0]
        if not outputs:
            raise BackendUnavailable(
                "This machine has no sound output. Connect one, load its driver, or add this user to the group 'audio'."
            )
        if self._device is not None and not any(self._device.lower() in name.lower() for name in outputs):
            raise BackendUnavailable(
                f"There is no sound device named {self._device!r}. Choose one of these: {', '.join(outputs)}."
            )

    def stop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.abort()
            stream.close()
