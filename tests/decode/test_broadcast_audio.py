"""AAC and MP3: a real encoder's frames at a film's odd times, and bytes that are none."""

import contextlib
import io

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.decode.api import Samples
from receiver.decode.broadcast_audio import TOLERANCE, BroadcastAudioDecoder, BroadcastAudioError
from receiver.errors import BackendUnavailable
from receiver.media import Codec, EncodedFrame

RATE = 48_000
CONTAINERS: dict[Codec, tuple[str, str]] = {"AAC": ("adts", "aac"), "MP3": ("mp3", "libmp3lame")}


def encoded(codec: Codec, rate: int = RATE, layout: str = "stereo", seconds: float = 1.0) -> list[bytes]:
    """A tone of 1 kHz as frames of the codec."""
    file = io.BytesIO()
    container, encoder = CONTAINERS[codec]
    options = {"write_xing": "0", "id3v2_version": "0"} if codec == "MP3" else {}
    with av.open(file, "w", format=container, options=options) as output:
        stream = output.add_stream(encoder, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        wave = (8_000 * np.sin(2 * np.pi * 1000 * np.arange(int(seconds * rate)) / rate)).astype(np.int16)
        channels = len(stream.codec_context.layout.channels)
        frame = av.AudioFrame.from_ndarray(np.repeat(wave, channels).reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = rate
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r", format="aac" if codec == "AAC" else "mp3") as source:
        return [bytes(packet) for packet in source.demux(audio=0) if packet.size]


def frame(codec: Codec, data: bytes, timestamp: int = 0) -> EncodedFrame:
    return EncodedFrame(1, "audio", codec, timestamp, data, True, False, 0, 0)


def loudest_hz(samples: Samples) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples[:, 0])))) * RATE / len(samples)


@pytest.mark.parametrize("codec", ["AAC", "MP3"])
@pytest.mark.parametrize(("rate", "layout"), [(48_000, "stereo"), (44_100, "stereo"), (22_050, "mono")])
def test_a_tone_comes_back_at_48_khz(codec: Codec, rate: int, layout: str) -> None:
    decoder = BroadcastAudioDecoder(codec)
    sound = np.concatenate([decoder.decode(frame(codec, data)) for data in encoded(codec, rate, layout)])
    assert sound.dtype == np.int16
    assert len(sound) == pytest.approx(RATE, abs=5_000)
    assert loudest_hz(sound[4_800:-4_800]) == pytest.approx(1000, abs=3)
    assert np.abs(sound[4_800:-4_800]).max() > 5_000


def test_times_rounded_to_milliseconds_make_no_hole() -> None:
    decoder = BroadcastAudioDecoder("AAC")
    end = None
    for i, data in enumerate(encoded("AAC", 44_100)):
        samples = decoder.decode(frame("AAC", data, round(i * 1024 / 44.1) * 48))
        assert end is None or decoder.timestamp == end
        end = decoder.timestamp + len(samples)


def test_a_real_gap_stays_one() -> None:
    decoder = BroadcastAudioDecoder("AAC")
    packets = encoded("AAC")
    decoder.decode(frame("AAC", packets[0], 0))
    decoder.decode(frame("AAC", packets[1], 5 * RATE))
    assert decoder.timestamp == 5 * RATE


def test_slow_drift_is_followed() -> None:
    decoder = BroadcastAudioDecoder("AAC")
    packets = encoded("AAC", seconds=5)
    for i, data in enumerate(packets):
        decoder.decode(frame("AAC", data, i * 1030))
        assert abs(decoder.timestamp - i * 1030) <= TOLERANCE


def test_surround_and_a_change_to_stereo() -> None:
    decoder = BroadcastAudioDecoder("AAC")
    surround, stereo = encoded("AAC", layout="5.1"), encoded("AAC")
    sound = np.concatenate([decoder.decode(frame("AAC", data)) for data in surround + stereo])
    assert sound.shape[1] == 2
    assert loudest_hz(sound[-20_000:-4_000]) == pytest.approx(1000, abs=5)


def test_video_is_not_sound() -> None:
    with pytest.raises(BackendUnavailable, match="VP8"):
        BroadcastAudioDecoder("VP8")


@given(st.sampled_from(["AAC", "MP3"]), st.lists(st.binary(max_size=200), max_size=5))
def test_any_bytes_are_sound_or_an_error(codec: Codec, packets: list[bytes]) -> None:
    decoder = BroadcastAudioDecoder(codec)
    for data in packets:
        with contextlib.suppress(BroadcastAudioError):
            assert decoder.decode(frame(codec, data)).shape[1] == 2


@given(st.sampled_from(["AAC", "MP3"]), st.integers(0, 20), st.integers(0, 800), st.integers(0, 255))
def test_after_a_changed_byte_sound_goes_on(codec: Codec, i: int, place: int, value: int) -> None:
    packets = _PACKETS[codec]
    broken = bytearray(packets[i])
    broken[place % len(broken)] = value
    decoder = BroadcastAudioDecoder(codec)
    with contextlib.suppress(BroadcastAudioError):
        decoder.decode(frame(codec, bytes(broken)))
    sound = []
    for data in packets[21:30]:
        with contextlib.suppress(BroadcastAudioError):
            sound.append(decoder.decode(frame(codec, data)))
    assert sum(map(len, sound)) >= 4 * 1024


_PACKETS = {codec: encoded(codec) for codec in CONTAINERS}
