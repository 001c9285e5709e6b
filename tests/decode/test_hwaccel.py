"""What can be known of accelerators without a device; tests/gpu has the rest."""

import errno
import os
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.decode.api import Decoder
from receiver.decode.backends import SOFTWARE
from receiver.decode.hwaccel import ResizingVp8, vp8_size, without_node
from receiver.decode.probe import PROOFS
from receiver.media import Codec, EncodedFrame
from tests.gpu import streams


def test_vp8_is_begun_anew_where_its_size_changes() -> None:
    opened: list[Codec] = []

    def open_decoder(codec: Codec) -> Decoder:
        opened.append(codec)
        return SOFTWARE.open(codec)

    decoder = ResizingVp8(open_decoder)
    frames: list[EncodedFrame] = []
    for width, height in ((320, 180), (320, 180), (366, 274), (320, 180)):
        frames += streams.frames("VP8", streams.encode("VP8", width, height, 3), len(frames))
    for frame in frames:
        (picture,) = decoder.decode(frame)
        assert picture.timestamp == frame.timestamp
    assert len(opened) == 3, "not for a keyframe of the same size"
    decoder.close()


def test_the_size_of_a_vp8_keyframe() -> None:
    assert vp8_size(PROOFS["VP8"][0]) == (256, 256)
    assert vp8_size(PROOFS["H264"][0]) is None


@given(st.binary(max_size=20))
def test_any_bytes_have_a_size_or_none(data: bytes) -> None:
    size = vp8_size(data)
    assert size is None or max(size) < 1 << 14


def test_what_is_missing_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pattern = str(tmp_path / "card*")
    assert "this machine has no GPU" in without_node(pattern, "GPU", "render")
    node = tmp_path / "card0"
    node.touch()
    assert without_node(pattern, "GPU", "render") == ""
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert without_node(pattern, "GPU", "render") == f"this user may not open {node}; add it to the group render"


@pytest.mark.parametrize(("format_", "says"), [("cuda", errno.EINVAL), ("yuv420p", errno.ENOSYS)])
def test_why_av1_is_told_another_format(format_: str, says: int) -> None:
    """FFmpeg's av1 only drives devices, and says so where it has none (ENOSYS). Said to be set up for one already, it
    doesn't even look for it (EINVAL). By number: from one PyAV to the next the exceptions have other names."""
    context = av.CodecContext.create("av1", "r")
    context.pix_fmt = format_
    with pytest.raises(av.error.FFmpegError) as raised:
        context.decode(av.Packet(PROOFS["AV1"][0]))
    assert raised.value.errno == says
