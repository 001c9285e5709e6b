"""PortAudio, ALSA and a real sound server on its own in a folder: what is played is recorded and read back."""

import os
import shutil
import subprocess
import threading
import time

import numpy as np
import pytest

from receiver.clock import MonotonicClock
from receiver.sound.output import Output
from receiver.sound.player import Player
from receiver.sound.portaudio import PortAudioBackend

pytestmark = pytest.mark.skipif(
    not shutil.which("pulseaudio") or not shutil.which("parec"),
    reason="needs pulseaudio, pulseaudio-utils and libasound2-plugins for a sound card without hardware",
)

RATE = 48_000
PACKET = 960
MS = 1_000_000
ALSA = """
pcm.tv { type pulse }
ctl.tv { type pulse }
pcm.!default { type pulse }
ctl.!default { type pulse }
"""


class Server:
    """PulseAudio with one null sink, reached over ALSA as the device 'tv'."""

    def __init__(self, folder):
        self.folder = folder
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [
                *(
                    "pulseaudio",
                    "-n",
                    "--daemonize=no",
                    "--exit-idle-time=-1",
                    "--disable-shm=yes",
                    "--use-pid-file=no",
                ),
                *("-L", f"module-native-protocol-unix auth-anonymous=1 socket={self.folder}/native"),
                *("-L", f"module-null-sink sink_name=tv rate={RATE}"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "server.log").open("ab"),
        )
        wait_for(lambda: subprocess.run(["pactl", "info"], capture_output=True, check=False).returncode == 0)

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def wait_for(true, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@pytest.fixture
def server(tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    (tmp_path / "asound.conf").write_text(ALSA)
    for key in ("HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH"):
        monkeypatch.setenv(key, str(tmp_path))
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/native")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    server = Server(tmp_path)
    server.start()
    yield server
    server.stop()


class Recorder:
    """What the loudspeaker gives off, and when its first sample did, as near as a recorder can tell."""

    def __init__(self):
        self._process = subprocess.Popen(
            ["parec", "--device=tv.monitor", "--raw", "--format=s16le", f"--rate={RATE}", "--latency-msec=5"],
            stdout=subprocess.PIPE,
            env=os.environ,
        )
        self.chunks = []
        self.began = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self):
        samples = 0
        while data := self._process.stdout.read1(65_536):
            self.chunks.append(data)
            samples += len(data) / 4
            self.began.append(time.monotonic_ns() - samples * 1e9 / RATE)

    def stop(self):
        self._process.terminate()
        self._process.wait()
        self._thread.join()
        raw = b"".join(self.chunks)
        return np.frombuffer(raw[: len(raw) // 4 * 4], np.int16).reshape(-1, 2)[:, 0].astype(int), min(self.began)


def beep(start):
    """A packet of silence with 40 ms of 1 kHz twice a second."""
    t = np.arange(start, start + PACKET)
    wave = 12_000 * np.sin(2 * np.pi * 1000 * t / RATE) * (t % (RATE // 2) < RATE // 25)
    return np.stack([wave, wave], axis=1).astype(np.int16)


def test_beeps_are_heard_when_the_picture_is_seen(server):
    clock = MonotonicClock()
    output = Output(PortAudioBackend(clock, "tv"), clock)
    assert output.reason == "Sound plays on tv."
    recorder = Recorder()
    asked = []
    output.attach(lambda n, heard_ns: asked.append(n) or np.zeros((n, 2), np.int16))
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
    assert abs(stats["offset_ms"]) < 60
    # The beeps are 500 ms apart in the recording itself; the median is deaf to a hiccup of a busy machine.
    assert abs(np.median(np.diff(begins)) - RATE / 2) < RATE * 0.005
    late = [((began + at * 1e9 / RATE - first - picture_delay) / MS) % 500 for at in begins]
    late = [ms - 500 if ms > 250 else ms for ms in late]
    print(f"beeps heard {np.median(late):.1f} ms after the picture, {stats}")
    assert abs(np.median(late)) < 60


def test_a_device_that_goes_is_replaced_by_silence_and_taken_again(server):
    clock = MonotonicClock()
    output = Output(PortAudioBackend(clock, "tv"), clock, retry_s=0.3)
    asked = []
    output.attach(lambda n, heard_ns: asked.append(n) or np.zeros((n, 2), np.int16))
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
def test_a_card_that_runs_dry_gets_a_larger_buffer(server):
    clock = MonotonicClock()
    backend = PortAudioBackend(clock, "tv")
    output = Output(backend, clock, retry_s=0.0)
    ahead = []

    def slow(n, heard_ns):
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
