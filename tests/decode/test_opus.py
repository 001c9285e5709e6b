"""Opus: a real encoder's packets, lost packets, and bytes that are none."""

import contextlib

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.decode.api import Samples
from receiver.decode.opus import MAX_CONCEALED, OpusDecoder, OpusError
from receiver.media import EncodedFrame

RATE = 48_000


def encode(samples: Samples, frame_ms: int = 20) -> list[bytes]:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "stereo", "s16"
    encoder.bit_rate = 96_000
    encoder.options = {"frame_duration": str(frame_ms)}
    step = RATE * frame_ms // 1000
    packets: list[bytes] = []
    for start in range(0, len(samples) - step + 1, step):
        frame = av.AudioFrame.from_ndarray(samples[start : start + step].reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts = RATE, start
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


def tone(seconds: float, hz: float = 1000.0) -> Samples:
    t = np.arange(int(seconds * RATE))
    wave = (8_000 * np.sin(2 * np.pi * hz * t / RATE)).astype(np.int16)
    return np.stack([wave, wave], axis=1)


def frame(data: bytes, timestamp: int = 0, discontinuity: bool = False) -> EncodedFrame:
    return EncodedFrame(1, "audio", "opus", timestamp, data, True, discontinuity, 0, 0)


def loudest_hz(samples: Samples) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples[:, 0])))) * RATE / len(samples)


def test_a_tone_comes_back() -> None:
    decoder = OpusDecoder()
    blocks = [decoder.decode(frame(data, i * 960)) for i, data in enumerate(encode(tone(1)))]
    assert {(block.dtype, block.shape) for block in blocks} == {(np.dtype(np.int16), (960, 2))}
    sound = np.concatenate(blocks)
    assert loudest_hz(sound[4_800:]) == pytest.approx(1000, abs=2)
    assert 7_000 < np.abs(sound[4_800:]).max() < 9_500


def test_beeps_come_back_where_they_were() -> None:
    beeps = tone(2)
    beeps[(np.arange(len(beeps)) // 4_800) % 5 != 0] = 0
    decoder = OpusDecoder()
    sound = np.concatenate([decoder.decode(frame(data, i * 960)) for i, data in enumerate(encode(beeps))])
    loud = np.abs(sound[:, 0].astype(int)).reshape(-1, 480).max(axis=1) > 4_000
    begins = np.flatnonzero(np.diff(loud.astype(int)) == 1) * 10
    assert set(np.diff(begins)) == {500}


def test_lost_packets_are_made_up_by_the_decoder() -> None:
    packets = encode(tone(1))
    decoder = OpusDecoder()
    for i in range(20):
        decoder.decode(frame(packets[i], i * 960))
        assert decoder.concealed.shape == (0, 2)
    decoder.decode(frame(packets[22], 22 * 960, discontinuity=True))
    assert decoder.concealed.shape == (2 * 960, 2)
    assert loudest_hz(decoder.concealed) == pytest.approx(1000, abs=30)
    assert np.abs(decoder.concealed).max() > 5_000
    decoder.decode(frame(packets[23], 23 * 960))
    assert len(decoder.concealed) == 0


def test_a_long_loss_is_made_up_only_in_part() -> None:
    packets = encode(tone(0.2))
    decoder = OpusDecoder()
    decoder.decode(frame(packets[0], 0))
    decoder.decode(frame(packets[1], 3600 * RATE, discontinuity=True))
    assert len(decoder.concealed) == MAX_CONCEALED
    decoder.decode(frame(packets[2], 0, discontinuity=True))
    assert len(decoder.concealed) == 0


def test_a_loss_before_the_first_packet_is_nothing() -> None:
    decoder = OpusDecoder()
    assert len(decoder.decode(frame(encode(tone(0.1))[0], 960, discontinuity=True))) == 960
    assert len(decoder.concealed) == 0


@pytest.mark.parametrize("frame_ms", [10, 40, 60])
def test_other_packet_lengths(frame_ms: int) -> None:
    decoder = OpusDecoder()
    assert len(decoder.decode(frame(encode(tone(0.5), frame_ms)[0]))) == 48 * frame_ms


def test_after_rubbish_the_next_packet_is_heard() -> None:
    packets = encode(tone(0.5))
    decoder = OpusDecoder()
    decoder.decode(frame(packets[0], 0))
    for rubbish in (b"", b"\xff", b"\x03\xff\x03\xff", bytes(70_000)):
        with pytest.raises(OpusError):
            decoder.decode(frame(rubbish, 960))
    assert len(decoder.decode(frame(packets[3], 3 * 960, discontinuity=True))) == 960


@given(st.lists(st.tuples(st.binary(max_size=64), st.integers(0, 2**40), st.booleans()), max_size=8))
def test_any_bytes_are_sound_or_an_opus_error(packets: list[tuple[bytes, int, bool]]) -> None:
    decoder = OpusDecoder()
    for data, timestamp, discontinuity in packets:
        try:
            samples = decoder.decode(frame(data, timestamp, discontinuity))
        except OpusError:
            continue
        assert samples.dtype == np.int16
        assert samples.shape[1] == 2
        assert 0 < len(samples) <= 5_760
        assert len(decoder.concealed) <= MAX_CONCEALED


@given(st.integers(0, 20), st.integers(0, 400), st.integers(0, 255))
def test_a_changed_byte_is_sound_or_an_opus_error(i: int, place: int, value: int) -> None:
    packet = bytearray(_PACKETS[i])
    packet[place % len(packet)] = value
    decoder = OpusDecoder()
    decoder.decode(frame(_PACKETS[0], 0))
    with contextlib.suppress(OpusError):
        decoder.decode(frame(bytes(packet), 1920, True))
    assert len(decoder.decode(frame(_PACKETS[1], 2880))) == 960


_PACKETS = encode(tone(0.5))
