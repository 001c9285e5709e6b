"""AAC in ADTS frames and MPEG audio to samples, as URLs bring them, by FFmpeg's own decoders.

Containers round times of sound to a millisecond or worse, so a frame goes where the last one ended as long as its own
time says about the same: sound that is whole in the file stays whole in the loudspeaker.
"""

from typing import Any

import av
import av.error
import numpy as np

from receiver.decode.api import Samples, SoundError
from receiver.errors import BackendUnavailable
from receiver.media import Codec, EncodedFrame

RATE = 48_000
DECODERS: dict[Codec, str] = {"AAC": "aac", "MP3": "mp3float"}
MAX_PACKET = 8191
"""Bytes: the 13-bit length of an ADTS frame (ISO/IEC 14496-3, 1.A.2); MPEG audio frames are smaller."""
TOLERANCE = RATE * 45 // 1000
"""Samples by which a frame's own time may differ from where the last one ended: two AAC frames' worth."""

_NOTHING: Samples = np.zeros((0, 2), np.int16)


class BroadcastAudioError(SoundError):
    """The bytes are not a frame of this codec."""


class BroadcastAudioDecoder:
    """One stream's decoder, resampling to 48 kHz stereo.

    ``timestamp``: where the samples of the last ``decode`` begin, at 48 kHz. ``concealed`` is always empty: lost
    sound of a film is silence.
    """

    def __init__(self, codec: Codec) -> None:
        if codec not in DECODERS:
            raise BackendUnavailable(f"{codec} is not sound that can be decoded here; AAC, MP3 and Opus are")
        self.codec = codec
        self.concealed = _NOTHING
        self.timestamp = 0
        self._next: int | None = None
        self._open()

    def _open(self) -> None:
        try:
            self._context: Any = av.CodecContext.create(DECODERS[self.codec], "r")
        except ValueError as error:
            raise BackendUnavailable(
                f"Sound can't be decoded: FFmpeg has no {self.codec} decoder here. Install PyAV from its wheel."
            ) from error
        self._resampler: av.AudioResampler | None = None
        self._shape: tuple[str, str, int] | None = None

    def decode(self, frame: EncodedFrame) -> Samples:
        """The frame's samples: int16 (n, 2) at 48 kHz; none while the decoder fills. Raises BroadcastAudioError."""
        if not 0 < len(frame.data) <= MAX_PACKET:
            raise self._error(f"has 1 to {MAX_PACKET} bytes, this one has {len(frame.data)}")
        try:
            decoded = self._context.decode(av.Packet(frame.data))
            blocks = [block for audio in decoded for block in self._resample(audio)]
        except (av.error.FFmpegError, ValueError) as error:
            raise self._error(f"is something else than these {len(frame.data)} bytes ({error})") from error
        samples = np.concatenate(blocks) if blocks else _NOTHING
        self._place(frame, len(samples))
        return samples

    def _resample(self, audio: av.AudioFrame) -> list[Samples]:
        shape = (audio.format.name, audio.layout.name, audio.sample_rate)
        if self._resampler is None or shape != self._shape:  # a broadcast may go from 5.1 to stereo in mid-stream
            self._resampler = av.AudioResampler("s16", "stereo", RATE)
            self._shape = shape
        audio.pts = None
        return [out.to_ndarray().astype(np.int16, copy=False).reshape(-1, 2) for out in self._resampler.resample(audio)]

    def _place(self, frame: EncodedFrame, count: int) -> None:
        follows = self._next is not None and abs(frame.timestamp - self._next) <= TOLERANCE
        self.timestamp = self._next if follows and self._next is not None else frame.timestamp
        self._next = self.timestamp + count

    def _error(self, what: str) -> BroadcastAudioError:
        self._next = None
        self._open()
        return BroadcastAudioError(f"a frame of {self.codec} {what}")

    def close(self) -> None:
        """Forget the stream."""
        self._next = None
        self._open()
