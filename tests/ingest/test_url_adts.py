"""Headers that FFmpeg's own demuxer reads back."""

import io

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.errors import ProtocolError
from receiver.ingest.url_adts import AdtsHeader


@pytest.mark.parametrize(("rate", "layout"), [(48_000, "stereo"), (44_100, "mono"), (8_000, "5.1")])
def test_frames_of_an_mp4_stand_alone(rate: int, layout: str) -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=rate, layout=layout)
        channels = len(stream.codec_context.layout.channels)
        frame = av.AudioFrame.from_ndarray(np.zeros((channels, rate), np.float32), format="fltp", layout=layout)
        frame.sample_rate = rate
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r") as source:
        config = source.streams.audio[0].codec_context.extradata
        assert config is not None
        frames = [bytes(packet) for packet in source.demux(audio=0) if packet.size]
    header = AdtsHeader(config)
    with av.open(io.BytesIO(b"".join(map(header.stand_alone, frames))), "r", format="aac") as back:
        context = back.streams.audio[0].codec_context
        assert (context.sample_rate, context.layout.name) == (rate, layout)
        assert sum(1 for packet in back.demux(audio=0) if packet.size) == len(frames)


@given(st.binary(max_size=20), st.binary(max_size=100))
def test_any_configuration_is_a_header_or_an_error(config: bytes, frame: bytes) -> None:
    try:
        whole = AdtsHeader(config).stand_alone(frame)
    except ProtocolError:
        return
    assert whole[:2] == b"\xff\xf1"
    assert whole[7:] == frame
    assert (int.from_bytes(whole[3:6], "big") >> 5 & 0x1FFF) == len(whole)


def test_a_frame_too_long_for_a_header() -> None:
    with pytest.raises(ProtocolError, match="8185"):
        AdtsHeader(b"\x11\x90").stand_alone(bytes(8185))
