"""A decoder that goes on with the next backend where one is lost, and tells why.

Three ways to lose a backend. It breaks (``DecoderFailed``): nothing of it is used again, and the next one needs a
keyframe, which is asked for as after any damage. It hangs: whoever waits for it abandons it, and opens another decoder.
Or it refuses a keyframe: if the next backend decodes that very keyframe, the stream was in order and only beyond the
first one (a profile or a size that a device doesn't have); if not, the stream is damaged and nothing changes.
"""

import contextlib
from collections.abc import Callable, Sequence

from receiver.decode.api import Backend, DecodeError, Decoder, DecoderFailed
from receiver.errors import BackendUnavailable
from receiver.media import Codec, EncodedFrame, Picture


class Failover:
    """One stream's ``Decoder`` over several backends, best first.

    ``told`` gets a sentence when another backend takes over; ``broke`` the backend, and whether it hangs.
    Raises BackendUnavailable where none of them opens.
    """

    def __init__(
        self,
        codec: Codec,
        backends: Sequence[Backend],
        told: Callable[[str], None] = lambda reason: None,
        broke: Callable[[Backend, bool], None] = lambda backend, hangs: None,
    ) -> None:
        self.codec = codec
        self._left = list(backends)
        self._told = told
        self._broke = broke
        self._backend, self._decoder = self._open_next()

    @property
    def name(self) -> str:
        return self._decoder.name

    def decode(self, frame: EncodedFrame) -> list[Picture]:
        try:
            return self._decoder.decode(frame)
        except DecoderFailed as failure:
            cause = str(failure)
        except DecodeError as error:
            if not (frame.keyframe and frame.data and self._left):
                raise
            return self._try_another(frame, error)
        return self._go_on(frame, cause)  # out here the failed decoder is held by nothing but us

    def abandon(self) -> bool:
        """A call of ``decode`` does not return, and will not be waited for. From another thread.

        Whether a new decoder would have another backend to go on with.
        """
        if not self._left:
            return False
        self._broke(self._backend, True)
        self._told(f"{self.name} hangs; {self._left[0].title} goes on")
        return True

    def _go_on(self, frame: EncodedFrame, cause: str) -> list[Picture]:
        """The backend is lost. A keyframe is shown all the same; after any other frame one must come first."""
        lost = self._backend
        if not self._left:
            self._left.append(lost)  # nothing else decodes this: better a new start than no picture
        try:
            self._backend, self._decoder = self._open_next()
        except BackendUnavailable as error:
            raise DecodeError(f"{cause}, and nothing else decodes {self.codec} ({error})") from error
        self._told(f"{cause}; {self._decoder.name} goes on")
        self._broke(lost, False)  # now that its decoder is freed: CUDA does not stand a dead one beside a new one
        if not frame.keyframe:
            raise DecodeError(f"{cause}; {self._decoder.name} goes on at the next keyframe")
        with contextlib.suppress(DecoderFailed):
            return self._decoder.decode(frame)
        return []

    def _try_another(self, frame: EncodedFrame, error: DecodeError) -> list[Picture]:
        left = list(self._left)
        try:
            backend, decoder = self._open_next()
            pictures = decoder.decode(frame)
        except (BackendUnavailable, DecodeError, DecoderFailed):
            self._left = left
            raise error from None
        name = self._decoder.name
        self._decoder.close()
        self._backend, self._decoder = backend, decoder
        self._told(f"{name} can't decode this stream ({error}); {decoder.name} goes on")
        return pictures

    def _open_next(self) -> tuple[Backend, Decoder]:
        refused = []
        while self._left:
            backend = self._left.pop(0)
            try:
                return backend, backend.open(self.codec)
            except BackendUnavailable as error:
                refused.append(str(error))
        raise BackendUnavailable("; ".join(refused) or f"nothing here decodes {self.codec}")

    def close(self) -> None:
        self._decoder.close()
