"""FFmpeg's decoders against what a peer may send."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.decode.api import DecodeError
from receiver.decode.backends import SOFTWARE, VIDEO
from receiver.decode.ffmpeg import MAX_PENDING, FfmpegDecoder
from receiver.decode.probe import proof_frame
from receiver.media import Codec, EncodedFrame
from tests.gpu import streams

codecs = st.sampled_from(VIDEO)


def changed(frame: EncodedFrame, **fields: object) -> EncodedFrame:
    return msgspec.structs.replace(frame, **fields)


@pytest.mark.parametrize("codec", VIDEO)
def test_a_picture_comes_out_at_once_with_the_stamps_of_its_frame(codec: Codec) -> None:
    decoder = SOFTWARE.open(codec)
    for timestamp in (0, 3000, 2**40):
        frame = changed(proof_frame(codec), timestamp=timestamp, stream=4, first_packet_ns=1, complete_ns=2)
        (picture,) = decoder.decode(changed(frame, capture_ns=7))
        assert (picture.stream, picture.timestamp, picture.width, picture.height) == (4, timestamp, 256, 256)
        assert (picture.stamps.captured, picture.stamps.first_packet, picture.stamps.complete) == (7, 1, 2)
    decoder.close()


@given(codecs, st.binary(max_size=400))
def test_garbage_raises_nothing_but_a_decode_error(codec: Codec, data: bytes) -> None:
    decoder = SOFTWARE.open(codec)
    for keyframe in (True, False):
        with contextlib.suppress(DecodeError):
            decoder.decode(changed(proof_frame(codec), data=data, keyframe=keyframe))
    assert len(decoder.decode(changed(proof_frame(codec), timestamp=9000))) == 1, "a keyframe heals it"
    decoder.close()


@given(codecs, st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6))
def test_flipped_bytes_raise_nothing_but_a_decode_error(codec: Codec, flips: list[tuple[int, int]]) -> None:
    data = bytearray(proof_frame(codec).data)
    for place, value in flips:
        data[place % len(data)] = value
    decoder = SOFTWARE.open(codec)
    try:
        pictures = decoder.decode(changed(proof_frame(codec), data=bytes(data)))
    except DecodeError:
        pictures = []
    assert all(picture.width * picture.height <= 4096 * 2304 for picture in pictures)
    decoder.close()


def test_a_picture_larger_than_any_screen_is_refused() -> None:
    data = bytearray(proof_frame("VP8").data)
    data[6:10] = (16383).to_bytes(2, "little") * 2  # RFC 6386, section 9.1: width and height of a keyframe
    with pytest.raises(DecodeError):
        SOFTWARE.open("VP8").decode(changed(proof_frame("VP8"), data=bytes(data)))


@pytest.mark.parametrize("codec", ["H264", "AV1"])
def test_a_picture_beyond_the_bound_is_refused_whatever_the_codec(codec: Codec) -> None:
    (frame,) = streams.frames(codec, streams.encode(codec, 4160, 2304, 1))
    decoder = SOFTWARE.open(codec)
    with pytest.raises(DecodeError):
        decoder.decode(frame)
    decoder.close()


def test_frames_without_a_picture_are_forgotten() -> None:
    decoder = SOFTWARE.open("H264")
    sei = b"\x00\x00\x00\x01\x06\x05\x01\x00\x80"
    for timestamp in range(100):
        try:
            assert decoder.decode(changed(proof_frame("H264"), data=sei, timestamp=timestamp)) == []
        except DecodeError:
            continue
    assert isinstance(decoder._decoder, FfmpegDecoder)
    assert len(decoder._decoder._pending) <= MAX_PENDING
