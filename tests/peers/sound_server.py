"""A real sound server without hardware: PulseAudio with one null sink, on its own in a folder, reached over ALSA."""

import io
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

RATE = 48_000
HERE = all(map(shutil.which, ("pulseaudio", "parec", "pactl")))
MISSING = "needs pulseaudio, pulseaudio-utils and libasound2-plugins for a sound card without hardware"
ALSA = """
pcm.tv { type pulse }
ctl.tv { type pulse }
pcm.!default { type pulse }
ctl.!default { type pulse }
"""


def wait_for(true: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


class SoundServer:
    """The device is called 'tv'. ``environment``: what a process needs to find it."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o700)
        (folder / "asound.conf").write_text(ALSA)
        self.folder = folder
        self.environment = {
            **dict.fromkeys(("HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH"), str(folder)),
            "PULSE_SERVER": f"unix:{folder}/native",
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = os.environ | self.environment
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1"),
                    *("--disable-shm=yes", "--use-pid-file=no"),
                    *("-L", f"module-native-protocol-unix auth-anonymous=1 socket={self.folder}/native"),
                    *("-L", f"module-null-sink sink_name=tv rate={RATE}"),
                ],
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=environment,
            )
        asked = ["pactl", "info"]
        wait_for(lambda: subprocess.run(asked, capture_output=True, check=False, env=environment).returncode == 0)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Recorder:
    """What the loudspeaker gives off, and when its first sample did, as near as a recorder can tell."""

    def __init__(self, server: SoundServer) -> None:
        self._process = subprocess.Popen(
            ["parec", "--device=tv.monitor", "--raw", "--format=s16le", f"--rate={RATE}", "--latency-msec=5"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | server.environment,
        )
        self.chunks: list[bytes] = []
        self.began: list[float] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert isinstance(self._process.stdout, io.BufferedReader)
        samples = 0.0
        while data := self._process.stdout.read1(65_536):
            self.chunks.append(data)
            samples += len(data) / 4
            self.began.append(time.monotonic_ns() - samples * 1e9 / RATE)

    def loud(self) -> bool:
        """Whether anything was heard yet."""
        return any(np.frombuffer(chunk[: len(chunk) // 2 * 2], np.int16).any() for chunk in list(self.chunks))

    def stop(self) -> tuple[np.ndarray, float]:
        """The left channel, and when it began in ns."""
        self._process.terminate()
        self._process.wait()
        self._thread.join()
        raw = b"".join(self.chunks)
        left = np.frombuffer(raw[: len(raw) // 4 * 4], np.int16).reshape(-1, 2)[:, 0].astype(int)
        return left, min(self.began, default=0.0)
