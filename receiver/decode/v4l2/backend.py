"""Decoding on a stateful V4L2 device, found by asking each device file but cameras'. Tried with the kernel's vicodec, a
codec in software that only tests have (FWHT); on no board."""

from collections.abc import Mapping

from receiver.decode.hwaccel import without_node
from receiver.decode.v4l2.decoder import WORDS, V4l2Decoder
from receiver.decode.v4l2.device import find
from receiver.decode.v4l2.formats import ENCODED
from receiver.errors import BackendUnavailable
from receiver.media import Codec


class V4l2M2m:
    """A backend. ``encoded``: fourccs of the codecs that it may be asked for."""

    name = "v4l2m2m"
    title = "V4L2 M2M"
    hardware = True

    def __init__(self, encoded: Mapping[Codec, int] = ENCODED) -> None:
        self._encoded = encoded

    def open(self, codec: Codec) -> V4l2Decoder:
        """A decoder on the device. Raises BackendUnavailable, with the first thing that is missing."""
        if absence := without_node("/dev/video*", "V4L2 decoder", "video"):
            raise BackendUnavailable(absence)
        if codec not in self._encoded:
            raise BackendUnavailable(f"V4L2's stateful decoders are not asked for {codec}")
        device, refused = find(self._encoded[codec])
        if device is None:
            raise BackendUnavailable(f"no V4L2 device takes {codec}{refused and f'; {refused}'}")
        try:
            return V4l2Decoder(codec, self._encoded[codec], device)
        except OSError as error:
            device.close()
            reason = WORDS.get(error.errno or 0, error.strerror)
            raise BackendUnavailable(f"{device.name} does not begin to decode {codec}: {reason}") from error
