"""``python -m tests.peers.failing_stage``: the real stage process, on a machine with a decoder that fails.

``failing`` is one more backend behind the stage's protocol, for ``--decode``: it takes five frames of a stream and
then breaks as a device does that is gone. ``hanging`` does not come back from its sixth.
"""

import sys
import threading
from collections.abc import Callable

from receiver.decode.api import Decoder, DecoderFailed
from receiver.decode.backends import BACKENDS, SOFTWARE
from receiver.errors import BackendUnavailable
from receiver.media import Codec, EncodedFrame, Picture
from receiver.stage.__main__ import main

LASTS = 5


class FailingDecoder:
    """Lasts for five frames; its proof takes two, of a decoder of its own."""

    name = "failing (a test's device)"

    def __init__(self, decoder: Decoder, gone: Callable[[], None] = lambda: None) -> None:
        self._decoder = decoder
        self._gone = gone
        self._frames = 0

    def decode(self, frame: EncodedFrame) -> list[Picture]:
        self._frames += 1
        if self._frames > LASTS:
            self._gone()
            raise DecoderFailed(f"{self.name} broke: the device is gone")
        return self._decoder.decode(frame)

    def close(self) -> None:
        self._decoder.close()


class HangingDecoder(FailingDecoder):
    """Never comes back from its sixth frame."""

    name = "hanging (a test's device)"

    def decode(self, frame: EncodedFrame) -> list[Picture]:
        try:
            return super().decode(frame)
        except DecoderFailed:
            threading.Event().wait()
            raise


class Failing:
    title = "a device that fails"
    hardware = True

    def __init__(self, name: str = "failing") -> None:
        self.name = name

        self._gone = threading.Event()

    def open(self, codec: Codec) -> FailingDecoder:
        if self._gone.is_set():
            raise BackendUnavailable("the device is gone")
        return FailingDecoder(SOFTWARE.open(codec), self._gone.set)


class Hanging:
    name = "hanging"
    title = "a device that hangs"
    hardware = True

    def open(self, codec: Codec) -> HangingDecoder:
        return HangingDecoder(SOFTWARE.open(codec))


if __name__ == "__main__":
    BACKENDS["failing"] = Failing()
    BACKENDS["hanging"] = Hanging()
    sys.exit(main(sys.argv[1:]))
