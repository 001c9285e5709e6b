"""What a container says of its colours, where the bitstream can't."""

from fractions import Fraction
from pathlib import Path

import av
import pytest

from receiver.ingest.url_track import Track
from receiver.media import Colours


def webm(path: Path, *, hdr: bool) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx-vp9", rate=Fraction(30))
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuv420p"
        if hdr:
            context = stream.codec_context
            context.color_primaries, context.color_trc, context.colorspace, context.color_range = 9, 16, 9, 1
        for packet in [*stream.encode(av.VideoFrame(64, 48, stream.pix_fmt)), *stream.encode(None)]:
            container.mux(packet)
    return path


@pytest.mark.parametrize(("hdr", "colours"), [(True, Colours(9, 16, 9, False)), (False, None)])
def test_hdr_in_webm_is_known(tmp_path: Path, hdr: bool, colours: Colours | None) -> None:
    with av.open(str(webm(tmp_path / "film.webm", hdr=hdr))) as container:
        (stream,) = container.streams.video
        track = Track(stream)
        units = [unit for packet in container.demux(stream) for unit in track.units(packet, 0)]
    assert units
    for unit in units:
        assert unit.colours == colours or (not hdr and unit.colours is not None and unit.colours.transfer == 2)
