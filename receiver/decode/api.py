"""What a decoder is: encoded frames in, pictures or samples out."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from receiver.errors import PeerError
from receiver.media import EncodedFrame, Picture


class DecodeError(PeerError):
    """The bitstream can't be decoded; only a keyframe heals it."""


Samples = npt.NDArray[np.int16]
"""Sound at 48 kHz: (n, 2)."""


class SoundError(PeerError):
    """A packet is no sound of its codec; the next may be."""


class Decoder(Protocol):
    """One codec of one stream. Called from one thread."""

    @property
    def name(self) -> str:
        """What decodes, for people, e.g. ``vp8 (FFmpeg, software)``."""

    def decode(self, frame: EncodedFrame) -> list[Picture]:
        """Pictures that this frame completes, in order; none for a frame that is not shown. Raises DecodeError."""

    def close(self) -> None:
        """Free the decoder; it can't be used after."""


class SoundDecoder(Protocol):
    """One codec of one stream's sound. Called from one thread.

    ``timestamp``: where the samples of the last ``decode`` begin, at 48 kHz. ``concealed``: what was made up for the
    sound lost just before them.
    """

    timestamp: int
    concealed: Samples

    def decode(self, frame: EncodedFrame) -> Samples:
        """The packet's samples; none while the decoder fills. Raises SoundError."""

    def close(self) -> None:
        """Forget the stream."""
