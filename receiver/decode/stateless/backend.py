"""Decoding on a stateless V4L2 device. Tried with the kernel's vicodec, a codec in software that only tests have, and,
as far as the kernel itself takes what it is told, with visl, which decodes nothing; on no board."""

import contextlib
from collections.abc import Callable, Mapping
from functools import partial

from receiver.decode.hwaccel import without_node, without_request_api
from receiver.decode.stateless.decoder import StatelessDecoder
from receiver.decode.stateless.h264 import H264Reader
from receiver.decode.stateless.plan import Reader, Unfit
from receiver.decode.stateless.request import Request, media_node
from receiver.decode.stateless.vp8 import Vp8Reader
from receiver.decode.stateless.vp9 import Vp9Reader
from receiver.decode.v4l2.decoder import WORDS
from receiver.decode.v4l2.device import find
from receiver.decode.v4l2.formats import fourcc
from receiver.errors import BackendUnavailable
from receiver.media import Codec

Readers = Mapping[Codec, tuple[int, tuple[Callable[[], Reader], ...]]]
"""By codec: V4L2_PIX_FMT_* of its frames, and who reads their headers, for each way in which devices take them."""
READERS: Readers = {
    "H264": (fourcc("S264"), (H264Reader, partial(H264Reader, by_slice=True))),
    "VP8": (fourcc("VP8F"), (Vp8Reader,)),
    "VP9": (fourcc("VP9F"), (Vp9Reader,)),
}


class V4l2Stateless:
    """A backend."""

    name = "v4l2stateless"
    title = "V4L2 stateless"
    hardware = True

    def __init__(self, readers: Readers = READERS) -> None:
        self._readers = readers

    def open(self, codec: Codec) -> StatelessDecoder:
        """A decoder on the device. Raises BackendUnavailable, with the first thing that is missing."""
        absence = without_node("/dev/video*", "V4L2 decoder", "video") or without_request_api()
        if absence:
            raise BackendUnavailable(absence)
        if codec not in self._readers:
            raise BackendUnavailable(f"V4L2's stateless decoders are not asked for {codec}")
        code, readers = self._readers[codec]
        device, refused = find(code)
        if device is None:
            raise BackendUnavailable(f"no stateless V4L2 device takes {codec}{refused and f'; {refused}'}")
        media = media_node(device.path)
        if media is None:
            device.close()
            raise BackendUnavailable(f"{device.name} has no media device, so there are no requests to it")
        try:
            for reader in readers:
                with contextlib.suppress(Unfit):
                    return StatelessDecoder(codec, code, device, Request(media), reader())
            device.close()
            raise BackendUnavailable(f"{device.name} takes {codec} in a way that is not known here")
        except OSError as error:
            device.close()
            reason = WORDS.get(error.errno or 0, error.strerror)
            raise BackendUnavailable(f"{device.name} does not begin to decode {codec}: {reason}") from error
