"""Opus packets to samples, by libopus inside FFmpeg (RFC 6716, RFC 7587)."""

from typing import Any

import av
import av.error
import numpy as np

from receiver.decode.api import Samples, SoundError
from receiver.errors import BackendUnavailable
from receiver.media import EncodedFrame

RATE = 48_000
MAX_PACKET = 48 * 1275 + 1024
"""Bytes: 48 frames of RFC 6716's largest size, and their headers."""
MAX_CONCEALED = RATE // 10
"""Samples of one gap that are made up; libopus fades to silence well before."""

_NOTHING: Samples = np.zeros((0, 2), np.int16)


class OpusError(SoundError):
    """The peer sent sound that is not Opus."""


class OpusDecoder:
    """One stream's decoder.

    ``concealed``: int16 (m, 2), what libopus made up for the sound lost just before the last decoded frame; it follows
    the frame before that without a gap. Empty when nothing was lost.

    Raises BackendUnavailable where FFmpeg was built without libopus.
    """

    def __init__(self) -> None:
        self.concealed = _NOTHING
        self.timestamp = 0
        self._open()

    def _open(self) -> None:
        try:
            self._codec: Any = av.CodecContext.create("libopus", "r")
        except ValueError as error:
            raise BackendUnavailable(
                "Sound can't be decoded: FFmpeg has no libopus decoder here. Install PyAV from its wheel, "
                "or an FFmpeg that was built with --enable-libopus."
            ) from error
        self._next: int | None = None
        self._conceal = b""

    def decode(self, frame: EncodedFrame) -> Samples:
        """The packet's samples: int16 (n, 2) at 48 kHz, n from 120 to 5760.

        Raises OpusError for bytes that are not an Opus packet; the next packet then starts from a clean state.
        """
        self.concealed = _NOTHING
        self.timestamp = frame.timestamp
        if frame.discontinuity and self._next is not None:
            self.concealed = self._make_up(frame.timestamp - self._next)
        if not 0 < len(frame.data) <= MAX_PACKET:
            self._open()
            raise OpusError(f"an Opus packet has 1 to {MAX_PACKET} bytes, this one has {len(frame.data)}")
        samples = self._decode(frame.data)
        if not len(samples):
            self._open()
            raise OpusError("an Opus packet held no sound")
        self._next = frame.timestamp + len(samples)
        # A packet that is only its table-of-contents byte stands for one lost frame (RFC 6716, section 3.4, R2 to R4
        # and libopus' opus_decode): the decoder's own concealment, which FFmpeg otherwise does not reach.
        self._conceal = bytes([frame.data[0] & 0xFC])
        return samples

    def _make_up(self, lost: int) -> Samples:
        parts: list[Samples] = []
        left = min(lost, MAX_CONCEALED)
        while left > 0:
            part = self._decode(self._conceal)[:left]
            if not len(part):
                break
            parts.append(part)
            left -= len(part)
        return np.concatenate(parts) if parts else _NOTHING

    def _decode(self, data: bytes) -> Samples:
        try:
            frames = self._codec.decode(av.Packet(data))
        except av.error.FFmpegError as error:
            self._open()
            raise OpusError(f"a sound packet of {len(data)} bytes is not Opus: {error.strerror}") from error
        blocks = [np.frombuffer(frame.planes[0], np.int16, frame.samples * 2).reshape(-1, 2) for frame in frames]
        if len(blocks) == 1:
            return blocks[0]
        return np.concatenate(blocks) if blocks else _NOTHING

    def close(self) -> None:
        """Forget the stream; the decoder may be used again for another one."""
        self.concealed = _NOTHING
        self._open()
