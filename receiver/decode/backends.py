"""The ways to decode that there are, and which to try for a codec. A board's profile names them in its own order."""

from collections.abc import Mapping, Sequence

from receiver.decode.api import Backend
from receiver.decode.hwaccel import NVDEC, QSV, V4L2_REQUEST, VAAPI
from receiver.decode.software import Software
from receiver.decode.stateless.backend import V4l2Stateless
from receiver.decode.v4l2.backend import V4l2M2m
from receiver.media import Codec

SOFTWARE = Software()

BACKENDS: dict[str, Backend] = {
    backend.name: backend for backend in (NVDEC, VAAPI, V4L2_REQUEST, V4l2Stateless(), V4l2M2m(), QSV, SOFTWARE)
}
"""By name, in the order in which they are tried where no profile says otherwise."""

VIDEO: tuple[Codec, ...] = ("VP8", "H264", "VP9", "AV1", "H265")

Wishes = Mapping[Codec, Sequence[str]]
"""From a codec to names of ``BACKENDS``, best first; a codec that is not in it is tried with all."""


def candidates(codec: Codec, wishes: Wishes, hardware: bool) -> list[Backend]:
    """What to try, best first. ``hardware`` false leaves the CPU alone. Unknown names are left out."""
    wanted = (BACKENDS[name] for name in wishes.get(codec, tuple(BACKENDS)) if name in BACKENDS)
    return [backend for backend in wanted if hardware or not backend.hardware]
