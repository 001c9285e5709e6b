"""Sound by PortAudio, on Linux through ALSA."""

from collections import deque
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from receiver.clock import Clock
from receiver.errors import BackendUnavailable
from receiver.sound.api import CHANNELS, RATE, Lost, Render

LATENCIES_S = (0.01, 0.02, 0.04)
"""What we ask the card for, the least first; it says itself what it takes. Where Python is late for it too often, the
next is taken and kept."""
TOO_OFTEN = 3
TOO_OFTEN_NS = 10_000_000_000
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


class Underflows:
    """How often the card ran dry."""

    def __init__(self) -> None:
        self._at: deque[int] = deque(maxlen=TOO_OFTEN)

    def too_often(self, now: int) -> bool:
        """Count one at ``now`` ns; whether that is the third within ten seconds."""
        self._at.append(now)
        return len(self._at) == TOO_OFTEN and now - self._at[0] < TOO_OFTEN_NS


class PortAudioBackend:
    """One output device. ``device``: PortAudio's name or a part of it; None takes the system's default."""

    def __init__(self, clock: Clock, device: str | None = None) -> None:
        self.name = device or "default"
        self._clock = clock
        self._device = device
        self._stream: Any = None
        self._latencies = list(LATENCIES_S)

    def start(self, render: Render, lost: Lost) -> None:
        """Open the device and play. Raises BackendUnavailable with what is missing and the remedy."""
        self.stop()
        sd = load()
        # PortAudio lists devices once; one that was plugged in later needs a fresh list.
        sd._terminate()
        sd._initialize()
        self._check(sd)
        underflows = Underflows()

        def ask(out: npt.NDArray[np.int16], n: int, time: Any, status: Any) -> None:
            now = self._clock.now()
            if status.output_underflow and underflows.too_often(now) and len(self._latencies) > 1:
                low = self._latencies.pop(0)
                why = f"The sound device {self.name} ran dry with {low * 1000:.0f} ms in hand and takes more now."
                lost(why, again=True)
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
                latency=self._latencies[0],
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
