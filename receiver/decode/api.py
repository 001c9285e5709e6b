"""What a decoder is: encoded frames in, pictures or samples out."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from receiver.errors import PeerError, ReceiverError
from receiver.media import Codec, EncodedFrame, Picture


class DecodeError(PeerError):
    """The bitstream can't be decoded; only a keyframe heals it."""


class DecoderFailed(ReceiverError):
    """The decoder itself broke, not the stream: a device that is gone, a driver that gives up or says nothing."""


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
        """Pictures that this frame completes, in order; none for a frame that is not shown.

        Raises DecodeError, or DecoderFailed where the decoder is of no more use.
        """

    def close(self) -> None:
        """Free the decoder; it can't be used after."""


class Backend(Protocol):
    """One way to decode. ``name`` is what a board's profile calls it, ``title`` what people read."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def hardware(self) -> bool: ...

    def open(self, codec: Codec) -> Decoder:
        """A decoder for one stream. Raises BackendUnavailable: which hardware, driver or permission is missing."""


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
