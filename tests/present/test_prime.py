"""What FFmpeg says of a picture in a device's memory."""

from ctypes import addressof
from types import SimpleNamespace
from typing import cast

import pytest
from av import VideoFrame

from receiver.errors import ReceiverError
from receiver.prime import LINEAR, Descriptor, Part, Prime, described, readable

NV12 = int.from_bytes(b"NV12", "little")


def frame(*, layers: int = 1, memory: int = 0, modifier: int = LINEAR) -> tuple[VideoFrame, Descriptor]:
    """As far as it is looked at, and what has to live as long."""
    found = Descriptor(object_count=1, layer_count=layers)
    found.objects[0].fd, found.objects[0].size, found.objects[0].modifier = 7, 4096, modifier
    found.layers[0].format, found.layers[0].plane_count = NV12, 2
    for plane, offset in zip(found.layers[0].planes, (0, 2048), strict=False):
        plane.object, plane.offset, plane.pitch = memory, offset, 64
    return cast(VideoFrame, SimpleNamespace(planes=[SimpleNamespace(buffer_ptr=addressof(found))])), found


def test_the_descriptor_is_read_as_ffmpeg_lays_it_out() -> None:
    given, _alive = frame()
    assert described(given) == Prime(NV12, LINEAR, (Part(7, 4096, 0, 64), Part(7, 4096, 2048, 64)))


@pytest.mark.parametrize("changes", [{"layers": 2}, {"layers": 0}, {"memory": 1}, {"memory": -1}])
def test_what_is_no_one_picture_is_refused(changes: dict[str, int]) -> None:
    given, _alive = frame(**changes)
    with pytest.raises(ReceiverError, match="a decoder gave a picture"):
        described(given)


def test_tiles_and_unknown_formats_are_not_read_as_rows() -> None:
    assert readable(Prime(NV12, LINEAR, ())) == "nv12"
    with pytest.raises(ReceiverError, match="NV12 with modifier 0x700000000000004"):
        readable(Prime(NV12, 0x7 << 56 | 4, ()))
    with pytest.raises(ReceiverError, match="P030"):
        readable(Prime(int.from_bytes(b"P030", "little"), LINEAR, ()))
