"""PortAudio, ALSA and a real sound server on its own in a folder: what is played is recorded and read back."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from receiver.clock import MonotonicClock
from receiver.sound.api import Render, Samples
from receiver.sound.output import Output
from receiver.sound.player import Player
from receiver.sound.portaudio import PortAudioBackend
from tests.peers.sound_server import HERE, MISSING, Recorder, SoundServer, wait_for

pytestmark = pytest.mark.skipif(not HERE, reason=MISSING)

RATE = 48_000
PACKET = 960
MS = 1_000_000


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    server = SoundServer(tmp_path)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    server.start()
    yield server
    server.stop()


def beep(start: int) -> Samples:
    """A packet of silence with 40 ms of 1 kHz twice a second."""
    t = np.arange(start, start + PACKET)
    wave = 12_000 * np.sin(2 * np.pi * 1000 * t / RATE) * (t % (RATE // 2) < RATE // 25)
    return np.stack([wave, wave], axis=1).astype(np.int16)


def silence(asked: list[int]) -> Render:
    """Notes in ``asked`` how much it is asked for."""

    def render(n: int, heard_ns: int) -> Samples:
        asked.append(n)
        return np.zeros((n, 2), np.int16)

    return render


def test_beeps_are_heard_when_the_picture_is_seen(server: SoundServer) -> None:
    clock = MonotonicClock()
    output = Output(PortAudioBackend(clock, "tv"), clock)
    assert output.reason == "Sound plays on tv."
    recorder = Recorder(server)
    asked: list[int] = []
    output.attach(silence(asked))
    wait_for(lambda: len(asked) > 100)  # the server takes two seconds to begin
    player = Player(output, clock)
    picture_delay = 200 * MS
    player.set_video_delay(picture_delay)
    first = clock.now()
    for i in range(250):
        captured = first + i * 20 * MS
        time.sleep(max(0, captured + 20 * MS - clock.now()) / 1e9)
        player.push(beep(i * PACKET), i * PACKET, captured, clock.now(), discontinuity=False)
    stats = player.stats()
    player.close()
    output.close()
    sound, began = recorder.stop()
    loud = np.abs(sound) > 6_000
    begins = [at for at in np.flatnonzero(loud) if not loud[max(0, at - RATE // 10) : at].any()][2:]
    assert len(begins) >= 5
    assert isinstance(stats["offset_ms"], float)
    assert abs(stats["offset_ms"]) < 60
    # The beeps are 500 ms apart in the recording itself; the median is deaf to a hiccup of a busy machine.
    assert abs(np.median(np.diff(begins)) - RATE / 2) < RATE * 0.005
    late = [((began + at * 1e9 / RATE - first - picture_delay) / MS) % 500 for at in begins]
    late = [ms - 500 if ms > 250 else ms for ms in late]
    print(f"beeps heard {np.median(late):.1f} ms after the picture, {stats}")
    assert abs(np.median(late)) < 60


def test_a_device_that_goes_is_replaced_by_silence_and_taken_again(server: SoundServer) -> None:
    clock = MonotonicClock()
    output = Output(PortAudioBackend(clock, "tv"), clock, retry_s=0.3)
    asked: list[int] = []
    output.attach(silence(asked))
    wait_for(lambda: len(asked) > 10)
    server.stop()
    wait_for(lambda: output.name == "null")
    assert output.reason.startswith("No sound: ")
    count = len(asked)
    wait_for(lambda: len(asked) > count + 10)
    server.start()
    wait_for(lambda: output.name == "tv")
    count = len(asked)
    wait_for(lambda: len(asked) > count + 10)
    output.close()


@pytest.mark.long
def test_a_card_that_runs_dry_gets_a_larger_buffer(server: SoundServer) -> None:
    clock = MonotonicClock()
    backend = PortAudioBackend(clock, "tv")
    output = Output(backend, clock, retry_s=0.0)
    ahead: list[int] = []

    def slow(n: int, heard_ns: int) -> Samples:
        ahead.append(heard_ns - clock.now())
        if len(ahead) % 50 == 49 and np.median(ahead[-40:]) < 30 * MS:
            time.sleep(0.05)
        return np.zeros((n, 2), np.int16)

    output.attach(slow)
    wait_for(lambda: len(ahead) > 40)
    assert np.median(ahead[-20:]) < 20 * MS
    wait_for(lambda: np.median(ahead[-20:]) > 30 * MS)
    assert output.name == "tv"
    output.close()
